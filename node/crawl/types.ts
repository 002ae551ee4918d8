import type { Clock, Logger } from '../../core/effects/index.ts'
import type { Web } from '../../core/web/index.ts'
import type { Exchange, FetchGroup } from '../../schemas/evidence/index.ts'
import type { TrainDecision } from '../../schemas/permission/index.ts'
import type { Measured } from '../../schemas/pipeline/index.ts'
import type { SelectorSchema } from '../../schemas/wire/index.ts'
import type { FrontierLimits, Scope, TrapLimits } from '../frontier/index.ts'
import type { JournalRow } from './journal.ts'
import type { PaceOptions } from './pace.ts'
import type { PageWorker } from './page-work.ts'
import type { RobotsCapture } from './site.ts'

export interface CrawlOptions {
  web: Web
  clock: Clock
  seeds: readonly string[]
  /** Product token that robots.txt is asked about: the first word of the web's user agent. */
  agentToken: string
  /** Id of the replay path; the newest when absent. */
  pipeline?: string
  /** The charter's quality weights. */
  qualityWeights?: Record<string, number>
  /** The charter's own schemas, one of which `pipeline` may name. */
  selectors?: readonly SelectorSchema[]
  /** What an absent training statement means: strict drops the page, standard keeps it. A reservation is never kept. */
  profile?: 'strict' | 'standard'
  scope?: Scope
  limits?: Partial<CrawlLimits>
  traps?: Partial<TrapLimits>
  pace?: Partial<PaceOptions>
  /** The lease filter: pages that answer false are another contributor's. Seeds of others are fetched for their links only. */
  mine?: (url: string) => boolean
  /** Drop a page whose content was kept already in this crawl (on by default). */
  dropDuplicates?: boolean
  /** Every verdict, in the order they fell. */
  onJournal?: (row: JournalRow) => void
  /** Where pages are worked on; this thread when absent. */
  worker?: PageWorker
  signal?: AbortSignal
  logger?: Logger
}

export interface CrawlLimits extends FrontierLimits {
  /** Hosts crawled at the same time. */
  hosts: number
  /** Requests under way at the same time. */
  requests: number
  /** Redirects followed from one link. */
  redirects: number
  /** Tries of one page that fails for reasons that may pass. */
  tries: number
  /** Failures in a row after which a host is left alone. */
  hostFailures: number
  /** Body bytes as received. */
  pageBytes: number
  /** Robots captures remembered. */
  sites: number
}

/** A redirect on the way to a page. */
export interface Hop {
  exchange: Exchange
  evidence: FetchGroup
}

/** A page that was kept: exactly what a batch is sealed from. */
export interface CrawledPage {
  url: string
  depth: number
  exchange: Exchange
  measured: Measured
  /** Further records of the same page, where the schema takes several from one. */
  more: readonly Measured[]
  /** Where the page leads, as far as it lets crawlers follow. */
  links: readonly string[]
  training: TrainDecision
  /** The fetch's WARC members (request, response, metadata), gzip each; the metadata names the robots capture. */
  evidence: FetchGroup
  /** Redirects that led here, first to last. */
  hops: Hop[]
  /** The robots.txt capture that allowed the fetch: one object for all pages of an origin. */
  robots: RobotsCapture
}

export interface CrawlSummary {
  kept: number
  /** Pages asked for, robots.txt and other site files not counted. */
  fetched: number
  /** Body bytes of everything received. */
  bytes: number
  hosts: number
  /** Journal rows by outcome. */
  outcomes: Record<string, number>
  startedAt: number
  endedAt: number
  aborted: boolean
}
