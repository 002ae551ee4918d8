/** `quern crawl`: a crawl as three ordinary files, without a mesh. */
import { access, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import { gzipMember, warcinfoMember } from '../../schemas/evidence/index.ts'
import { concatBytes, utf8 } from '../../schemas/wire/index.ts'
import { crawl } from './crawl.ts'
import { journalLine, type JournalRow } from './journal.ts'
import { PartFile, syncFolder } from './part-file.ts'
import type { RobotsCapture } from './site.ts'
import type { CrawledPage, CrawlOptions, CrawlSummary } from './types.ts'

export interface FolderOptions extends CrawlOptions {
  /** Made when missing. */
  out: string
  /** Replace files of an earlier crawl. */
  overwrite?: boolean
  /** What the WARC says about who wrote it: `software`, `http-header-user-agent`, `operator`… */
  warcinfo?: [name: string, value: string][]
  /** Progress: every kept page, before it is written. */
  onPage?: (page: CrawledPage) => void
}

export interface FolderSummary extends CrawlSummary {
  files: { evidence: FolderFile; records: FolderFile; journal: FolderFile }
}
export interface FolderFile {
  path: string
  bytes: number
}

const NAMES = { evidence: 'evidence.warc.gz', records: 'records.jsonl.gz', journal: 'journal.jsonl' } as const
const NEWLINE = utf8('\n')

/**
 * Crawls into `out`: evidence.warc.gz, records.jsonl.gz (one gzip member per record and per WARC record) and journal.jsonl. The names
 * appear when the files are whole; an aborted crawl is finished with what it has. Throws InvalidInputError OUT_EXISTS and what `crawl` throws.
 */
export async function crawlToFolder(options: FolderOptions): Promise<FolderSummary> {
  const { out, overwrite = false, clock, warcinfo = [], onPage, onJournal } = options
  await mkdir(out, { recursive: true })
  const paths = { evidence: path.join(out, NAMES.evidence), records: path.join(out, NAMES.records), journal: path.join(out, NAMES.journal) }
  if (!overwrite) await Promise.all(Object.values(paths).map(refuseExisting))
  await using stack = new AsyncDisposableStack()
  const openPart = async (name: string): Promise<PartFile> => stack.adopt(await PartFile.create(name), (part) => part.discard())
  const evidence = await openPart(paths.evidence)
  const records = await openPart(paths.records)
  const journal = await openPart(paths.journal)

  evidence.add(warcinfoMember({ at: clock.now(), fields: warcinfo }))
  const written = new WeakSet<RobotsCapture>()
  const pages = crawl({
    ...options,
    onJournal: (row: JournalRow) => {
      journal.add(utf8(`${journalLine(row)}\n`))
      onJournal?.(row)
    },
  })
  let step = await pages.next()
  for (; step.done !== true; step = await pages.next()) {
    const page = step.value
    onPage?.(page)
    if (!written.has(page.robots) && page.robots.evidence !== null) evidence.add(...page.robots.evidence.members)
    written.add(page.robots)
    for (const hop of page.hops) evidence.add(...hop.evidence.members)
    evidence.add(...page.evidence.members)
    for (const { record } of [page.measured, ...page.more]) records.add(gzipMember(concatBytes(record, NEWLINE)))
    await evidence.flush()
    await records.flush()
    await journal.flush()
  }
  const files = [evidence, records, journal]
  for (const file of files) await file.finish()
  // the files bear their names now: nothing is left to discard
  stack.move()
  await syncFolder(out)
  const facts = (name: keyof typeof paths, { bytes }: PartFile): FolderFile => ({ path: paths[name], bytes })
  return {
    ...step.value,
    files: { evidence: facts('evidence', evidence), records: facts('records', records), journal: facts('journal', journal) },
  }
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await access(file).then(
    () => true,
    () => false,
  )
  if (exists) throw new InvalidInputError('OUT_EXISTS', `${path.basename(file)} is there already; choose another folder, or overwrite`)
}
