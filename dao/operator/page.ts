/** The log as a follower reads it, page by page, under the newest checkpoint. */
import { Lru } from '../../schemas/cache/index.ts'
import { peekCheckpoint } from '../log/index.ts'
import type { Sequencer } from '../sequencer/index.ts'

/** Entries that one reply carries at most, and their bytes together. */
const PAGE = 512
const PAGE_BYTES = 6 << 20

/** Pages of at most so many entries are remembered for the next follower. */
const SHARED_PAGE = 32

/** What `logProtocol` answers; shared, so nobody may change it. */
export type LogPage = Readonly<{ status: 'ok'; checkpoint: string; consistency: Uint8Array[]; entries: Uint8Array[] }>

/** Answers `logProtocol`; followers ask for the same pages of the same checkpoint, one after the other. */
export class LogPages {
  readonly #sequencer: Pick<Sequencer, 'checkpoint' | 'reader'>
  readonly #pages = new Lru<string, LogPage>(16)

  constructor(sequencer: Pick<Sequencer, 'checkpoint' | 'reader'>) {
    this.#sequencer = sequencer
  }

  async read(from: number, limit: number, old: number): Promise<LogPage | { status: 'empty' }> {
    const { reader } = this.#sequencer
    const checkpoint = this.#sequencer.checkpoint()
    if (checkpoint === undefined) return { status: 'empty' }
    const key = `${from} ${limit} ${old} ${checkpoint}`
    const known = this.#pages.get(key)
    if (known !== undefined) return known
    const { size } = peekCheckpoint(checkpoint)
    const start = Math.min(from, size)
    const entries = pageOf(await reader.entries(start, Math.min(size, start + Math.min(limit, PAGE))))
    const consistency = old > 0 && old <= size ? await reader.consistency(old, size) : []
    const page = Object.freeze({ status: 'ok' as const, checkpoint, consistency, entries })
    // a role that begins takes megabytes, and takes them once
    if (entries.length <= SHARED_PAGE) this.#pages.set(key, page)
    return page
  }
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
