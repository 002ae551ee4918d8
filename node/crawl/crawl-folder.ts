/**
 * A crawl's folder: evidence.warc.gz, records.jsonl.gz, journal.jsonl, and frontier.log, by which it goes on after a kill.
 *
 * Pages are committed in groups: what they add to the files is written first, then one write adds the group's lines and its commit to the
 * log. So a killed process repeats what was under way (asked for, worked on, or waiting for its group) and nothing else. Once a second all
 * four files are synced, data before log: a lost machine repeats at most that second more, and its torn end is found by checksums.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../../core/effects/index.ts'
import { InvalidInputError, toError } from '../../core/errors/index.ts'
import { diskError } from '../../core/home/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import type { Measured } from '../../schemas/pipeline/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { CrawlLog, type FrontierItem, type RememberedItem } from '../frontier/index.ts'
import { contentsOf, factsOf, KEPT_LAYOUT, keptFacts, movedTo } from './earlier.ts'
import { holds, journalEnd, LOG, NAMES, type Place } from './folder-files.ts'
import { JournalChain, type JournalRow } from './journal.ts'
import { namesLinks } from './page-links.ts'
import { exists, PartFile, syncFolder } from './part-file.ts'
import type { RobotsCapture } from './site.ts'
import { type StoredPage, storedPages } from './stored-pages.ts'
import type { CrawlBook, CrawledPage, CrawlSummary, UnchangedPage } from './types.ts'

export interface CrawlFolderOptions {
  out: string
  clock: Clock
  /** What makes it this crawl and no other: a folder is gone on with only by the same. Plain JSON. */
  settings: unknown
  overwrite?: boolean | undefined
  warcinfo?: [name: string, value: string][] | undefined
  /** Signs the journal. */
  signer?: Signer | undefined
  /** Remember of every page what a batch needs, for `stored`. */
  isForSealing?: boolean | undefined
}

export interface FolderFile {
  path: string
  bytes: number
}

/** A group is written when it is this old, or this large. */
const GROUP_MS = 100
const GROUP_PAGES = 32
const GROUP_BYTES = 1 << 20
/** Beyond it pages wait until the disk has caught up. */
const MOST_WAITING_BYTES = 16 << 20
const SYNC_MS = 1000
const SEAL_LINES = 1000

export class CrawlFolder implements CrawlBook {
  readonly isResumed: boolean
  readonly #folder: string
  readonly #clock: Clock
  readonly #log: CrawlLog
  readonly #evidence: PartFile
  readonly #records: PartFile
  readonly #journal: PartFile
  readonly #chain: JournalChain
  readonly #before: CrawlSummary | undefined
  /** Where robots captures lie in the evidence. */
  readonly #written = new WeakMap<RobotsCapture, Place>()
  readonly #isForSealing: boolean
  readonly #stop = new AbortController()
  /** Told of the crawl's numbers at every commit. */
  summaryNow: () => CrawlSummary | undefined = () => undefined
  /** Of the journal, since the last group. */
  #lines: string[] = []
  #pages = 0
  #hasTimer = false
  #committing: Promise<void> | undefined
  #hasSyncTimer = false
  #isDirty = true
  #isSynced = false
  #nextSync = 0
  #fault: Error | undefined

  private constructor(options: CrawlFolderOptions, log: CrawlLog, files: PartFile[], chain: JournalChain, before?: CrawlSummary) {
    this.#folder = options.out
    this.#clock = options.clock
    this.#log = log
    this.#chain = chain
    this.#before = before
    this.#isForSealing = options.isForSealing ?? false
    this.isResumed = before !== undefined
    ;[this.#evidence, this.#records, this.#journal] = files as [PartFile, PartFile, PartFile]
  }

  /**
   * A new crawl's folder, or one whose crawl did not come to its end. Throws InvalidInputError OUT_EXISTS where other files lie or a crawl
   * ended, OTHER_CRAWL where an unfinished crawl has other settings, or its log another layout.
   */
  static async open(options: CrawlFolderOptions): Promise<CrawlFolder> {
    const { out, overwrite = false } = options
    try {
      await mkdir(out, { recursive: true })
      const resumed = overwrite ? undefined : await CrawlFolder.#resume(options)
      if (resumed !== undefined) return resumed
      if (!overwrite)
        for (const name of NAMES)
          if (await exists(path.join(out, name)))
            throw new InvalidInputError('OUT_EXISTS', `${name} is there already; choose another folder, or overwrite`)
      await rm(path.join(out, LOG), { force: true })
      const files: PartFile[] = []
      for (const name of NAMES) files.push(await PartFile.create(path.join(out, name)))
      const log = await CrawlLog.create(path.join(out, LOG), inLayout(options.settings))
      const folder = new CrawlFolder(options, log, files, new JournalChain(options.signer))
      folder.#evidence.add(warcinfoMember({ at: options.clock.now(), fields: options.warcinfo ?? [] }))
      await folder.#commit()
      return folder
    } catch (thrown) {
      throw diskError(thrown, out)
    }
  }

  static async #resume(options: CrawlFolderOptions): Promise<CrawlFolder | undefined> {
    const { out } = options
    const file = path.join(out, LOG)
    if (!(await exists(file))) return undefined
    const found = await CrawlLog.resume(file, (i, from, to, check) => holds(path.join(out, NAMES[i] as string), from, to, check))
    if (found === undefined) return undefined
    const { log, state } = found
    const refuse = async (code: string, message: string): Promise<never> => {
      await log.close()
      throw new InvalidInputError(code, message)
    }
    if (state.hasEnded) await refuse('OUT_EXISTS', 'a crawl that came to its end is there already; choose another folder, or overwrite')
    if (!isDeepStrictEqual(state.settings, JSON.parse(JSON.stringify(inLayout(options.settings)))))
      await refuse(
        'OTHER_CRAWL',
        'an unfinished crawl with other start pages or rules, or of another version, lies there; give the same, or overwrite it',
      )
    const [evidenceBytes = 0, recordBytes = 0] = state.commit.lengths
    const journal = await journalEnd(path.join(out, NAMES[2]))
    const files = [
      await PartFile.resume(path.join(out, NAMES[0]), evidenceBytes),
      await PartFile.resume(path.join(out, NAMES[1]), recordBytes),
      // its lines tell of requests that were made, whether their pages were committed or not
      await PartFile.resume(path.join(out, NAMES[2]), journal.bytes),
    ]
    return new CrawlFolder(options, log, files, new JournalChain(options.signer, journal.last), state.commit.summary as CrawlSummary)
  }

