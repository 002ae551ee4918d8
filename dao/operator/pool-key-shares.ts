/**
 * The shares of a pool's key on their way: dealt when the pool was opened, each handed to its keyholder as soon as this one is there, and forgotten
 * when it signed that it holds it. Until then they wait on the operator's disk, because nobody else could deal the same key again.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { type CID, peerFromDid, type PoolKey } from '../../schemas/wire/index.ts'
import type { FileStore } from '../follower/index.ts'
import { type LedgerState, poolKeysNamed } from '../ledger/index.ts'

/** Shares that wait for their keyholder. */
export interface WaitingShares {
  of(key: CID): Promise<{ x: number; share: Uint8Array }[]>
  /** Gone from the disk when it resolves, as far as a disk forgets. */
  forget(key: CID, x: number): Promise<void>
}

export interface PoolKeySharesOptions {
  mesh: Mesh
  files: FileStore
  clock: Clock
  logger: Logger
  signal: AbortSignal
  signer: Signer
  state: () => LedgerState
  waiting: WaitingShares
}

const AGAIN_MS = [500, 1000, 2000, 5000, 15_000, 60_000]

export class PoolKeyShares implements AsyncDisposable {
  readonly #options: PoolKeySharesOptions
  /** Keys whose shares are all with their keyholders. */
  readonly #done = new Set<string>()
  #round: Promise<void> | undefined
  #tries = 0
  #nextAt = 0
  readonly #peers: Disposable

  constructor(options: PoolKeySharesOptions) {
    this.#options = options
    // it may be the keyholder that was away
    this.#peers = options.mesh.onPeer(({ peer, connected }) => {
      if (!connected || !this.#waitsFor(peer)) return
      this.#tries = 0
      this.#nextAt = 0
    })
  }

  /** Hands out beside the steps what waits. Call it after every advance. */
  tend(): void {
    const { clock, logger, signal } = this.#options
    if (signal.aborted || clock.now() < this.#nextAt) return
    const keys = this.#keys()
    if (keys.length === 0) return
    this.#round ??= this.#handOut(keys)
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('pool-key-waits', { code: codeOf(error) })
      })
      .finally(() => {
        this.#nextAt = clock.now() + (AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)] as number)
        this.#round = undefined
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#peers[Symbol.dispose]()
    await this.#round
  }

  #waitsFor(peer: string): boolean {
    return this.#keys().some(({ key }) => key.members.some((member) => peerFromDid(member) === peer))
  }

  /** Of the policies that a charter names or will name. */
  #keys(): { cid: CID; key: PoolKey }[] {
    const { files, state } = this.#options
    return poolKeysNamed(state(), files).filter(({ cid }) => !this.#done.has(cid.toString()))
  }

  async #handOut(keys: { cid: CID; key: PoolKey }[]): Promise<void> {
    const { waiting, mesh, clock, signer, signal, logger } = this.#options
    for (const { cid, key } of keys) {
      const shares = await waiting.of(cid)
      if (shares.length === 0) {
        this.#done.add(cid.toString())
        continue
      }
      // the curve loads only where there is a share to seal
      const { handPoolShare } = await import('../custody/index.ts')
      await Promise.all(
        shares.map(async ({ x, share }) => {
          const fault = await handPoolShare({ mesh, clock, signer, key, x, share, signal }).catch((thrown: unknown) => codeOf(thrown))
          const facts = { key: cid.toString(), keyholder: key.members[x - 1] ?? '' }
          if (fault !== undefined) return logger.debug('pool-key-share-waits', { ...facts, code: fault })
          await waiting.forget(cid, x)
          logger.info('pool-key-share-held', facts)
        }),
      )
    }
  }
}
