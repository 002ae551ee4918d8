/**
 * Holds what contributors revealed. A batch is pulled over the contributor's own connection, pinned, offered to further replicas until the
 * charter's number holds it, and only then acknowledged by a signed receipt.
 */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { askAgain, blocksProtocol, holdProtocol, type Mesh } from '../../core/mesh/index.ts'
import { readFile, type Storage } from '../../core/storage/index.ts'
import { type BatchReceipt, chunkFile, type CID, encode, peerFromDid } from '../../schemas/wire/index.ts'
import { type AskBlocks, batchRoots, fetchDag, fetchFile } from '../batches/index.ts'
import { type FileStore, MAX_LEDGER_FILE_BYTES } from '../follower/index.ts'
import { type BatchState, type LedgerState, seatedValidators } from '../ledger/index.ts'

export interface ReplicasOptions {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  signer: Signer
  clock: Clock
  logger: Logger
  signal: AbortSignal
  state: () => LedgerState
  /** Something came: the ledger's files of a batch, or all of it. */
  onHeld: () => void
}

/** No batch may be larger: 4,096 records of 1 MiB would be, but no honest one comes near. */
const MAX_BATCH_BYTES = 1 << 30

/** Batches pulled at once: each may hold a portion of blocks in memory. */
const MAX_PULLS = 8

export class Replicas implements AsyncDisposable {
  readonly #options: ReplicasOptions
  readonly #held = new Map<string, Set<string>>()
  readonly #receipts = new Map<string, Uint8Array>()
  readonly #busy = new Map<string, Promise<void>>()
  /** When each batch without a receipt had its last turn, counted in turns. */
  readonly #turns = new Map<string, number>()
  #turn = 0

  constructor(options: ReplicasOptions) {
    this.#options = options
  }

  /** DAG-CBOR of the batch receipt, or how far it is. */
  async receipt(manifest: CID): Promise<Uint8Array | { held: number; wanted: number } | undefined> {
    const key = manifest.toString()
    const known = this.#receipts.get(key) ?? (await this.#options.kv.get(`receipt/${key}`))
    if (known) return known
    const state = this.#options.state()
    if (!state.batches.has(key)) return undefined
    return { held: this.#held.get(key)?.size ?? 0, wanted: wantedReplicas(state) }
  }

  /** Takes revealed batches of the covered part of the log one step further, beside the caller: a slow contributor holds up nobody else. Call it after every advance. */
  tend(coveredSize: number): void {
    const due = [...this.#options.state().batches].filter(
      ([key, batch]) => batch.revealIndex < coveredSize && !this.#receipts.has(key) && !this.#busy.has(key),
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
          if (this.#receipts.has(key)) this.#turns.delete(key)
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
    const key = batch.manifestCid.toString()
    try {
      const stored = await this.#options.kv.get(`receipt/${key}`)
      if (stored) this.#receipts.set(key, stored)
      else if (await this.#holds(batch)) {
        this.#options.onHeld()
        await this.#acknowledge(batch)
      }
    } catch (error) {
      if (!this.#options.signal.aborted)
        this.#options.logger.debug('replica-waits', {
          manifest: key,
          code: codeOf(error),
          message: error instanceof Error ? error.message : String(error),
        })
    }
  }

  /** Everything of the batch is here, pinned, and its ledger files are in the ledger's folder. */
  async #holds(batch: BatchState): Promise<boolean> {
    const { mesh, storage, files, signal } = this.#options
    const space = storage.public
    await this.#holdLedgerFiles(batch)
    const ask: AskBlocks = async (cids, callSignal, bytes) =>
      (await askAgain(mesh, peerFromDid(batch.contributor), blocksProtocol, { cids }, { signal: callSignal, bytes })).blocks
    for (const root of batchRoots(batch.manifest)) {
      if (await space.isPinned(root)) continue
      const portions = fetchDag(ask, root, { maxBytes: MAX_BATCH_BYTES, signal, have: (cid) => space.get(cid) })
      for await (const blocks of portions) await space.put(blocks)
      await space.pin(root)
    }
    await space.put([{ cid: batch.manifestCid, bytes: encode(batch.manifest) }])
    await space.pin(batch.manifestCid)
    for (const cid of [batch.manifest.index, batch.manifest.sketches])
      if (files.read(cid) === undefined) await files.write(cid, await readFile(space, cid, MAX_LEDGER_FILE_BYTES))
    return true
  }

  /** Index and sketches, without which nobody can fold the epoch: from the contributor, or from the validators that said they serve them. */
  async #holdLedgerFiles(batch: BatchState): Promise<void> {
    const { mesh, storage, files, signal, logger, onHeld } = this.#options
    for (const cid of [batch.manifest.index, batch.manifest.sketches]) {
      if (files.read(cid) !== undefined) continue
      for (const account of [batch.contributor, ...batch.available]) {
        const peer = peerFromDid(account)
        const ask: AskBlocks = async (cids, _, bytes) => (await askAgain(mesh, peer, blocksProtocol, { cids }, { signal, bytes })).blocks
        try {
          const bytes = await fetchFile(ask, cid, { maxBytes: MAX_LEDGER_FILE_BYTES, signal })
          // validators that lack it ask us, leaf by leaf
          await storage.public.put(chunkFile(bytes).blocks)
          await files.write(cid, bytes)
          onHeld()
          break
        } catch (error) {
          signal.throwIfAborted()
          logger.debug('file-unreachable', { account, cid: cid.toString(), code: codeOf(error) })
        }
      }
    }
  }

  async #acknowledge(batch: BatchState): Promise<void> {
    const { mesh, signer, kv, clock, signal, state, logger } = this.#options
    const key = batch.manifestCid.toString()
    const wanted = wantedReplicas(state())
    const held = this.#held.get(key) ?? new Set([signer.did])
    this.#held.set(key, held)
    const candidates = seatedValidators(state()).map((seat) => seat.statement.validator)
    for (const account of candidates) {
      if (held.size >= wanted) break
      if (held.has(account) || !mesh.peers().includes(peerFromDid(account))) continue
      try {
        const reply = await mesh.ask(
          peerFromDid(account),
          holdProtocol,
          { manifest: batch.manifestCid, from: batch.contributor },
          { signal },
        )
        if (reply.status === 'held') held.add(account)
        else logger.debug('hold-refused', { account, code: reply.code })
      } catch (error) {
        // one that never answers keeps nobody from asking the next
        signal.throwIfAborted()
        logger.debug('hold-failed', { account, code: codeOf(error) })
      }
    }
    if (held.size < wanted) return
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
    const bytes = encode(receipt)
    await kv.put(`receipt/${key}`, bytes)
    this.#receipts.set(key, bytes)
    logger.info('receipt', { manifest: key, replicas: held.size })
  }
}

/** The charter's number, but never more peers than there are. */
export function wantedReplicas(state: LedgerState): number {
  return Math.min(state.charter.replicas, 1 + seatedValidators(state).length)
}
