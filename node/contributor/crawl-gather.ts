/** Honest gathering: a polite crawl of the charter's sources, as far as the epoch's leases make them ours. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Web } from '../../core/web/index.ts'
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
  type StoredPage,
} from '../crawl/index.ts'
import type { SealPage } from '../seal/index.ts'
import { CharterScope } from './charter-scope.ts'
import { type Gather, type Gathered, type GatherJob, warcinfo } from './gather.ts'
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
    const { sources } = job.charter
    // pages of a host that others hold would be fetched for nothing but their links
    const scope = new CharterScope(sources, job.widenings)
    const selection = new Selection(job, scope)
    const seeds = [...sources.seeds, ...selection.earlier].filter(job.leased)
    if (job.limit === 0 || seeds.length === 0) return gathered({ selection, scope }, clock.now(), clock.now())
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
  for await (const page of crawl(crawling)) {
    const sealed = sealPage(page)
    if (selection.take(page.url, sealed.records.length, page.links)) await job.seal(sealed)
    if (selection.isFull) break
  }
  return gathered({ selection, scope }, startedAt, clock.now())
}

/**
 * The same by way of a folder for each epoch. What an earlier process kept of this epoch is sealed first, and is not asked for again. Folders of
 * other epochs are removed; of each only its journal stays.
 */
async function onDisk({ crawling, job, scope, selection }: Gathering, folder: string, signer: Signer | undefined): Promise<Gathered> {
  const { clock } = crawling
  const { limit, seal } = job
  const book = await openBook(crawling, job, folder, signer)
  const enough = new AbortController()
  const signal = AbortSignal.any([crawling.signal as AbortSignal, enough.signal])
  let kept = 0
  const take = async (url: string, links: readonly string[], page: SealPage): Promise<void> => {
    kept += page.records.length
    if (kept >= limit) enough.abort()
    if (selection.take(url, page.records.length, links)) await seal(page)
  }
  try {
    // pages that were kept count too: the selection meets them again
    for (const { item, isCounted } of book.remembered()) if (isCounted) selection.end(item.url)
    for (const page of book.stored()) {
      job.signal.throwIfAborted()
      await take(page.url, page.links, sealStored(page))
    }
  } catch (thrown) {
    await book.close()
    throw thrown
  }
  const { startedAt } = await runIntoFolder({ ...crawling, signal }, book, async (page) => {
    // without an earlier crawl no page is unchanged
    if ('measured' in page) await take(page.url, page.links, sealPage(page))
  })
  return gathered({ selection, scope }, startedAt, clock.now())
}

async function openBook(
  crawling: Gathering['crawling'],
  { charter, epoch }: GatherJob,
  folder: string,
  signer: Signer | undefined,
): Promise<CrawlFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await clearOthers(folder, epoch)
  const { clock, pipeline, scope, profile, agentToken, logger } = crawling
  const open = (overwrite: boolean): Promise<CrawlFolder> =>
    CrawlFolder.open({
      out: path.join(folder, `epoch-${epoch}`),
      clock,
      settings: { epoch, pipeline, scope, profile, agentToken, charter: charter.version },
      overwrite,
      warcinfo: warcinfo(charter.contact),
      signer,
      isForSealing: true,
    })
  // what cannot be gone on with (another charter, a log of another version, a damaged one) is begun again
  return open(false).catch((error: unknown) => {
    logger.warn('epoch-begun-again', { epoch, code: codeOf(error), message: String(error) })
    return open(true)
  })
}

function gathered({ selection, scope }: Pick<Gathering, 'selection' | 'scope'>, startedAt: number, endedAt: number): Gathered {
  return {
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

function sealStored({ hops, evidence, robots, records }: StoredPage): SealPage {
  return {
    hops: hops.map((hop) => [hop]),
    evidence: [evidence],
    robots: robots && { name: robots, read: () => [robots.read()] },
    records,
  }
}

/** A page as a crawl hands it over, for a batch. */
export function sealPage({ measured, more, evidence, hops, robots }: CrawledPage): SealPage {
  const captured = robots.evidence?.members
  return {
    hops: hops.map((hop) => hop.evidence.members),
    evidence: evidence.members,
    robots: captured === undefined ? null : { name: robots, read: () => captured },
    records: [measured, ...more],
  }
}
