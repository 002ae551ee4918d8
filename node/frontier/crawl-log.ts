/**
 * A crawl's memory on disk: an append-only file of checksummed lines, grouped by commits. What follows the last good commit never happened,
 * so a kill or a torn write at any byte leaves a whole state. It is also where waiting items lie: the frontier keeps eight bytes of each.
 *
 * A line is eight hex digits (CRC-32 of the rest), a space, and a JSON array: `["a", url, depth, via, redirects, linksOnly, attempts, sitemap]`
 * adds an item, whose number is the line's offset; `["d", number, counted, time]` ends it without a record, `["k", number, time, facts]` with
 * one; `["x", host]` gives a host up, with what waits for it; `["c", …]` commits; `["s"]` says that all before it is on the disk.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { FrontierItem } from './frontier.ts'
import type { ItemBook, RememberedItem } from './item-book.ts'

/** What the files beside the log held when a group of lines was committed. */
export interface Commit {
  /** Lengths of the files, in the order the log's owner names them. */
  lengths: number[]
  /** CRC-32 of what each file gained since the commit before. */
  checks: number[]
  /** The owner's own numbers. */
  summary: unknown
}

/** How a page that gave a record ended. */
export interface KeptLine {
  ref: number
  time: number
  facts: unknown
}

export interface CrawlLogState {
  settings: unknown
  commit: Commit
  /** The crawl came to its end; nothing waits. */
  hasEnded: boolean
}

/** Whether a file holds, from `from` to `to`, bytes of this checksum. */
export type FileCheck = (file: number, from: number, to: number, check: number) => boolean

const CHUNK = 1 << 20
/** Longest line: URL and via of 2,048 and 8,192 characters, escaped; a summary; facts of up to 256 records of a page, with its links. */
const MAX_LINE = 32 << 20

export class CrawlLog implements ItemBook {
  readonly #handle: FileHandle
  readonly #readFd: number
  #lines: string[] = []
  /** Where the next line will begin. */
  #end: number
  /** Items whose lines may not be in the file yet, by number. */
  #fresh = new Map<number, FrontierItem>()
  #writing = new Map<number, FrontierItem>()

  private constructor(handle: FileHandle, readFd: number, end: number) {
    this.#handle = handle
    this.#readFd = readFd
    this.#end = end
  }

  /** A new log, whose first line is its settings. */
  static async create(file: string, settings: unknown): Promise<CrawlLog> {
    const log = await CrawlLog.#open(file, 'w', 0)
    log.#append(['q', 1, settings])
    return log
  }

  /** An existing log, cut behind its last commit that `check` confirms. Undefined where the file is no crawl log. */
  static async resume(file: string, check: FileCheck): Promise<{ log: CrawlLog; state: CrawlLogState } | undefined> {
    const found = readState(file, check)
    if (found === undefined) return undefined
    const fd = openSync(file, 'r+')
    ftruncateSync(fd, found.end)
    closeSync(fd)
    return { log: await CrawlLog.#open(file, 'a', found.end), state: found.state }
  }

  static async #open(file: string, flags: string, end: number): Promise<CrawlLog> {
    const handle = await open(file, flags, 0o600)
    return new CrawlLog(handle, openSync(file, 'r'), end)
  }

  add(item: FrontierItem): number {
    const { url, depth, via, redirects, linksOnly, attempts, isSitemap } = item
    const ref = this.#append(['a', url, depth, via, redirects, linksOnly ? 1 : 0, attempts, isSitemap ? 1 : 0])
    this.#fresh.set(ref, item)
    return ref
  }

