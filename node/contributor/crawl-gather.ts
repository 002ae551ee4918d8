/** Honest gathering: a polite crawl of the charter's sources, as far as the epoch's leases make them ours. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Web } from '../../core/web/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import { pipelineOptions } from '../../schemas/pipeline/index.ts'
import type { Charter } from '../../schemas/wire/index.ts'
import {
  crawl,
  type CrawledPage,
  CrawlFolder,
  type CrawlOptions,
  type DenyList,
  type JournalRow,
  runIntoFolder,
  storedPages,
} from '../crawl/index.ts'
import type { SealPage } from '../seal/index.ts'
import { CharterScope } from './charter-scope.ts'
import type { Gather, Gathered, GatherJob } from './gather.ts'
import { Selection } from './selection.ts'

export interface CrawlGatherOptions {
  clock: Clock
  logger: Logger
  /** The web by the charter's rules. */
  openWeb: (charter: Charter) => Promise<Web>
  /** Product token of the User-Agent, as robots.txt groups name it. */
  agentToken: string
  /** Where an epoch's crawl is written as it goes, so that a killed contributor goes on with it; in memory, to be begun again, when absent. */
  folder?: string
  /** Signs the journal. */
  signer?: Signer
  deny?: DenyList | undefined
  /** Every verdict of the crawl. */
  onJournal?: (row: JournalRow) => void
  /** Pace and limits that a test or a fast local network sets. */
  overrides?: Pick<Parameters<typeof crawl>[0], 'limits' | 'pace' | 'worker'>
  /** What its owner lets it do at most: never more than the charter. */
  own?: {
    pages?: number | undefined
    depth?: number | undefined
    delayMs?: number | undefined
    /** `host` stays on hosts where the charter allows domains. */
    scope?: Charter['sources']['scope'] | undefined
  }
}

/** Not every page gives a record: refusals, redirects, other people's pages on the way. */
const FETCHES_PER_RECORD = 3
/** A page that was kept is taken or left by the selection, or comes too late for it; a site that did not show its rules was not asked for the page. */
const STAYS_OPEN = new Set(['KEPT', 'ROBOTS_UNREACHABLE', 'RULES_UNREACHABLE'])

export function crawlGather(options: CrawlGatherOptions): Gather {
  return async (given) => {
    const { clock, openWeb, folder, own } = options
    const job = own?.scope === 'host' ? onHosts(given) : given
    const { sources, contact } = job.charter
    // pages of a host that others hold would be fetched for nothing but their links
    const scope = new CharterScope(sources, job.widenings)
    const selection = new Selection(job, scope)
    const seeds = [...sources.seeds, ...selection.earlier].filter(job.leased)
    if (job.limit === 0 || seeds.length === 0) return gathered(selection, scope, [], clock.now(), clock.now(), contact)
    const web = await openWeb(job.charter)
    try {
      const crawling = crawlOf(options, job, { scope, selection, seeds, web })
      const gathering = { crawling, job, scope, selection }
      return folder === undefined ? await inMemory(gathering) : await onDisk(gathering, folder, options.signer)
    } finally {
      await web[Symbol.asyncDispose]()
    }
  }
}

/** The same job on the hosts of the start pages alone. */
function onHosts(job: GatherJob): GatherJob {
  const { charter } = job
  return { ...job, charter: { ...charter, sources: { ...charter.sources, scope: 'host' } } }
}

interface Gathering {
  crawling: CrawlOptions & { logger: Logger }
  job: GatherJob
  scope: CharterScope
  selection: Selection
}

function crawlOf(
  options: CrawlGatherOptions,
  job: GatherJob,
  { scope, selection, seeds, web }: Pick<Gathering, 'scope' | 'selection'> & { seeds: string[]; web: Web },
): Gathering['crawling'] {
  const { clock, logger, agentToken, onJournal, deny, overrides = {}, own = {} } = options
  const { charter, mine, known, limit, until, share } = job
  const { sources } = charter
  const pages = limit * FETCHES_PER_RECORD + seeds.length
  return {
    web,
    clock,
    agentToken,
    logger,
    seeds,
    pipeline: charter.pipelines[0] as string,
    ...pipelineOptions(charter),
    profile: sources.profile,
    scope: sources.scope,
    scopeSeeds: sources.seeds,
    scopeHosts: scope.widenings.map(([host]) => host),
    onWidened: (host, seed) => scope.widen(host, seed),
    mine: (url) => mine(url) && !known(url),
    signal: until,
    deny,
    optedOut: job.optedOut,
    ...overrides,
    limits: {
      pages: Math.min(pages, own.pages ?? pages),
      ...(sources.maxPagesPerHost !== undefined && { pagesPerHost: sources.maxPagesPerHost }),
      depth: Math.min(sources.maxDepth, own.depth ?? sources.maxDepth),
      ...overrides.limits,
    },
    pace: { delayMs: sources.delayMs, leastMs: own.delayMs ?? 0, ...overrides.pace },
    share,
    onJournal: (row) => {
      if (!STAYS_OPEN.has(row.outcome)) selection.end(row.url)
      onJournal?.(row)
    },
  }
}

