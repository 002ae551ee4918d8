/** Pulls a revealed batch from whoever gives it: its contributor over the connection it opened, and validators, who may hold or have tested it. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { deadlineOf, type Mesh } from '../../core/mesh/index.ts'
import { readFile, type Storage } from '../../core/storage/index.ts'
import { chunkFile, encode, peerFromDid } from '../../schemas/wire/index.ts'
import { type AskBlocks, askPeer, batchRoots, fetchFile, pullRoot } from '../batches/index.ts'
import { type FileStore, MAX_LEDGER_FILE_BYTES } from '../follower/index.ts'
import { type BatchState, type LedgerState, seatedValidators } from '../ledger/index.ts'

export interface PullOptions {
  mesh: Mesh
  storage: Storage
  files: FileStore
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Ledger files of a batch came: who waits for them may go on. */
  onFiles: () => void
}

/** One file from one source. What came by then stays here and is not asked for again. */
const SOURCE_MS = 120_000
const TOO_SLOW = { code: 'TOO_SLOW', message: 'the file did not come in the time there is for one source' }

/** Who did not give what it should have, and how often in a row: asked after all others. */
export class Faults {
  readonly #faults = new Map<string, number>()

  add(account: string): void {
    this.#faults.set(account, (this.#faults.get(account) ?? 0) + 1)
  }

  clear(account: string): void {
    this.#faults.delete(account)
  }

  /** The least faulty first; else as given. */
  order(accounts: readonly string[]): string[] {
    return accounts.toSorted((a, b) => (this.#faults.get(a) ?? 0) - (this.#faults.get(b) ?? 0))
  }
}

/** The contributor, those that said they serve the batch, then everyone with a seat. */
export function sourcesOf(batch: BatchState, state: LedgerState): string[] {
  return [...new Set([batch.contributor, ...batch.available, ...seatedValidators(state).map((seat) => seat.statement.validator)])]
}

/** True when all of the batch is here, pinned, with its ledger files in the ledger's folder. Rejects with the signal's reason. */
export async function pullBatch(batch: BatchState, sources: readonly string[], faults: Faults, options: PullOptions): Promise<boolean> {
  const { storage, files, signal, onFiles } = options
  const space = storage.public
  const { index, sketches } = batch.manifest
  // without these two nobody can fold the epoch
  for (const cid of [index, sketches]) {
    if (files.read(cid) !== undefined) continue
    const isHere = await fromAny(sources, faults, options, async (ask, callSignal) => {
      const bytes = await fetchFile(ask, cid, { maxBytes: MAX_LEDGER_FILE_BYTES, signal: callSignal, have: (one) => space.get(one) })
      // validators that lack it ask us, leaf by leaf
      const { root, blocks } = chunkFile(bytes)
      await space.put(blocks)
      await space.pin(root)
      await files.write(cid, bytes)
    })
    if (isHere) onFiles()
  }
  for (const root of batchRoots(batch.manifest)) {
    if (await space.isPinned(root)) continue
    const isHere = await fromAny(sources, faults, options, (ask, callSignal) => pullRoot(space, root, ask, { signal: callSignal }))
    if (!isHere) return false
  }
  signal.throwIfAborted()
  await space.put([{ cid: batch.manifestCid, bytes: encode(batch.manifest) }])
  await space.pin(batch.manifestCid)
  for (const cid of [index, sketches])
    if (files.read(cid) === undefined) await files.write(cid, await readFile(space, cid, MAX_LEDGER_FILE_BYTES))
  return true
}

/** Whether one of the sources gave it, asked one after the other; a full disk is nobody's fault and thrown on. */
async function fromAny(
  sources: readonly string[],
  faults: Faults,
  { mesh, clock, logger, signal }: PullOptions,
  take: (ask: AskBlocks, signal: AbortSignal) => Promise<void>,
): Promise<boolean> {
  for (const account of faults.order(sources)) {
    const peer = peerFromDid(account)
    if (!mesh.peers().includes(peer)) continue
    using time = deadlineOf(clock, SOURCE_MS, TOO_SLOW, [signal])
    try {
      await take(askPeer(mesh, peer), time.signal)
      faults.clear(account)
      return true
    } catch (error) {
      signal.throwIfAborted()
      const code = codeOf(error)
      if (code === 'DISK_FULL' || code === 'QUOTA_FULL') throw error
      // who simply lacks it said so at once, and is no slower than others
      if (code !== 'BLOCK_UNAVAILABLE') faults.add(account)
      logger.debug('batch-unreachable', { account, code })
    }
  }
  return false
}
