/**
 * The sealed chunks of contributions, as keyholders and the DAO keep them: fetched from whoever has them, pinned in the private space, and let go
 * with the consent. Beside the steps: a contributor that answers slowly holds up nobody else's.
 */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type CID, peerFromDid, type PoolManifest } from '../../schemas/wire/index.ts'
import { dropContribution, pullContribution, type PullPool } from './pool-blocks.ts'

const MAX_PULLS = 4
const RETRY_MS = [500, 1000, 2000, 5000, 15_000, 60_000]

export interface Contribution {
  cid: CID
  manifest: PoolManifest
}

export interface PoolCiphertextOptions extends PullPool {
  logger: Logger
  /** Accounts that may have it besides its subject, the likeliest first. */
  others: (one: Contribution) => readonly string[]
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
  readonly #whole = new Set<string>()
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
    for (const [key, wanted] of this.#wanted) {
      if (this.#pulls.size >= MAX_PULLS) return
      if (wanted.at > now || this.#pulls.has(key)) continue
      this.#pulls.set(
        key,
        this.#pull(key, wanted).finally(() => this.#pulls.delete(key)),
      )
    }
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
      this.#whole.add(key)
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
