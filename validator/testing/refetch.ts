/** T1 and T2: fetches a record's page again from here, by its site's rules, and asks whether an honest page could have changed so. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { AskedSite } from '../../core/web/index.ts'
import { isSamePage, pipelineOptions, runPipeline } from '../../schemas/pipeline/index.ts'
import type { Charter, Check } from '../../schemas/wire/index.ts'
import { type Exchange, redirectTarget } from '../../schemas/evidence/index.ts'
import { type AskingTime, HostClosedError, MAX_REST_MS, type PoliteWeb, type Visit } from '../manners/index.ts'
import type { OptedOut } from './opted-out.ts'
import type { Patience } from './shares.ts'
import { isForbidden, reservationOf, SiteMemory } from './site-memory.ts'

/** T1: the page says something else, or was reserved from training. T2: gone, refused, forbidden to us, or not to be had in the time there is. null on a pass, and where it, or what its site's rules lead to, was opted out since. */
export type Refetched = Extract<Check, 'T1' | 'T2'> | null

export interface Page {
  /** Whose record it is: contributors take turns at a host. */
  contributor: string
  charter: Charter
  pipeline: string
  url: string
  /** Canonical JSON bytes of the record under test. */
  record: Uint8Array
  /** Product token that it was fetched under. */
  agent: string
  /** When the contributor fetched it, Unix milliseconds. */
  fetchedAt: number
  /** Whether an address had opted out before anybody honest could have asked for it on behalf of this page. */
  optedOut: OptedOut
}

/** A page that says of itself, by a header or in its head, that it is not for training. */
export interface ReservedPage {
  url: string
  site: AskedSite
  /** Answers that led on to it, in their order. */
  hops: Exchange[]
  exchange: Exchange
}

export interface RefetcherOptions {
  web: PoliteWeb
  clock: Clock
  logger: Logger
  onReserved?: (found: ReservedPage) => void
}

const MAX_HOPS = 5
const ATTEMPTS = 3
const RETRY_MS = 1000
/** A host that gave nothing in the whole time of so many pages, or while they waited longer than anybody does, is not asked any more in this epoch: it would take time from every page behind it. */
const MAX_SILENT_PAGES = 2

export class Refetcher {
  readonly #web: PoliteWeb
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onReserved: (found: ReservedPage) => void
  /** What sites say about themselves, asked once for all their pages. */
  readonly #sites: SiteMemory
  /** Pages in a row for which a host gave nothing. */
  readonly #silent = new Map<string, number>()

  /** `onReserved` is told of every page that reserves itself now, whether or not it did when it was fetched; it may be told of one more than once. */
  constructor({ web, clock, logger, onReserved = () => undefined }: RefetcherOptions) {
    this.#web = web
    this.#onReserved = onReserved
    this.#clock = clock
    this.#logger = logger
    this.#sites = new SiteMemory(web)
  }

  /** Fetches the page again. Rejects with the signal's reason when it ends first. */
  async check(page: Page, patience: Pick<Patience, 'pageMs' | 'attemptMs' | 'waitMs'>, signal: AbortSignal): Promise<Refetched> {
    const { host } = new URL(page.url)
    const time = { leftMs: patience.pageMs, mostMs: patience.attemptMs, waitMs: patience.waitMs }
    try {
      const { found, hasAnswered } = await this.#attempts(page, { who: page.contributor, time, signal })
      const isInVain = !hasAnswered && patience.waitMs - time.waitMs > MAX_REST_MS
      if (found === 'T2' && (isOver(time) || isInVain)) {
        this.#silent.set(host, (this.#silent.get(host) ?? 0) + 1)
        this.#logger.debug('host-silent', { host, pages: this.#silent.get(host) })
      } else if (found !== 'T2') this.#silent.delete(host)
      return found
    } catch (error) {
      signal.throwIfAborted()
      // where nobody asks any more, for the page or for the rules of its site, nothing can be held against who asked before
      if (error instanceof HostClosedError) return page.optedOut(error.url, error.what) ? 'T2' : null
      throw error
    }
  }

  /** The best of a few attempts, as far as the page's time goes. */
  async #attempts(page: Page, visit: Visit & { time: AskingTime }): Promise<{ found: Refetched; hasAnswered: boolean }> {
    let found: Refetched = 'T2'
    let hasAnswered = false
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if ((this.#silent.get(new URL(page.url).host) ?? 0) >= MAX_SILENT_PAGES) break
      const answer = await this.#follow(page, visit)
      hasAnswered ||= answer !== null
      if (answer === 'FORBIDDEN') return { found: 'T2', hasAnswered }
      if (answer !== null && answer.exchange.status < 400) {
        const { site, hops, exchange } = answer
        const reservation = reservationOf(site, { ...page, profile: page.charter.sources.profile }, exchange)
        const isSame = this.#isSame(page, exchange)
        if (reservation?.isOfPage === true && (reservation.isDenial || isSame)) this.#onReserved({ url: page.url, site, hops, exchange })
        if (reservation?.isYounger === false) return { found: 'T1', hasAnswered }
        if (isSame) return { found: null, hasAnswered }
        found = 'T1'
      } else if (answer !== null && isFinal(answer.exchange.status)) break
      if (attempt === ATTEMPTS || isOver(visit.time)) break
      await this.#clock.sleep(RETRY_MS * attempt, visit.signal)
    }
    return { found, hasAnswered }
  }

  #isSame({ charter, pipeline, record, url }: Page, exchange: Exchange): boolean {
    try {
      const again = runPipeline(pipeline, exchange, pipelineOptions(charter))
      return again.ok && isSamePage(charter, pipeline, record, again)
    } catch (error) {
      // a page on which our own code fails must not keep the report on all others from being written
      this.#logger.error('refetch-failed', { url, code: codeOf(error), message: String(error) })
      return false
    }
  }

  /**
   * What the address leads to, over redirects, with the rules of its own site; null when nothing came. What a site forbids is not asked for here
   * either, nor what it redirects to where that host forbids it.
   */
  async #follow({ url: start, agent }: Page, visit: Visit): Promise<Omit<ReservedPage, 'url'> | 'FORBIDDEN' | null> {
    let own: AskedSite | undefined
    const hops: Exchange[] = []
    let url = start
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      try {
        const site = await this.#sites.of(new URL(url).origin, agent, visit)
        // a server that fails may come back, as for a page
        if (site === null || site.rules.robots.rules.unreachable) return null
        if (isForbidden(site, agent, url)) return 'FORBIDDEN'
        own ??= site
        const exchange = await this.#web.get(url, visit)
        const target = redirectTarget(exchange)
        if (target === undefined) return { site: own, hops, exchange }
        if (!/^https?:/.test(target)) return null
        hops.push(exchange)
        url = target
      } catch (error) {
        visit.signal.throwIfAborted()
        // of a page that only leads there something can be held against it
        if (error instanceof HostClosedError && hops.length > 0) return 'FORBIDDEN'
        if (error instanceof HostClosedError) throw error
        const code = codeOf(error)
        // no crawler asks such a site for a page
        if (code === 'CRAWL_DELAY') return 'FORBIDDEN'
        if (code === 'INTERNAL') this.#logger.error('refetch-failed', { url, code, message: String(error) })
        return null
      }
    }
    return null
  }
}

const isOver = ({ leftMs, waitMs }: AskingTime): boolean => leftMs <= 0 || waitMs <= 0

/** What asking again would not change. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429
