/** From signed to published: takes the newest signed tree to the witnesses, and what a quorum cosigned to the world, one checkpoint after another. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { FatalError, RetryableError, toError } from '../../core/errors/index.ts'
import { CHECKPOINT_PATH, type LogReader, type LogStore, type NoteSignature, peekCheckpoint, withSignatures } from '../log/index.ts'
import { openCosigner } from './cosigner.ts'
import type { Persist } from './persist.ts'
import type { SignedTree } from './tree-record.ts'
import type { SequencerOptions } from './types.ts'

export interface PublisherOptions extends Pick<SequencerOptions, 'witnesses' | 'quorum' | 'publish'> {
  origin: string
  /** What was signed last, before any new entry. */
  tree: SignedTree
  store: LogStore
  reader: LogReader
  clock: Clock
  logger: Logger
  persist: Persist
  closing: AbortSignal
  heartbeatMs: number
  retryMs: number
}

export interface Publisher {
  note(): string | undefined
  /** A newer tree is signed: it is the next target, or at once when nothing is under way. */
  advance(tree: SignedTree): void
  /** A published note of at least this size. */
  published(size: number, signal?: AbortSignal): Promise<string>
  nudge(): void
  [Symbol.asyncDispose](): Promise<void>
}

interface Waiter {
  size: number
  resolve: (note: string) => void
}

/** Throws FatalError WRONG_LOG, or SEQUENCER_STATE_LOST when the published checkpoint is above what was signed as far as we remember. */
export async function openPublisher(options: PublisherOptions): Promise<Publisher> {
  const { origin, store, reader, clock, logger, persist, closing, witnesses, quorum, publish } = options
  let published = await readPublished(store, origin, options.tree.size)
  let publishedAt = clock.now()
  let newest = options.tree
  let publishing: Promise<void> | undefined
  const waiters = new Set<Waiter>()

  const cosigner = openCosigner({
    reader,
    clock,
    logger,
    witnesses,
    quorum,
    retryMs: options.retryMs,
    onQuorum: (tree, cosignatures) => inTurn(() => release(tree, withSignatures(tree.note, cosignatures))),
    onLate: (tree, cosignature) => inTurn(() => enrich(tree, cosignature)),
  })

  /** One write of the checkpoint after another; when the last is done, the newest tree has its turn. */
  function inTurn(task: () => Promise<void>): void {
    const turn: Promise<void> = (publishing ?? Promise.resolve())
      .then(task)
      .catch((error) => {
        if (!closing.aborted) logger.error('publish-failed', { reason: toError(error).message })
      })
      .finally(() => {
        if (publishing !== turn) return
        publishing = undefined
        step()
      })
    publishing = turn
  }

  function step(): void {
    if (cosigner.busy) cosigner.nudge()
    else if (publishing === undefined && newest.size > 0 && cosigner.target !== newest) cosigner.begin(newest)
  }

  const write = (note: string): Promise<void> =>
    persist(CHECKPOINT_PATH, () => store.write([{ path: CHECKPOINT_PATH, bytes: new TextEncoder().encode(note) }]))

  async function release(tree: SignedTree, note: string): Promise<void> {
    await write(note)
    published = note
    publishedAt = clock.now()
    logger.debug('published', { size: tree.size })
    publish(note)
    for (const waiter of waiters) if (waiter.size <= tree.size) waiter.resolve(note)
  }

  /** A witness that answered after the quorum: its line is worth keeping, but nobody waits for it. */
  async function enrich(tree: SignedTree, cosignature: NoteSignature): Promise<void> {
    if (published === undefined || peekCheckpoint(published).size !== tree.size) return
    const richer = withSignatures(published, [cosignature])
    await write(richer)
    published = richer
  }

  function wait(size: number, signal?: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const closed = (): void => reject(new RetryableError('SEQUENCER_CLOSED', 'the sequencer stopped'))
    const aborted = (): void => reject(signal?.reason as Error)
    const waiter = { size, resolve }
    waiters.add(waiter)
    closing.addEventListener('abort', closed)
    signal?.addEventListener('abort', aborted)
    if (closing.aborted) closed()
    if (signal?.aborted) aborted()
    return promise.finally(() => {
      waiters.delete(waiter)
      closing.removeEventListener('abort', closed)
      signal?.removeEventListener('abort', aborted)
    })
  }

  async function beat(): Promise<void> {
    while (!closing.aborted) {
      await clock.sleep(options.heartbeatMs, closing).catch(() => {})
      const due = clock.now() - publishedAt >= options.heartbeatMs
      if (due && !cosigner.busy && publishing === undefined && newest.size > 0) cosigner.begin(newest)
      else cosigner.nudge()
    }
  }

  if (published === undefined || peekCheckpoint(published).size < newest.size) step()
  const heart = options.heartbeatMs > 0 ? beat() : undefined

  return {
    note: () => published,
    nudge: () => cosigner.nudge(),
    advance(tree) {
      newest = tree
      step()
    },
    published(size, signal) {
      if (published !== undefined && peekCheckpoint(published).size >= size) return Promise.resolve(published)
      return wait(size, signal)
    },
    async [Symbol.asyncDispose]() {
      await cosigner[Symbol.asyncDispose]()
      while (publishing) await publishing
      await heart
    },
  }
}

async function readPublished(store: LogStore, origin: string, signedSize: number): Promise<string | undefined> {
  const bytes = await store.read(CHECKPOINT_PATH)
  if (!bytes) return undefined
  const note = new TextDecoder().decode(bytes)
  const checkpoint = peekCheckpoint(note)
  if (checkpoint.origin !== origin)
    throw new FatalError('WRONG_LOG', `the files are those of ${checkpoint.origin}, not of ${origin}`, { detail: { origin } })
  if (checkpoint.size > signedSize)
    throw new FatalError('SEQUENCER_STATE_LOST', 'the log has a checkpoint above what the sequencer remembers signing; restore its state', {
      detail: { published: checkpoint.size, remembered: signedSize },
    })
  return note
}
