/** Honest gathering: a polite crawl of the charter's sources, as far as the epoch's leases make them ours. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import type { Web } from '../../core/web/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import { pipelineOptions } from '../../schemas/pipeline/index.ts'
import type { Charter } from '../../schemas/wire/index.ts'
import { crawl, type CrawledPage, type JournalRow, type RobotsCapture } from '../crawl/index.ts'
import type { SealRecord } from '../seal/index.ts'
import { type Gather, type Gathered, MAX_KEPT_FRONTIER } from './gather.ts'

export interface CrawlGatherOptions {
  clock: Clock
  logger: Logger
  /** The web by the charter's rules. */
  openWeb: (charter: Charter) => Promise<Web>
  /** Product token of the User-Agent, as robots.txt groups name it. */
  agentToken: string
  /** Every verdict of the crawl. */
  onJournal?: (row: JournalRow) => void
  /** Pace and limits that a test or a fast local network sets. */
  overrides?: Pick<Parameters<typeof crawl>[0], 'limits' | 'pace' | 'worker'>
}

/** Two lease holders share a host and each keeps twice its delay: together they are one polite crawler. */
const HOLDERS = 2
/** Not every page gives a record: refusals, redirects, other people's pages on the way. */
const FETCHES_PER_RECORD = 3

export function crawlGather({ clock, logger, openWeb, agentToken, onJournal, overrides = {} }: CrawlGatherOptions): Gather {
  return async ({ charter, mine, leased, known, frontier, limit, until }) => {
    const { sources } = charter
    const harvest = new Harvest(clock.now(), charter.contact)
    // pages of a host that others hold would be fetched for nothing but their links
    const seeds = [...sources.seeds, ...frontier].filter(leased)
    if (limit === 0 || seeds.length === 0) return harvest.finish(clock.now(), known)
    const web = await openWeb(charter)
    try {
      const pages = crawl({
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
        ...overrides,
        limits: { pages: limit * FETCHES_PER_RECORD + seeds.length, depth: sources.maxDepth, ...overrides.limits },
        pace: { delayMs: sources.delayMs * HOLDERS, ...overrides.pace },
        ...(onJournal ? { onJournal } : {}),
      })
      for await (const page of pages) {
        harvest.add(page, limit)
        if (harvest.count >= limit) break
      }
    } finally {
      await web[Symbol.asyncDispose]()
    }
    return harvest.finish(clock.now(), known)
  }
}

class Harvest {
  readonly #records: SealRecord[] = []
  readonly #groups: Uint8Array[][]
  readonly #urls: string[] = []
  readonly #robots = new Map<RobotsCapture, number | null>()
  readonly #links = new Set<string>()
  readonly #startedAt: number

  constructor(startedAt: number, contact: string) {
    this.#startedAt = startedAt
    this.#groups = [
      [
        warcinfoMember({
          at: startedAt,
          fields: [
            ['software', 'quern'],
            ['operator', contact],
          ],
        }),
      ],
    ]
  }

  get count(): number {
    return this.#records.length
  }

  add({ url, measured, more, links, evidence, hops, robots }: CrawledPage, limit: number): void {
    const robotsGroup = this.#robotsGroup(robots)
    for (const hop of hops) this.#groups.push(hop.evidence.members)
    this.#groups.push(evidence.members)
    // one fetch stands behind all records of a page
    for (const one of [measured, ...more].slice(0, limit - this.count)) {
      this.#records.push({ ...one, evidenceGroup: this.#groups.length - 1, robotsGroup })
      this.#urls.push(url)
    }
    if (this.#links.size < MAX_KEPT_FRONTIER) for (const link of links) this.#links.add(link.replace(/#.*$/, ''))
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

  #robotsGroup(capture: RobotsCapture): number | null {
    const placed = this.#robots.get(capture)
    if (placed !== undefined) return placed
    const group = capture.evidence === null ? null : this.#groups.push(capture.evidence.members) - 1
    this.#robots.set(capture, group)
    return group
  }
}
