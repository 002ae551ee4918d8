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
const RETRY_MS = [500, 1000, 2000, 5000, 15_000, 60_000]

export interface Contribution {
  cid: CID
  /** What is asked of its manifest here. The chunks are not kept: there may be a hundred thousand contributions, of a hundred chunks each. */
  manifest: Pick<PoolManifest, 'subject' | 'policy'>
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
  /** By CID: all of what was revealed that lies here, and much else must fit into memory beside it. */
  readonly #whole = new Set<string>()
  /** Of it, what the log had not seen when it came. */
  readonly #early = new Map<string, Contribution>()
  readonly #pulls = new Map<string, Promise<void>>()

  constructor(options: PoolCiphertextOptions) {
    this.#options = options
  }

  /** Whether all of it lies here. */
  isWhole(cid: CID): boolean {
    return this.#whole.has(nameOf(cid))
  }

  /** Says it again and again at no cost. */
  want({ cid, manifest: { subject, policy } }: Contribution): void {
    const key = nameOf(cid)
    const one = { cid, manifest: { subject, policy } }
    if (this.#whole.has(key)) this.#noteEarly(key, one)
    else if (!this.#wanted.has(key)) this.#wanted.set(key, { ...one, tries: 0, at: 0 })
  }

  /** Unpinned and gone when it resolves; what is still on its way is dropped when it arrives. */
  async drop(cid: CID): Promise<void> {
    const key = nameOf(cid)
    this.#wanted.delete(key)
    this.#whole.delete(key)
    this.#early.delete(key)
    await dropContribution(cid, this.#options)
  }

  /** Begins what is due. */
  tend(): void {
    if (this.#wanted.size === 0 || this.#pulls.size >= MAX_PULLS) return
    for (const [key, one] of this.#early) this.#noteEarly(key, one)
    const pulled = [...this.#pulls.keys()].flatMap((key) => this.#wanted.get(key) ?? []).filter((one) => this.#rank(one) > 0)
    let early = pulled.length
    // of one subject one that the log has not seen: that is what a person has in a pool
    const theirs = new Set([...this.#early.values(), ...pulled].map(({ manifest }) => manifest.subject))
    const now = this.#options.clock.now()
    const due = [...this.#wanted].filter(([key, { at }]) => at <= now && !this.#pulls.has(key))
    for (const [key, wanted] of due.toSorted(([, a], [, b]) => this.#rank(a) - this.#rank(b) || a.tries - b.tries)) {
      if (this.#pulls.size >= MAX_PULLS) return
      if (this.#rank(wanted) > 0) {
        if (early >= MAX_EARLY_PULLS || theirs.has(wanted.manifest.subject)) continue
        early++
        theirs.add(wanted.manifest.subject)
      }
      this.#pulls.set(
        key,
        this.#pull(key, wanted).finally(() => this.#pulls.delete(key)),
      )
    }
  }

  /**
   * Lets go of everything pinned here that is not kept, and of what pulls that came to nothing left behind. What is kept and pinned is whole from
   * here on, without being asked for; what the log has not seen waits for `want`, which says whose it is. Call it at the start and every hour or so.
   */
  async tidy(keeps: (cid: CID) => boolean): Promise<void> {
    const space = this.#options.storage.private
    for await (const { root, metadata } of space.pins()) {
      if (metadata['what'] !== 'pool') continue
      if (!keeps(root)) await this.drop(root)
      else if (this.#options.isRevealed?.(root) !== false) this.#whole.add(nameOf(root))
    }
    await space.gc({ graceMs: GC_GRACE_MS })
  }

  /** Until the log has seen it. */
  #noteEarly(key: string, one: Contribution): void {
    if (this.#rank(one) > 0) this.#early.set(key, one)
    else this.#early.delete(key)
  }

  /** 0 for what the log has seen, 1 for the rest. */
  #rank({ cid }: Contribution): number {
    return this.#options.isRevealed?.(cid) === false ? 1 : 0
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
        logger[code === 'DISK_FULL' || code === 'QUOTA_FULL' ? 'error' : 'debug']('ciphertext-waits', {
          manifest: String(wanted.cid),
          source,
          code,
        })
        continue
      }
      // withdrawn while it was on its way
      if (this.#wanted.get(key) !== wanted) return this.#letGo(wanted.cid)
      this.#wanted.delete(key)
      this.#whole.add(key)
      this.#noteEarly(key, { cid: wanted.cid, manifest: wanted.manifest })
      return onWhole()
    }
    wanted.at = clock.now() + (RETRY_MS[Math.min(wanted.tries++, RETRY_MS.length - 1)] as number)
  }

  #letGo(cid: CID): Promise<void> {
    const key = nameOf(cid)
    if (this.#wanted.has(key) || this.#whole.has(key)) return Promise.resolve()
    return dropContribution(cid, this.#options).catch((error: unknown) =>
      this.#options.logger.warn('ciphertext-not-dropped', { manifest: String(cid), code: codeOf(error) }),
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

/** The bytes as text: `toString` remembers what it said beside each CID. */
const nameOf = ({ bytes }: CID): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
