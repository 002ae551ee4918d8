/**
 * The sealed chunks of contributions, as keyholders and the DAO keep them: fetched from whoever has them, pinned in the private space, and let go
 * with the consent. Beside the steps: a contributor that answers slowly holds up nobody else's.
 */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { GC_GRACE_MS } from '../../core/storage/index.ts'
import { type CID, peerFromDid, type PoolManifest } from '../../schemas/wire/index.ts'
import { dropContribution, pullContribution, type PullPool } from './pool-blocks.ts'

const MAX_PULLS = 4
/** Of what the log has not seen: it costs nobody anything to say so much of, and must not hold up the rest. */
const MAX_EARLY_PULLS = 2
/** Of one subject before the log has seen it: one is what a person has in a pool. */
const MAX_EARLY_OF_ONE = 1
const RETRY_MS = [500, 1000, 2000, 5000, 15_000, 60_000]

export interface Contribution {
  cid: CID
  manifest: PoolManifest
}

export interface PoolCiphertextOptions extends PullPool {
  logger: Logger
  /** Accounts that may have it besides its subject, the likeliest first. */
  others: (one: Contribution) => readonly string[]
  /** Whether the log has seen it: those come first. All of them, unless said. */
  isRevealed?: (cid: CID) => boolean
  /** All of one is here. */
  onWhole: () => void
}

interface Wanted extends Contribution {
  tries: number
  /** Not before this, by our clock. */
  at: number
}

export class PoolCiphertext implements AsyncDisposable {
  readonly #options: PoolCiphertextOptions
  readonly #wanted = new Map<string, Wanted>()
  readonly #whole = new Map<string, Contribution>()
  readonly #pulls = new Map<string, Promise<void>>()

  constructor(options: PoolCiphertextOptions) {
    this.#options = options
  }

  /** Whether all of it lies here. */
  isWhole(cid: CID): boolean {
    return this.#whole.has(cid.toString())
  }

  /** Says it again and again at no cost. */
  want({ cid, manifest }: Contribution): void {
    const key = cid.toString()
    if (!this.#whole.has(key) && !this.#wanted.has(key)) this.#wanted.set(key, { cid, manifest, tries: 0, at: 0 })
  }

  /** Unpinned and gone when it resolves; what is still on its way is dropped when it arrives. */
  async drop(cid: CID): Promise<void> {
    const key = cid.toString()
    this.#wanted.delete(key)
    this.#whole.delete(key)
    await dropContribution(cid, this.#options)
  }

  /** Begins what is due. */
  tend(): void {
    const now = this.#options.clock.now()
    const due = [...this.#wanted].filter(([key, { at }]) => at <= now && !this.#pulls.has(key))
    for (const [key, wanted] of due.toSorted(([, a], [, b]) => this.#rank(a) - this.#rank(b) || a.tries - b.tries)) {
      if (this.#pulls.size >= MAX_PULLS) return
      if (this.#rank(wanted) > 0 && !this.#mayPullEarly(wanted)) continue
      this.#pulls.set(
        key,
        this.#pull(key, wanted).finally(() => this.#pulls.delete(key)),
      )
    }
  }

  /** Lets go of everything pinned here that is not kept, and of what pulls that came to nothing left behind. Call it at the start and every hour or so. */
  async tidy(keeps: (cid: CID) => boolean): Promise<void> {
    const space = this.#options.storage.private
    for await (const { root, metadata } of space.pins()) if (metadata['what'] === 'pool' && !keeps(root)) await this.drop(root)
    await space.gc({ graceMs: GC_GRACE_MS })
  }

  /** 0 for what the log has seen, 1 for the rest. */
  #rank({ cid }: Contribution): number {
    return this.#options.isRevealed?.(cid) === false ? 1 : 0
  }

  #mayPullEarly({ manifest: { subject } }: Contribution): boolean {
    const early = [...this.#pulls.keys()].flatMap((key) => this.#wanted.get(key) ?? []).filter((one) => this.#rank(one) > 0)
    const theirs = [...early, ...this.#whole.values()].filter((one) => one.manifest.subject === subject && this.#rank(one) > 0)
    return early.length < MAX_EARLY_PULLS && theirs.length < MAX_EARLY_OF_ONE
  }

  /** Waits for what is under way; the signal given must have ended it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#pulls.values())
  }

  /** Never rejects. */
  async #pull(key: string, wanted: Wanted): Promise<void> {
    const { signal, logger, clock, onWhole } = this.#options
    for (const source of this.#sources(wanted)) {
      try {
        await pullContribution(wanted.cid, source, this.#options)
      } catch (error) {
        if (signal.aborted) return
        const code = codeOf(error)
        logger[code === 'DISK_FULL' || code === 'QUOTA_FULL' ? 'error' : 'debug']('ciphertext-waits', { manifest: key, source, code })
        continue
      }
      // withdrawn while it was on its way
      if (this.#wanted.get(key) !== wanted) return this.#letGo(wanted.cid)
      this.#wanted.delete(key)
      this.#whole.set(key, { cid: wanted.cid, manifest: wanted.manifest })
      return onWhole()
    }
    wanted.at = clock.now() + (RETRY_MS[Math.min(wanted.tries++, RETRY_MS.length - 1)] as number)
  }

  #letGo(cid: CID): Promise<void> {
    const key = cid.toString()
    if (this.#wanted.has(key) || this.#whole.has(key)) return Promise.resolve()
    return dropContribution(cid, this.#options).catch((error: unknown) =>
      this.#options.logger.warn('ciphertext-not-dropped', { manifest: key, code: codeOf(error) }),
    )
  }

  /** The contributor over the connection it opened, then others: those that are connected now. */
  #sources(one: Contribution): string[] {
    const { mesh, others } = this.#options
    const connected = new Set(mesh.peers())
    const peers = [one.manifest.subject, ...others(one)].map(peerFromDid)
    return [...new Set(peers)].filter((peer) => connected.has(peer) && peer !== mesh.peer)
  }
}
