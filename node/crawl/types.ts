import type { Clock, Logger } from '../../core/effects/index.ts'
import type { Web } from '../../core/web/index.ts'
import type { PaceShare } from '../../dao/ledger/index.ts'
import type { Exchange, FetchGroup } from '../../schemas/evidence/index.ts'
import type { TrainDecision } from '../../schemas/permission/index.ts'
import type { FrontierLimits, ItemBook, RememberedItem, Scope, TrapLimits } from '../frontier/index.ts'
import type { DenyList } from './deny-list.ts'
import type { EarlierVisits, KeptFacts } from './earlier.ts'
import type { SelectorSchema } from '../../schemas/wire/index.ts'
import type { JournalRow } from './journal.ts'
import type { PaceOptions } from './pace.ts'
import type { PageRecord, PageWorker } from './page-work.ts'
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
  /** The start pages that make the scope, where `seeds` are more or fewer than they. */
  scopeSeeds?: readonly string[]
  /** Hosts (with port) that belong to it besides. */
  scopeHosts?: readonly string[]
  /** Told of every host that joins the scope because a start page redirects there; more than once where several requests lead there. */
  onWidened?: (host: string, seed: string) => void
  limits?: Partial<CrawlLimits>
  traps?: Partial<TrapLimits>
  pace?: Partial<PaceOptions>
  /** The lease filter: pages that answer false are another contributor's. Seeds of others are fetched for their links only. */
  mine?: (url: string) => boolean
  /**
   * What of the pace of a host (with port) is this crawl's, because others ask it too; asked before every request. Every host is begun with a
   * rest then: somebody else may have asked it a moment ago. All of it when absent.
   */
  share?: (host: string) => PaceShare
  /** Drop a page whose content was kept already in this crawl (on by default). */
  dropDuplicates?: boolean | undefined
  /** Every verdict, in the order they fell. */
  onJournal?: (row: JournalRow) => void
  /** Read the sitemaps that a host's robots.txt names (on by default). */
  sitemaps?: boolean
  /** Where this contributor does not go. */
  deny?: DenyList | undefined
  /** Why nobody goes to a URL any more, by the log; asked again at each URL's turn and when its answer is there. Rule files are closed by what closes all of their host. */
  optedOut?: ((url: string, what: 'page' | 'rules') => string | undefined) | undefined
  /** An earlier crawl's pages: asked for conditionally, and kept as revisits where nothing changed. Of no use under another profile, pipeline or agent. */
  earlier?: EarlierVisits | undefined
  /** Where the crawl remembers what it did; nowhere when absent. */
  book?: CrawlBook | undefined
  /** Where pages are worked on; this thread when absent. */
  worker?: PageWorker | undefined
  signal?: AbortSignal
  logger?: Logger
}

export interface CrawlLimits extends FrontierLimits {
  /** Hosts crawled at the same time. */
  hosts: number
  /** Requests under way at the same time. */
  requests: number
  /** Pages being worked on in other threads, or waiting to be, at the same time. */
  working: number
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
  /** Sitemaps read of one host. */
  sitemapsPerHost: number
}

/** What a crawl remembers, so that it can go on after it was killed. */
export interface CrawlBook extends ItemBook {
  /** It holds what an earlier process left. */
  isResumed: boolean
  remembered(): Iterable<RememberedItem>
  /** The contents of pages kept so far, as `contentNumber` gives them. */
  contents(): Iterable<number>
  /** The summary as the earlier process left it. */
  summary(): CrawlSummary | undefined
  /** An item came to its end without a record. */
  done(ref: number, isCounted: boolean, time: number): void
  /** This host is given up, with whatever waits for it. */
  dropped(host: string): void
}

/** A redirect on the way to a page. */
export interface Hop {
  exchange: Exchange
  evidence: FetchGroup
}

/** A page that was kept: exactly what a batch is sealed from. */
export interface CrawledPage {
  /** Its number in the crawl's book; whoever takes the page ends it there. */
  ref: number
  url: string
  depth: number
  exchange: Exchange
  measured: PageRecord
  /** Further records of the same page, where the schema takes several from one. */
  more: readonly PageRecord[]
  /** Others of its records are not among these: their content was kept already. */
  isPartial: boolean
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

/** A page that an earlier crawl kept and that did not change since. */
export interface UnchangedPage {
  ref: number
  url: string
  depth: number
  /** Request, revisit and metadata. */
  evidence: FetchGroup
  /** Redirects that led here this time, first to last. */
  hops: Hop[]
  robots: RobotsCapture
  facts: KeptFacts
  /** The earlier records whose content was not kept already, with the content's number, gzipped. */
  records: readonly { content: number; member: Uint8Array }[]
  /** Start of this fetch. */
  time: number
}

export type Deliver = (page: CrawledPage | UnchangedPage) => Promise<void>

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