  add(item: FrontierItem): number {
    this.#wake()
    return this.#log.add(item)
  }

  take(ref: number): FrontierItem {
    return this.#log.take(ref)
  }

  done(ref: number, isCounted: boolean, time: number): void {
    this.#log.done(ref, isCounted, time)
    this.#pages++
    this.#wake()
  }

  dropped(host: string): void {
    this.#log.dropped(host)
    this.#wake()
  }

  remembered(): Iterable<RememberedItem> {
    return this.isResumed ? this.#log.remembered() : []
  }

  *contents(): Iterable<number> {
    if (!this.isResumed) return
    for (const { facts } of this.#log.keptLines()) {
      const parsed = keptFacts.safeParse(facts)
      if (parsed.success) yield* contentsOf(parsed.data)
    }
  }

  summary(): CrawlSummary | undefined {
    return this.#before
  }

  /** What an earlier process kept for sealing, in the order it was kept in. To be read before the crawl goes on. */
  *stored(): Generator<StoredPage, void> {
    if (this.isResumed) yield* storedPages(this.#folder, this.#log.keptLines())
  }

  journal(row: JournalRow): void {
    this.#lines.push(this.#chain.line(row))
    if (this.#chain.unsealed >= SEAL_LINES) this.#lines.push(this.#chain.seal())
    this.#wake()
  }

  /** Takes a page; resolves when there is room for another. Throws what a write before threw. */
  async keep(page: CrawledPage | UnchangedPage): Promise<void> {
    if (this.#fault !== undefined) throw this.#fault
    const { robots, ref } = page
    if (!this.#written.has(robots) && robots.evidence !== null) this.#written.set(robots, this.#place(robots.evidence.members))
    const hops = page.hops.map((hop) => this.#place(hop.evidence.members))
    const at = this.#records.bytes
    if ('measured' in page) {
      const { exchange, evidence, measured } = page
      const place = this.#place(evidence.members)
      // the members of a page lie together: one after the other they are its records, one in each line
      const rows = [measured, ...page.more].map((one) => {
        const from = this.#records.bytes
        this.#records.add(one.packed)
        return { digest: one.contentDigest, memberBytes: this.#records.bytes - from, row: rowOf(one, [from, this.#records.bytes - from]) }
      })
      // a record that names its links itself needs no second list of them, unless the page as a whole says not to follow them
      const links = page.links.length === 0 || !namesLinks(measured.record) ? page.links : undefined
      const facts = {
        ...factsOf(exchange, evidence, at, rows),
        ...(page.isPartial ? { isPartial: true } : {}),
        ...(links && { links }),
      }
      const seal = { evidence: place, hops, robots: this.#written.get(robots) ?? null, records: rows.map(({ row }) => row) }
      this.#log.kept(ref, exchange.fetchedAt, this.#isForSealing ? { ...facts, seal } : facts)
    } else {
      this.#evidence.add(...page.evidence.members)
      for (const { member } of page.records) this.#records.add(member)
      const kept = page.records.map(({ content, member }) => [content, member.byteLength] as const)
      this.#log.kept(ref, page.time, movedTo(page.facts, at, kept))
    }
    this.#pages++
    this.#wake()
    while (this.#evidence.waitingBytes + this.#records.waitingBytes > MOST_WAITING_BYTES && this.#fault === undefined) await this.#commit()
  }

  #place(members: Uint8Array[]): Place {
    const at = this.#evidence.bytes
    this.#evidence.add(...members)
    return [at, this.#evidence.bytes - at]
  }

  /** Names the files by their names. `isWhole`: nothing is left to go on with. */
  async finish(isWhole: boolean): Promise<{ evidence: FolderFile; records: FolderFile; journal: FolderFile }> {
    this.#stop.abort(new Error('finished'))
    this.#lines.push(this.#chain.seal())
    this.#isDirty = true
    await this.#commit()
    if (this.#fault !== undefined) throw this.#fault
    const files = [this.#evidence, this.#records, this.#journal]
    for (const file of files) await file.finish()
    this.#log.synced()
    // a batch is begun again from the folder until it is safe
    if (isWhole && !this.#isForSealing) this.#log.ended()
    // nothing was added since the commit above: its lengths again, and the checksum of nothing
    const lengths = [this.#evidence.bytes, this.#records.bytes]
    await this.#log.write(this.#log.cut({ lengths, checks: [0, 0], summary: this.summaryNow() ?? null }))
    await this.#log.sync()
    await this.#log.close()
    await syncFolder(this.#folder)
    const facts = ({ bytes }: PartFile, i: number): FolderFile => ({ path: path.join(this.#folder, NAMES[i] as string), bytes })
    const [evidence, records, journal] = files.map(facts) as [FolderFile, FolderFile, FolderFile]
    return { evidence, records, journal }
  }

  /** Commits what is there and leaves the folder to be gone on with. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('closed'))
    await this.#commit().catch(() => {})
    for (const file of [this.#evidence, this.#records, this.#journal]) await file.close()
    await this.#log.close().catch(() => {})
  }

  /** Sees to it that what was added gets written soon. */
  #wake(): void {
    this.#isDirty = true
    if (this.#stop.signal.aborted || this.#fault !== undefined) return
    if (this.#pages >= GROUP_PAGES || this.#evidence.waitingBytes >= GROUP_BYTES) {
      if (this.#committing === undefined) void this.#commit()
    } else if (!this.#hasTimer) {
      this.#hasTimer = true
      void this.#clock.sleep(GROUP_MS, this.#stop.signal).then(
        () => {
          this.#hasTimer = false
          return this.#commit()
        },
        () => {},
      )
    }
  }

  /** One group after the other. Never rejects: a fault is thrown by the next `keep` or by `finish`. */
  async #commit(): Promise<void> {
    while (this.#committing !== undefined) await this.#committing
    this.#committing = this.#write()
      .catch((thrown: unknown) => {
        this.#fault ??= diskError(toError(thrown), this.#folder)
      })
      .finally(() => {
        this.#committing = undefined
      })
    await this.#committing
  }

  async #write(): Promise<void> {
    if (this.#isDirty) await this.#writeGroup()
    if (this.#isSynced) return
    if (this.#clock.now() >= this.#nextSync) await this.#sync()
    else if (!this.#hasSyncTimer && !this.#stop.signal.aborted) {
      this.#hasSyncTimer = true
      void this.#clock.sleep(SYNC_MS, this.#stop.signal).then(
        () => {
          this.#hasSyncTimer = false
          return this.#commit()
        },
        () => {},
      )
    }
  }

  async #writeGroup(): Promise<void> {
    this.#isDirty = false
    this.#isSynced = false
    this.#pages = 0
    if (this.#lines.length > 0) this.#journal.add(utf8(this.#lines.join('')))
    this.#lines = []
    const files = [this.#evidence, this.#records]
    const marks = files.map((file) => file.mark())
    // the lines of this moment, before anything is awaited: they and the marks are one state
    const lines = this.#log.cut({
      lengths: marks.map(({ length }) => length),
      checks: marks.map(({ check }) => check),
      summary: this.summaryNow() ?? this.#before ?? null,
    })
    await Promise.all([this.#evidence.flush(), this.#records.flush(), this.#journal.flush()])
    await this.#log.write(lines)
  }

  /** Data first: the log's mark must not outlive what it vouches for. */
  async #sync(): Promise<void> {
    this.#nextSync = this.#clock.now() + SYNC_MS
    await Promise.all([this.#evidence.sync(), this.#records.sync(), this.#journal.sync()])
    await this.#log.sync()
    this.#log.synced()
    this.#isSynced = true
  }
}

/** A log of another layout would be gone on with as if it held fewer pages. */
const inLayout = (settings: unknown) => ({ layout: KEPT_LAYOUT, settings })

/** A record's index row as the log remembers it; `at` is its member's place in records.jsonl.gz. */
function rowOf({ host, language, tokens, quality, contentDigest, sketch }: Measured, at: Place) {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  return { at, host, language, tokens, quality, digest: text(contentDigest), sketch: text(sketch) }
}
