/** T1 and T2: fetches a record's page again from here, by its site's rules, and asks whether an honest page could have changed so. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { isSamePage, pipelineOptions, runPipeline } from '../../schemas/pipeline/index.ts'
import type { Charter, Check } from '../../schemas/wire/index.ts'
import { type Exchange, redirectTarget } from '../../schemas/evidence/index.ts'
import { type AskingTime, HostClosedError, MAX_REST_MS, type PoliteWeb, type Visit } from '../manners/index.ts'
import type { OptedOut } from './opted-out.ts'
import type { Patience } from './shares.ts'
import { type AskOwn, closingOf, type KnownSite, reservationOf, SiteMemory } from './site-memory.ts'

/**
 * T1: the page says something else, or was reserved from training when it was fetched. T2: gone, refused, not to be had in the time there is, or
 * forbidden already when it was fetched. `left-out`: nobody asks for it any more, or its host's pace left no turn, which says nothing of who fetched
 * it. null on a pass.
 */
export type Refetched = Extract<Check, 'T1' | 'T2'> | 'left-out' | null

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
  /** Told when it is asked for: before that nothing can be held against anybody. */
  onAsk?: () => void
}

/** A page that is reserved now: by its site, which forbids it or keeps it from training, or by a header or its head. */
export interface ReservedPage {
  url: string
  agent: string
  site: KnownSite
  /** Answers that led on to it, in their order. */
  hops: Exchange[]
  /** null where its site says so: then it was not asked for. */
  exchange: Exchange | null
}

export interface RefetcherOptions {
  web: PoliteWeb
  askOwn?: AskOwn
  clock: Clock
  logger: Logger
  onReserved?: (found: ReservedPage) => void
}

const MAX_HOPS = 5
const DAY_MS = 24 * 3600 * 1000
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

  /** `askOwn` hears a site's owner, nobody where absent; `onReserved` is told of every page that is reserved now, whether or not it was when it was fetched, and may be told of one more than once. */
  constructor({ web, askOwn = async () => [], clock, logger, onReserved = () => undefined }: RefetcherOptions) {
    this.#web = web
    this.#onReserved = onReserved
    this.#clock = clock
    this.#logger = logger
    this.#sites = new SiteMemory(web, askOwn)
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
      if (error instanceof HostClosedError) return page.optedOut(error.url, error.what) ? 'T2' : 'left-out'
      throw error
    }
  }

  /** The best of a few attempts, as far as the page's time goes. */
  async #attempts(page: Page, given: Visit & { time: AskingTime }): Promise<{ found: Refetched; hasAnswered: boolean }> {
    let found: Refetched = 'T2'
    let hasAnswered = false
    let hasAsked = false
    const onAsk = (): void => {
      hasAsked = true
      page.onAsk?.()
    }
    const visit = { ...given, onAsk }
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if ((this.#silent.get(new URL(page.url).host) ?? 0) >= MAX_SILENT_PAGES) break
      const isAgain = hasAsked
      const answer = await this.#follow(page, visit)
      // what came before stands: a slow host's pace is no way out for who invents pages of it
      if (answer === 'no-turn' && isAgain) break
      hasAnswered ||= answer !== null
      if (typeof answer === 'string') return { found: answer === 'no-turn' ? 'left-out' : answer, hasAnswered }
      if (answer !== null && answer.exchange.status < 400) {
        const { site, exchange } = answer
        const reservation = reservationOf(site, { ...page, profile: page.charter.sources.profile }, exchange)
        const isSame = this.#isSame(page, exchange)
        if (reservation && (reservation.isDenial || isSame)) this.#onReserved({ url: page.url, agent: page.agent, ...answer })
        if (reservation?.age === 'older') return { found: 'T1', hasAnswered }
        if (reservation?.age === 'undated') return { found: 'left-out', hasAnswered }
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
   * What the address leads to, over redirects, with the rules of its own site; null when nothing came. What a site forbids or reserves is not asked
   * for here either, nor what it redirects to where that host does.
   */
  async #follow(page: Page, visit: Visit): Promise<Answer | Exclude<Refetched, null> | 'no-turn' | null> {
    const { url: start, agent, charter } = page
    // as old as the rules may be that a fetch went by (D5)
    const rulesMs = Math.max(DAY_MS, charter.epoch.gather.maxSeconds * 1000)
    let own: KnownSite | undefined
    const hops: Exchange[] = []
    let url = start
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      try {
        const site = await this.#sites.of(new URL(url).origin, agent, visit)
        // a server that fails may come back, as for a page
        if (site === null || site.rules.robots.rules.unreachable) return null
        const closing = closingOf(site, { ...page, url }, rulesMs)
        if (closing && hop === 0) this.#onReserved({ url, agent, site, hops, exchange: null })
        // of a page that only leads there something can be held against it
        if (closing && hop > 0) return 'T2'
        if (closing) return closing.age !== 'older' ? 'left-out' : closing.isForbidden ? 'T2' : 'T1'
        own ??= site
        const exchange = await this.#web.get(url, visit)
        const target = redirectTarget(exchange)
        if (target === undefined) return { site: own, hops, exchange }
        if (!/^https?:/.test(target)) return null
        hops.push(exchange)
        url = target
      } catch (error) {
        visit.signal.throwIfAborted()
        if (error instanceof HostClosedError && hops.length > 0) return 'T2'
        if (error instanceof HostClosedError) throw error
        const code = codeOf(error)
        // no crawler asks a site of so long a delay for a page, and where the slots left no turn nothing was found
        if (code === 'CRAWL_DELAY' || code === 'NO_TURN') return 'no-turn'
        if (code === 'INTERNAL') this.#logger.error('refetch-failed', { url, code, message: String(error) })
        return null
      }
    }
    return null
  }
}

interface Answer {
  site: KnownSite
  hops: Exchange[]
  exchange: Exchange
}

const isOver = ({ leftMs, waitMs }: AskingTime): boolean => leftMs <= 0 || waitMs <= 0

/** What asking again would not change. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429