  take(ref: number): FrontierItem {
    const fresh = this.#fresh.get(ref) ?? this.#writing.get(ref)
    if (fresh !== undefined) return fresh
    const item = asItem(this.#read(ref))
    if (item === undefined) throw new Error(`the crawl log has no item at ${ref}`)
    return item
  }

  done(ref: number, isCounted: boolean, time: number): void {
    this.#append(['d', ref, isCounted ? 1 : 0, time])
  }

  kept(ref: number, time: number, facts: unknown): void {
    this.#append(['k', ref, time, facts])
  }

  dropped(host: string): void {
    this.#append(['x', host])
  }

  /** All files beside the log were synced as of the last commit. */
  synced(): void {
    this.#append(['s'])
  }

  ended(): void {
    this.#append(['e'])
  }

  /** Takes out the lines since the last commit, closed by this one, to be written once the files beside the log were. */
  cut({ lengths, checks, summary }: Commit): string {
    this.#append(['c', lengths, checks, summary])
    const text = this.#lines.join('')
    this.#lines = []
    this.#writing = this.#fresh
    this.#fresh = new Map()
    return text
  }

  /** Writes what `cut` gave. One caller at a time, in order. */
  async write(text: string): Promise<void> {
    await this.#handle.appendFile(text)
    this.#writing = new Map()
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async close(): Promise<void> {
    closeSync(this.#readFd)
    await this.#handle.close()
  }

  /** What an earlier process left, in order. Reads the file twice, in chunks: of what ended only its number is held meanwhile. */
  *remembered(): Generator<RememberedItem> {
    const ended = new Map<number, boolean>()
    const dropped = new Set<string>()
    for (const { value } of linesOf(this.#readFd, this.#end)) {
      if (value[0] === 'd') ended.set(value[1] as number, value[2] === 1)
      else if (value[0] === 'k') ended.set(value[1] as number, true)
      else if (value[0] === 'x') dropped.add(value[1] as string)
    }
    for (const { at, value } of linesOf(this.#readFd, this.#end)) {
      const item = asItem(value)
      if (item === undefined) continue
      const isCounted = ended.get(at)
      const isDropped = dropped.has(item.host)
      yield { ref: at, item, isWaiting: isCounted === undefined && !isDropped, isCounted: isCounted === true, isDropped }
    }
  }

  /** The ends of pages that gave a record, in order. */
  *keptLines(): Generator<KeptLine & { url: string }> {
    for (const { value } of linesOf(this.#readFd, this.#end)) {
      if (value[0] !== 'k') continue
      const ref = value[1] as number
      yield { ref, time: value[2] as number, facts: value[3], url: asItem(this.#read(ref))?.url ?? '' }
    }
  }

  #append(value: unknown[]): number {
    const json = JSON.stringify(value)
    const line = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
    const at = this.#end
    this.#end += Buffer.byteLength(line)
    this.#lines.push(line)
    return at
  }

  #read(at: number): unknown[] {
    const bytes = Buffer.allocUnsafe(4096)
    let read = readSync(this.#readFd, bytes, 0, bytes.length, at)
    let end = bytes.subarray(0, read).indexOf(10)
    if (end !== -1) return parseLine(bytes.toString('utf8', 0, end)) ?? []
    const long = Buffer.allocUnsafe(MAX_LINE)
    read = readSync(this.#readFd, long, 0, long.length, at)
    end = long.subarray(0, read).indexOf(10)
    return end === -1 ? [] : (parseLine(long.toString('utf8', 0, end)) ?? [])
  }
}

/** A log that is only read: of an earlier crawl. */
export function* readKeptLines(file: string): Generator<KeptLine & { url: string }> {
  const fd = openSync(file, 'r')
  try {
    const urls = new Map<number, string>()
    for (const { at, value } of linesOf(fd, fstatSync(fd).size)) {
      if (value[0] === 'a') urls.set(at, value[1] as string)
      else if (value[0] === 'd') urls.delete(value[1] as number)
      else if (value[0] === 'k') {
        const ref = value[1] as number
        yield { ref, time: value[2] as number, facts: value[3], url: urls.get(ref) ?? '' }
        urls.delete(ref)
      }
    }
  } finally {
    closeSync(fd)
  }
}

/** The last commit that holds, and where it ends. A commit before a sync mark is believed; one behind the last mark is checked. */
function readState(file: string, check: FileCheck): { state: CrawlLogState; end: number } | undefined {
  const fd = openSync(file, 'r')
  try {
    const size = fstatSync(fd).size
    let settings: unknown
    let hasEnded = false
    let last: { commit: Commit; end: number } | undefined
    let unsure: { commit: Commit; end: number; ended: boolean }[] = []
    for (const { value, end } of linesOf(fd, size)) {
      if (value[0] === 'q' && settings === undefined) settings = value[2]
      else if (value[0] === 'e') hasEnded = true
      else if (value[0] === 's') {
        last = unsure.at(-1) ?? last
        unsure = []
      } else if (value[0] === 'c')
        unsure.push({
          commit: { lengths: value[1] as number[], checks: value[2] as number[], summary: value[3] },
          end,
          ended: hasEnded,
        })
    }
    let state = last
    let ended = false
    for (const next of unsure) {
      const before = state?.commit.lengths
      const holds = next.commit.lengths.every((to, i) => check(i, before?.[i] ?? 0, to, next.commit.checks[i] ?? 0))
      if (!holds) break
      state = next
      ended = next.ended
    }
    if (settings === undefined || state === undefined) return undefined
    return { state: { settings, commit: state.commit, hasEnded: ended || (unsure.length === 0 && hasEnded) }, end: state.end }
  } finally {
    closeSync(fd)
  }
}

/** Lines up to the first that is torn or damaged, with where each begins and ends. */
function* linesOf(fd: number, size: number): Generator<{ at: number; end: number; value: unknown[] }> {
  let rest = Buffer.alloc(0)
  let restAt = 0
  for (let from = 0; from < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - from))
    const read = readSync(fd, chunk, 0, chunk.length, from)
    if (read === 0) return
    from += read
    const bytes = rest.length === 0 ? chunk.subarray(0, read) : Buffer.concat([rest, chunk.subarray(0, read)])
    let start = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      const value = parseLine(bytes.toString('utf8', start, end))
      if (value === undefined) return
      yield { at: restAt + start, end: restAt + end + 1, value }
      start = end + 1
    }
    restAt += start
    rest = bytes.subarray(start)
    if (rest.length > MAX_LINE) return
  }
}

function parseLine(line: string): unknown[] | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || crc32(json).toString(16).padStart(8, '0') !== line.slice(0, 8)) return undefined
  // the checksum says that these are our own bytes
  return JSON.parse(json) as unknown[]
}

function asItem(value: unknown[]): FrontierItem | undefined {
  if (value[0] !== 'a') return undefined
  const [, url, depth, via, redirects, linksOnly, attempts, isSitemap] = value as [
    'a',
    string,
    number,
    string | null,
    number,
    number,
    number,
    number,
  ]
  return { url, host: new URL(url).host, depth, via, redirects, linksOnly: linksOnly === 1, attempts, isSitemap: isSitemap === 1 }
}
