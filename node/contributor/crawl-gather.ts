/** Honest gathering: a polite crawl of the charter's sources, as far as the epoch's leases make them ours. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock, Logger } from '../../core/effects/index.ts'
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
  type RobotsCapture,
  runIntoFolder,
} from '../crawl/index.ts'
import type { SealRecord } from '../seal/index.ts'
import { type Gather, type Gathered, type GatherJob, MAX_KEPT_FRONTIER } from './gather.ts'

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
  own?: { pages?: number | undefined; depth?: number | undefined; delayMs?: number | undefined }
}

/** Two lease holders share a host and each keeps twice its delay: together they are one polite crawler. */
const HOLDERS = 2
/** Not every page gives a record: refusals, redirects, other people's pages on the way. */
const FETCHES_PER_RECORD = 3

export function crawlGather(options: CrawlGatherOptions): Gather {
  return async (job) => {
    const { clock, openWeb, folder } = options
    const { sources, contact } = job.charter
    // pages of a host that others hold would be fetched for nothing but their links
    const seeds = [...sources.seeds, ...job.frontier].filter(job.leased)
    if (job.limit === 0 || seeds.length === 0) return new Harvest(clock.now(), contact).finish(clock.now(), job.known)
    const web = await openWeb(job.charter)
    try {
      const crawling = crawlOf(options, job, seeds, web)
      return folder === undefined ? await inMemory(crawling, job) : await onDisk(crawling, job, folder, options.signer)
    } finally {
      await web[Symbol.asyncDispose]()
    }
  }
}

function crawlOf(options: CrawlGatherOptions, job: GatherJob, seeds: string[], web: Web): CrawlOptions {
  const { clock, logger, agentToken, onJournal, deny, overrides = {}, own = {} } = options
  const { charter, mine, known, limit, until } = job
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
    mine: (url) => mine(url) && !known(url),
    signal: until,
    deny,
    optedOut: job.optedOut,
    ...overrides,
    limits: {
      pages: Math.min(pages, own.pages ?? pages),
      depth: Math.min(sources.maxDepth, own.depth ?? sources.maxDepth),
      ...overrides.limits,
    },
    pace: { delayMs: Math.max(sources.delayMs * HOLDERS, own.delayMs ?? 0), ...overrides.pace },
    ...(onJournal ? { onJournal } : {}),
  }
}

async function inMemory(crawling: CrawlOptions, { charter, known, limit }: GatherJob): Promise<Gathered> {
  const { clock } = crawling
  const harvest = new Harvest(clock.now(), charter.contact)
  for await (const page of crawl(crawling)) {
    harvest.add(page, limit)
    if (harvest.count >= limit) break
  }
  return harvest.finish(clock.now(), known)
}

/**
 * The same by way of a folder for each epoch. What an earlier process kept of this epoch counts, and is not asked for again. Folders of
 * other epochs are removed; of each only its journal stays.
 */
async function onDisk(crawling: CrawlOptions, job: GatherJob, folder: string, signer: Signer | undefined): Promise<Gathered> {
  const { clock } = crawling
  const { charter, epoch, limit, known } = job
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await clearOthers(folder, epoch)
  const out = path.join(folder, `epoch-${epoch}`)
  const { pipeline, scope, profile, agentToken } = crawling
  const open = (overwrite: boolean): Promise<CrawlFolder> =>
    CrawlFolder.open({
      out,
      clock,
      settings: { epoch, pipeline, scope, profile, agentToken, charter: charter.version },
      overwrite,
      warcinfo: warcinfo(charter.contact),
      signer,
      isForSealing: true,
    })
  // what cannot be gone on with (another charter, a damaged log) is begun again
  const book = await open(false).catch(() => open(true))
  const enough = new AbortController()
  const signal = AbortSignal.any([crawling.signal as AbortSignal, enough.signal])
  // records, of which a page may give several
  let kept = [...book.contents()].length
  if (kept >= limit) enough.abort()
  const { startedAt } = await runIntoFolder({ ...crawling, signal }, book, (page) => {
    kept += 'measured' in page ? 1 + page.more.length : 1
    if (kept >= limit) enough.abort()
  })
  const harvest = new Harvest(startedAt, charter.contact)
  for (const page of CrawlFolder.sealed(out)) {
    if (harvest.count >= limit) break
    harvest.addSealed(page, limit)
  }
  return harvest.finish(clock.now(), known)
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

/** A kept page as its folder holds it. */
export type SealedPage = ReturnType<typeof CrawlFolder.sealed> extends Generator<infer Page> ? Page : never

type Row = Omit<SealRecord, 'evidenceGroup' | 'robotsGroup'>

class Harvest {
  readonly #records: SealRecord[] = []
  readonly #groups: Uint8Array[][]
  readonly #urls: string[] = []
  readonly #robots = new Map<RobotsCapture | number, number | null>()
  readonly #links = new Set<string>()
  readonly #startedAt: number

  constructor(startedAt: number, contact: string) {
    this.#startedAt = startedAt
    this.#groups = [[warcinfoMember({ at: startedAt, fields: warcinfo(contact) })]]
  }

  get count(): number {
    return this.#records.length
  }

  add({ url, measured, more, links, evidence, hops, robots, packed }: CrawledPage, limit: number): void {
    const robotsGroup = this.#robotsGroup(robots, robots.evidence?.members ?? null)
    for (const hop of hops) this.#groups.push(hop.evidence.members)
    this.#groups.push(evidence.members)
    this.#take(url, [{ ...measured, packed }, ...more], links, robotsGroup, limit)
  }

  addSealed({ url, records, links, robots, hops, evidence }: SealedPage, limit: number): void {
    const robotsGroup = this.#robotsGroup(robots?.at ?? -1, robots === null ? null : [robots.bytes])
    for (const hop of hops) this.#groups.push([hop])
    this.#groups.push([evidence])
    this.#take(url, records, links, robotsGroup, limit)
  }

  finish(endedAt: number, known: (url: string) => boolean): Gathered {
    const fetched = new Set(this.#urls)
    return {
      records: this.#records,
      groups: this.#groups,
      urls: this.#urls,
      frontier: [...this.#links].filter((link) => !fetched.has(link) && !known(link)),
      from: Math.floor(this.#startedAt / 1000),
      to: Math.ceil(endedAt / 1000),
    }
  }

  /** One fetch, the last group, stands behind all records of a page. */
  #take(url: string, records: Row[], links: readonly string[], robotsGroup: number | null, limit: number): void {
    for (const record of records.slice(0, limit - this.count)) {
      this.#records.push({ ...record, evidenceGroup: this.#groups.length - 1, robotsGroup })
      this.#urls.push(url)
    }
    if (this.#links.size < MAX_KEPT_FRONTIER) for (const link of links) this.#links.add(link.replace(/#.*$/, ''))
  }

  /** `name`: what tells one capture from another. */
  #robotsGroup(name: RobotsCapture | number, members: Uint8Array[] | null): number | null {
    const placed = this.#robots.get(name)
    if (placed !== undefined) return placed
    const group = members === null ? null : this.#groups.push(members) - 1
    this.#robots.set(name, group)
    return group
  }
}
