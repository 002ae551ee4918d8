/**
 * Holds what contributors revealed. A batch is pulled, pinned, offered to further replicas until the charter's number holds it, and only then
 * acknowledged by a signed receipt.
 */
import type { Kv } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf, toError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { holdProtocol } from '../../core/mesh/index.ts'
import { type BatchReceipt, type CID, encode, peerFromDid } from '../../schemas/wire/index.ts'
import { batchRoots } from '../batches/index.ts'
import { type BatchState, type LedgerState, seatedValidators } from '../ledger/index.ts'
import { Faults, pullBatch, type PullOptions, sourcesOf } from './pull-batch.ts'

export interface ReplicasOptions extends Omit<PullOptions, 'onFiles'> {
  kv: Kv
  signer: Signer
  state: () => LedgerState
  /** Something came: the ledger's files of a batch, or all of it. */
  onHeld: () => void
}

/** Batches pulled at once: each may hold a portion of blocks in memory. */
const MAX_PULLS = 8

export class Replicas implements AsyncDisposable {
  readonly #options: ReplicasOptions
  readonly #faults = new Faults()
  /** Who holds each batch that has no receipt yet, us first. */
  readonly #held = new Map<string, Set<string>>()
  /** Batches with a receipt, which lies in the Kv. */
  readonly #done = new Set<string>()
  readonly #busy = new Map<string, Promise<void>>()
  /** When each batch without a receipt had its last turn, counted in turns. */
  readonly #turns = new Map<string, number>()
  #turn = 0

  constructor(options: ReplicasOptions) {
    this.#options = options
  }

  /** DAG-CBOR of the batch receipt, or how far it is: `held` counts us from when everything of the batch is here. */
  async receipt(manifest: CID): Promise<Uint8Array | { held: number; wanted: number } | undefined> {
    const key = manifest.toString()
    const known = await this.#options.kv.get(`receipt/${key}`)
    if (known) return known
    const state = this.#options.state()
    if (!state.batches.has(key)) return undefined
    return { held: this.#held.get(key)?.size ?? 0, wanted: wantedReplicas(state) }
  }

  /** Takes revealed batches of the covered part of the log one step further, beside the caller: a slow contributor holds up nobody else. Call it after every advance. */
  tend(coveredSize: number): void {
    const due = [...this.#options.state().batches].filter(
      ([key, batch]) => batch.revealIndex < coveredSize && mayCount(batch) && !this.#done.has(key) && !this.#busy.has(key),
    )
    // whose last turn is longest ago, then the newest: batches that nobody gives any more must not take every turn
    const lastTurn = (key: string): number => this.#turns.get(key) ?? 0
    due.sort(([a, one], [b, other]) => lastTurn(a) - lastTurn(b) || other.revealIndex - one.revealIndex)
    for (const [key, batch] of due.slice(0, Math.max(0, MAX_PULLS - this.#busy.size))) {
      this.#turns.set(key, ++this.#turn)
      this.#busy.set(
        key,
        this.#tendOne(batch).finally(() => {
          this.#busy.delete(key)
          if (!this.#done.has(key) && mayCount(batch)) return
          this.#turns.delete(key)
          this.#held.delete(key)
        }),
      )
    }
  }

  /** Whether everything of a batch lies here. */
  async holdsAll(batch: BatchState): Promise<boolean> {
    const space = this.#options.storage.public
    for (const root of batchRoots(batch.manifest)) if (!(await space.isPinned(root))) return false
    return true
  }

  /** Waits for what is under way; the signal given must have ended it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#busy.values())
  }

  async #tendOne(batch: BatchState): Promise<void> {
    const { kv, state, logger, signal, onHeld } = this.#options
    const key = batch.manifestCid.toString()
    try {
      if ((await kv.get(`receipt/${key}`)) !== undefined) return void this.#done.add(key)
      const pulled = await pullBatch(batch, sourcesOf(batch, state()), this.#faults, { ...this.#options, onFiles: onHeld })
      if (!pulled) return
      if (!this.#held.has(key)) this.#held.set(key, new Set([this.#options.signer.did]))
      onHeld()
      await this.#acknowledge(batch)
    } catch (error) {
      if (signal.aborted) return
      const code = codeOf(error)
      const isOurs = code === 'DISK_FULL' || code === 'QUOTA_FULL'
      logger[isOurs ? 'error' : 'debug']('replica-waits', { manifest: key, code, message: toError(error).message })
    }
  }

  async #acknowledge(batch: BatchState): Promise<void> {
    const { signer, kv, clock, state, logger } = this.#options
    const key = batch.manifestCid.toString()
    const held = this.#held.get(key) ?? new Set([signer.did])
    await this.#offer(batch, held)
    if (held.size < wantedReplicas(state())) return
    const said = {
      v: 1 as const,
      ledger: state().id,
      manifest: batch.manifestCid,
      contributor: batch.contributor,
      replicas: [...held],
      at: Math.floor(clock.now() / 1000),
      by: signer.did,
    }
    const receipt: BatchReceipt = signObject('batch-receipt', said, signer)
    await kv.put(`receipt/${key}`, encode(receipt))
    this.#done.add(key)
    logger.info('receipt', { manifest: key, replicas: held.size })
  }

  /** Asks as many seats at once as replicas are lacking, then others in place of those that did not take it. */
  async #offer({ manifestCid, contributor }: BatchState, held: Set<string>): Promise<void> {
    const { mesh, state, signal, logger } = this.#options
    const seats = seatedValidators(state()).map((seat) => seat.statement.validator)
    const candidates = this.#faults.order(seats.filter((account) => !held.has(account) && mesh.peers().includes(peerFromDid(account))))
    const wanted = wantedReplicas(state())
    while (held.size < wanted && candidates.length > 0)
      await Promise.all(
        candidates.splice(0, wanted - held.size).map(async (account) => {
          try {
            const reply = await mesh.ask(peerFromDid(account), holdProtocol, { manifest: manifestCid, from: contributor }, { signal })
            if (reply.status === 'held') held.add(account)
            else logger.debug('hold-refused', { account, code: reply.code })
          } catch (error) {
            signal.throwIfAborted()
            this.#faults.add(account)
            logger.debug('hold-failed', { account, code: codeOf(error) })
          }
        }),
      )
  }
}

/** What counts nowhere any more need not be held. */
const mayCount = ({ dropped, voided, retracted }: BatchState): boolean => !dropped && voided === null && retracted === null

/** The charter's number, but never more peers than there are. */
export function wantedReplicas(state: LedgerState): number {
  return Math.min(state.charter.replicas, 1 + seatedValidators(state).length)
}
