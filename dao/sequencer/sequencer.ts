/**
 * Appends to the log. Entries are admitted one by one in order, integrated in groups, and made durable in three steps that each
 * survive a crash: tiles and bundles, then the record of the tree that is signed, then the published checkpoint. A tree that was
 * signed is in the record before its signature leaves, so no restart can ever sign another history; tiles that a crash left
 * beyond the record were acknowledged to nobody and are overwritten.
 */
import { RetryableError, toError } from '../../core/errors/index.ts'
import { decode, MAX_ENTRY_BYTES } from '../../schemas/wire/index.ts'
import { EMPTY_ROOT, leafHash, logSigner, LogReader, LogTail, signCheckpoint } from '../log/index.ts'
import { LeafIndex } from './leaf-index.ts'
import { persistWith } from './persist.ts'
import { openPublisher } from './publisher.ts'
import { readTree, type SignedTree, writeTree } from './tree-record.ts'
import type { Sequencer, SequencerOptions } from './types.ts'

interface Pending {
  entry: Uint8Array
  leaf: Uint8Array
  index: number
  /** Ends its batch. */
  last: boolean
  done: PromiseWithResolvers<void>
}

const MAX_QUEUE = 16_384

/**
 * Opens the sequencer of a term where it left off. Throws FatalError SEQUENCER_STATE_LOST when the log has a checkpoint above the
 * record of what was signed (signing on could contradict it), LOG_CORRUPT when the tiles do not give the signed root, WRONG_LOG.
 */
export async function openSequencer(options: SequencerOptions): Promise<Sequencer> {
  const { ledgerId, term, logKey, store, kv, clock, admit, replay, onIntegrated } = options
  const { batchEntries = 256, intervalMs = 0, heartbeatMs = 0, retryMs = 250 } = options
  const logger = options.logger.child('sequencer')
  const signer = logSigner(ledgerId, term, logKey)
  const origin = signer.key.name
  const closing = new AbortController()
  const persist = persistWith(clock, logger, retryMs, closing.signal)

  let tree: SignedTree = (await readTree(kv, origin)) ?? { size: 0, root: EMPTY_ROOT, note: '' }
  const tail = tree.size === 0 ? LogTail.empty() : await LogTail.open(store, tree.size, tree.root)
  const reader = new LogReader(store, () => tree.size)
  const leaves = await indexLeaves(reader)
  for (let from = replay?.from ?? tree.size; from < tree.size; from += 256)
    for (const [i, entry] of (await reader.entries(from, Math.min(from + 256, tree.size))).entries()) replay?.apply(entry, from + i)
  const publisher = await openPublisher({
    ...options,
    heartbeatMs,
    retryMs,
    origin,
    tree,
    reader,
    logger,
    persist,
    closing: closing.signal,
  })

  const queue: Pending[] = []
  const pending = new Map<number, Pending>()
  let nextIndex = tree.size
  let hurry = new AbortController()
  let running: Promise<void> | undefined

  async function integrate(batch: Pending[]): Promise<void> {
    const entries = batch.map(({ entry }) => entry)
    const { from, leafHashes, files, full } = tail.append(
      entries,
      batch.map(({ leaf }) => leaf),
    )
    await persist('tiles', () => store.write(files))
    const root = tail.root()
    const signed: SignedTree = { size: tail.size, root, note: signCheckpoint(tail.size, root, signer) }
    await persist('tree', () => writeTree(kv, origin, signed))
    tree = signed
    try {
      onIntegrated?.({ from, entries, leafHashes, size: signed.size, root })
    } catch (error) {
      logger.error('listener-failed', { from, reason: toError(error).message })
    }
    for (const { index, done } of batch) {
      pending.delete(index)
      done.resolve()
    }
    logger.debug('integrated', { from, entries: entries.length })
    publisher.advance(tree)
    if (full.length > 0) await store.dropPartials(full).catch((error) => logger.warn('cleanup-failed', { reason: toError(error).message }))
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      if (intervalMs > 0 && queue.length < batchEntries && !queue.some(({ last }) => last))
        await clock.sleep(intervalMs, AbortSignal.any([hurry.signal, closing.signal])).catch(() => {})
      hurry = new AbortController()
      const end = queue.findIndex(({ last }) => last)
      await integrate(queue.splice(0, Math.min(batchEntries, end < 0 ? batchEntries : end + 1)))
    }
  }

  function start(): void {
    running ??= Promise.resolve()
      .then(run)
      .catch((error) => {
        // the fold is ahead of the log now: only a new start brings them together
        if (!closing.signal.aborted) logger.error('stopped', { reason: toError(error).message })
        closing.abort()
        for (const { done } of pending.values()) done.reject(closed(error))
        pending.clear()
        queue.length = 0
      })
      .finally(() => {
        running = undefined
        if (queue.length > 0) start()
      })
  }

  return {
    origin,
    get size() {
      return tree.size
    },
    reader,
    checkpoint: () => publisher.note(),
    published: (size, signal) => publisher.published(size, signal),
    nudge: () => publisher.nudge(),
    async submit(entry) {
      if (closing.signal.aborted) throw closed()
      if (entry.byteLength === 0 || entry.byteLength > MAX_ENTRY_BYTES)
        return { status: 'refused', code: 'ENTRY_TOO_LARGE', message: `an entry has 1 to ${MAX_ENTRY_BYTES} bytes` }
      const leaf = leafHash(entry)
      const known = leaves.get(leaf)
      if (known !== undefined) {
        await pending.get(known)?.done.promise
        return { status: 'receipt', leafHash: leaf, index: known }
      }
      if (queue.length >= MAX_QUEUE) throw new RetryableError('QUEUE_FULL', 'too many entries wait; try again in a moment')
      const verdict = admit(entry)
      if (!verdict.ok) return { status: 'refused', code: verdict.code, message: verdict.message }
      const item: Pending = { entry: entry.slice(), leaf, index: nextIndex++, last: isPhaseEntry(entry), done: Promise.withResolvers() }
      leaves.add(leaf, item.index)
      queue.push(item)
      pending.set(item.index, item)
      if (item.last || queue.length >= batchEntries) hurry.abort()
      start()
      await item.done.promise
      return { status: 'receipt', leafHash: leaf, index: item.index }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      while (running) await running
      await publisher[Symbol.asyncDispose]()
    },
  }
}

async function indexLeaves(reader: LogReader): Promise<LeafIndex> {
  const leaves = new LeafIndex(reader.size)
  for (let from = 0; from < reader.size; from += 4096)
    for (const [i, leaf] of (await reader.leafHashes(from, Math.min(from + 4096, reader.size))).entries()) leaves.add(leaf, from + i)
  return leaves
}

const closed = (cause?: unknown): RetryableError => new RetryableError('SEQUENCER_CLOSED', 'the sequencer stopped; submit again', { cause })

/** Whether the batch ends behind this entry, so that a checkpoint falls right after it. A cheap look for the name before the entry is decoded. */
function isPhaseEntry(entry: Uint8Array): boolean {
  if (!Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).includes('epoch.phase')) return false
  try {
    return (decode(entry) as { t?: unknown }).t === 'epoch.phase'
  } catch {
    return false
  }
}
