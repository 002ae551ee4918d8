/** The log as a follower reads it, page by page, under the newest checkpoint. */
import { peekCheckpoint } from '../log/index.ts'
import type { Sequencer } from '../sequencer/index.ts'

/** Entries that one reply carries at most, and their bytes together. */
const PAGE = 512
const PAGE_BYTES = 6 << 20

/** Answers `logProtocol`. */
export async function readPage(
  { checkpoint: newest, reader }: Pick<Sequencer, 'checkpoint' | 'reader'>,
  from: number,
  limit: number,
  old: number,
) {
  const checkpoint = newest()
  if (checkpoint === undefined) return { status: 'empty' as const }
  const { size } = peekCheckpoint(checkpoint)
  const start = Math.min(from, size)
  const entries = pageOf(await reader.entries(start, Math.min(size, start + Math.min(limit, PAGE))))
  const consistency = old > 0 && old <= size ? await reader.consistency(old, size) : []
  return { status: 'ok' as const, checkpoint, consistency, entries }
}

/**
 * The first of these entries that fit into one reply together; one at least. The caller asks on from there. An entry has up to 64,000 bytes, so
 * a count alone bounds nothing, and one page too large for its reply would stop every follower for ever.
 */
export function pageOf(entries: Uint8Array[]): Uint8Array[] {
  let bytes = 0
  const end = entries.findIndex((entry, i) => {
    bytes += entry.byteLength
    return i > 0 && bytes > PAGE_BYTES
  })
  return end < 0 ? entries : entries.slice(0, end)
}