async function inMemory({ crawling, job, scope, selection }: Gathering): Promise<Gathered> {
  const { clock } = crawling
  const startedAt = clock.now()
  const pages: SealPage[] = []
  for await (const page of crawl(crawling)) {
    if (selection.take(page.url, 1 + page.more.length, page.links)) pages.push(sealPage(page))
    if (selection.isFull) break
  }
  return gathered(selection, scope, pages, startedAt, clock.now(), job.charter.contact)
}

/**
 * The same by way of a folder for each epoch. What an earlier process kept of this epoch counts, and is not asked for again. Folders of
 * other epochs are removed; of each only its journal stays.
 */
async function onDisk({ crawling, job, scope, selection }: Gathering, folder: string, signer: Signer | undefined): Promise<Gathered> {
  const { clock } = crawling
  const { charter, epoch, limit } = job
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await clearOthers(folder, epoch)
  const out = path.join(folder, `epoch-${epoch}`)
  const { pipeline, profile, agentToken } = crawling
  const open = (overwrite: boolean): Promise<CrawlFolder> =>
    CrawlFolder.open({
      out,
      clock,
      settings: { epoch, pipeline, scope: crawling.scope, profile, agentToken, charter: charter.version },
      overwrite,
      warcinfo: warcinfo(charter.contact),
      signer,
      isForSealing: true,
    })
  // what cannot be gone on with (another charter, a log of another version, a damaged one) is begun again
  const book = await open(false).catch((error: unknown) => {
    crawling.logger.warn('epoch-begun-again', { epoch, code: codeOf(error), message: String(error) })
    return open(true)
  })
  // pages that were kept count too: the selection meets them again
  for (const { item, isCounted } of book.remembered()) if (isCounted) selection.end(item.url)
  const enough = new AbortController()
  const signal = AbortSignal.any([crawling.signal as AbortSignal, enough.signal])
  // records, of which a page may give several
  let kept = [...book.contents()].length
  if (kept >= limit) enough.abort()
  const { startedAt } = await runIntoFolder({ ...crawling, signal }, book, (page) => {
    kept += 'measured' in page ? 1 + page.more.length : 1
    if (kept >= limit) enough.abort()
  })
  return selectedIn(out, selection, scope, startedAt, clock.now(), charter.contact)
}

/** What a finished crawl's folder holds for a batch. Its pages are read as they are sealed; in memory are only their URLs and their links. */
export function gatheredIn(out: string, job: Pick<GatherJob, 'limit' | 'known' | 'charter'>, startedAt: number, endedAt: number): Gathered {
  const scope = new CharterScope(job.charter.sources)
  return selectedIn(out, new Selection({ ...job, frontier: [] }, scope), scope, startedAt, endedAt, job.charter.contact)
}

function selectedIn(out: string, selection: Selection, scope: CharterScope, startedAt: number, endedAt: number, contact: string): Gathered {
  for (const { url, count, links } of storedPages(out)) selection.take(url, count, links())
  const taken = new Set(selection.urls)
  return gathered(selection, scope, { [Symbol.iterator]: () => sealPages(out, taken) }, startedAt, endedAt, contact)
}

function gathered(
  selection: Selection,
  scope: CharterScope,
  pages: Iterable<SealPage>,
  startedAt: number,
  endedAt: number,
  contact: string,
): Gathered {
  return {
    warcinfo: [warcinfoMember({ at: startedAt, fields: warcinfo(contact) })],
    pages,
    urls: selection.urls,
    frontier: selection.frontier(),
    widenings: scope.widenings,
    from: Math.floor(startedAt / 1000),
    to: Math.ceil(endedAt / 1000),
  }
}

async function clearOthers(folder: string, epoch: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const other = /^epoch-(\d+)$/.exec(name)?.[1]
    if (other === undefined || Number(other) === epoch) continue
    const journal = path.join(folder, name, 'journal.jsonl')
    await rename(journal, path.join(folder, `journal-${other}.jsonl`)).catch(() => {})
    await rm(path.join(folder, name), { recursive: true, force: true })
  }
}

const warcinfo = (contact: string): [string, string][] => [
  ['software', 'quern'],
  ['operator', contact],
]

/** The pages of a finished folder that were taken, for `sealInto`. */
export function* sealPages(out: string, taken: ReadonlySet<string>): Generator<SealPage, void> {
  for (const { url, records, hops, evidence, robots } of storedPages(out)) {
    if (!taken.has(url)) continue
    yield {
      hops: hops().map((hop) => [hop]),
      evidence: [evidence()],
      robots: robots && { name: robots.at, read: () => [robots.read()] },
      records: records(),
    }
  }
}

function sealPage({ measured, more, evidence, hops, robots, packed }: CrawledPage): SealPage {
  const captured = robots.evidence?.members
  return {
    hops: hops.map((hop) => hop.evidence.members),
    evidence: evidence.members,
    robots: captured === undefined ? null : { name: robots, read: () => captured },
    records: [{ ...measured, packed }, ...more],
  }
}
