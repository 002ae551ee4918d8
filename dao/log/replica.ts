/**
 * A copy of somebody else's log, entry for entry. Entries are written as they come; they count once they give the root of a
 * checkpoint, which is then written as the log's `checkpoint` file: the one commit point. What a crash, or a liar, left beyond it
 * is overwritten by the next entries.
 */
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import { equalBytes, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type Checkpoint, parseCheckpoint, peekCheckpoint } from './checkpoint.ts'
import { LogReader } from './log-reader.ts'
import { LogTail } from './log-tail.ts'
import { EMPTY_ROOT, verifyConsistency } from './merkle.ts'
import { parseNote } from './note.ts'
import { CHECKPOINT_PATH } from './tiles.ts'
import type { LogStore } from './types.ts'

export interface Replica {
  /** Entries under the newest checkpoint that they were held against. */
  readonly size: number
  readonly root: Uint8Array
  /** That checkpoint, as it came; undefined for an empty copy. */
  readonly note: string | undefined
  /** Where to go on asking: entries beyond `size` came already and wait for the rest of their checkpoint. */
  readonly next: number
  readonly reader: LogReader
  /** Says whether a newer checkpoint continues this copy; keep the pair of notes when it does not, it is evidence. */
  follows(note: string, consistency: readonly Uint8Array[]): boolean
  /**
   * Takes entries from index `from` on that the checkpoint in `note` covers (its signatures are the caller's to check); true when
   * all of it is here and durable. A checkpoint of our size with more cosignatures replaces the one we had. Throws InvalidInputError
   * OUT_OF_RANGE or WRONG_LOG, or ProofError ROOT_MISMATCH, after which the copy is what it was before.
   */
  extend(update: { note: string; from: number; entries: readonly Uint8Array[] }): Promise<boolean>
}

/** Opens the copy in a store. Throws FatalError LOG_CORRUPT when its files do not give its checkpoint's root. */
export async function openReplica(store: LogStore, origin: string): Promise<Replica> {
  const kept = await store.read(CHECKPOINT_PATH)
  let note = kept && new TextDecoder().decode(kept)
  let held: Pick<Checkpoint, 'size' | 'root'> = note === undefined ? { size: 0, root: EMPTY_ROOT } : checked(note, origin)
  let tail = await tailOf(store, held)
  const reader = new LogReader(store, () => held.size)

  let turn: Promise<unknown> = Promise.resolve()

  return {
    get size() {
      return held.size
    },
    get root() {
      return held.root
    },
    get note() {
      return note
    },
    get next() {
      return tail.size
    },
    reader,
    follows(newer, consistency) {
      const { size, root } = peekCheckpoint(newer)
      return verifyConsistency(consistency, { oldSize: held.size, oldRoot: held.root, size, root })
    },
    extend(update) {
      const next = turn.then(() => extend(update))
      turn = next.catch(() => {})
      return next
    },
  }

  async function extend({ note: newer, from, entries }: Parameters<Replica['extend']>[0]): Promise<boolean> {
    const checkpoint = checked(newer, origin)
    if (from !== tail.size || checkpoint.size < held.size || checkpoint.size < tail.size)
      throw new InvalidInputError('OUT_OF_RANGE', `this copy goes on at ${tail.size}`, { detail: { next: tail.size } })
    const { files, full } = tail.append(entries.slice(0, checkpoint.size - tail.size))
    try {
      if (files.length > 0) await store.write(files)
      if (tail.size < checkpoint.size) return false
      if (!equalBytes(tail.root(), checkpoint.root)) {
        const detail = { size: checkpoint.size, root: toHex(checkpoint.root), got: toHex(tail.root()), note: newer }
        throw new ProofError('ROOT_MISMATCH', `the entries do not give the root of the checkpoint of size ${checkpoint.size}`, { detail })
      }
      await store.write([{ path: CHECKPOINT_PATH, bytes: utf8(newer) }])
    } catch (error) {
      tail = await tailOf(store, held)
      throw error
    }
    note = newer
    held = checkpoint
    if (full.length > 0) await store.dropPartials(full)
    return true
  }
}

function checked(note: string, origin: string): Checkpoint {
  const checkpoint = parseCheckpoint(parseNote(note).text)
  if (checkpoint.origin !== origin) throw new InvalidInputError('WRONG_LOG', `a checkpoint of ${checkpoint.origin}, not of ${origin}`)
  return checkpoint
}

async function tailOf(store: LogStore, { size, root }: Pick<Checkpoint, 'size' | 'root'>): Promise<LogTail> {
  return size === 0 ? LogTail.empty() : LogTail.open(store, size, root)
}
