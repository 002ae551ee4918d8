/** The crawl itself: hosts side by side, one request at a time in each, every verdict in the journal. */
import { type Clock, silent } from '../../core/effects/index.ts'
import { codeOf, InvalidInputError, RetryableError, toError } from '../../core/errors/index.ts'
import { retryAfterMs, SharedAnswers } from '../../core/web/index.ts'
import { type Exchange, headerValues, redirectTarget } from '../../schemas/evidence/index.ts'
import { mayTrain } from '../../schemas/permission/index.ts'
import { CURRENT_PIPELINE, findPipeline } from '../../schemas/pipeline/index.ts'
import { Frontier, frontierLimits, originOf, type TakenItem } from '../frontier/index.ts'
import { Discovery } from './discovery.ts'
import { conditions, type EarlierVisit, type EarlierVisits } from './earlier.ts'
import { isSameRules } from './earlier-rules.ts'
import { fetchItem, truncation } from './fetching.ts'
import { HopStore } from './hop-store.ts'
import { type JobRules, Keeping } from './keeping.ts'
import { Lanes } from './lanes.ts'
import { HostPace, paceDefaults, type PaceOptions } from './pace.ts'
import { isUnchanged } from './revisit.ts'
import { type Refusal, type Site, visitSite } from './site.ts'
import { Slots } from './slots.ts'
import type { CrawlLimits, CrawlOptions, CrawlSummary, Deliver } from './types.ts'
import { type Verdict, Verdicts } from './verdicts.ts'

export const crawlLimits: CrawlLimits = {
  ...frontierLimits,
  hosts: 256,
  requests: 64,
  working: 32,
  redirects: 5,
  tries: 3,
  hostFailures: 5,
  pageBytes: 5 << 20,
  sites: 10_000,
  sitemapsPerHost: 100,
}

export class Crawler {
  readonly #clock: Clock
  readonly #limits: CrawlLimits
  readonly #options: CrawlOptions
  readonly #signal: AbortSignal
  readonly #rules: JobRules
  readonly #earlier: EarlierVisits | undefined
  readonly #frontier: Frontier
  readonly #verdicts: Verdicts
  readonly #discovery: Discovery
  readonly #keeping: Keeping
  readonly #slots: Slots
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #paces = new Map<string, HostPace>()
  readonly #pace: PaceOptions
  readonly #lanes = new Lanes()
  readonly #licenses: SharedAnswers
  /** Hosts with work that no one is doing, in the order they got it. */
  readonly #ready = new Set<string>()
  readonly #active = new Set<string>()
  readonly #ended = Promise.withResolvers<void>()

  /** `deliver` may wait: hosts stand still while it does. Throws InvalidInputError NO_SEEDS or UNKNOWN_PIPELINE. */
  constructor(options: CrawlOptions, signal: AbortSignal, deliver: Deliver) {
    const { clock, agentToken, pipeline = CURRENT_PIPELINE, profile = 'standard', qualityWeights = {}, selectors = [], book } = options
    if (findPipeline(pipeline, { selectors }) === undefined)
      throw new InvalidInputError('UNKNOWN_PIPELINE', `no pipeline ${pipeline.slice(0, 64)} here`)
    this.#clock = clock
    this.#options = options
    this.#signal = signal
    this.#limits = { ...crawlLimits, ...options.limits }
    this.#pace = { ...paceDefaults, ...options.pace }
    this.#slots = new Slots(this.#limits.requests)
    this.#licenses = new SharedAnswers(clock)
    this.#rules = { agentToken, pipeline, qualityWeights, selectors, profile }
    this.#earlier = isSameRules(this.#rules, options.earlier?.rules) ? options.earlier : undefined
    const frontier = this.#openFrontier()
    const hops = new HopStore()
    const verdicts = new Verdicts({ clock, logger: options.logger ?? silent, onJournal: options.onJournal ?? (() => {}), book, hops })
    const discovery = new Discovery({ frontier, verdicts, hops, limits: this.#limits, onFound: () => this.#startHosts() })
    this.#frontier = frontier
    this.#verdicts = verdicts
    this.#discovery = discovery
    this.#keeping = new Keeping({
      frontier,
      discovery,
      verdicts,
      hops,
      deliver,
      book,
      rules: this.#rules,
      worker: options.worker,
      limits: this.#limits,
      dropDuplicates: options.dropDuplicates,
      optedOut: options.optedOut,
      onWorked: (fault) => {
        if (fault !== undefined) this.#failedWith(fault)
        this.#startHosts()
      },
    })
  }

  get summary(): CrawlSummary {
    return this.#verdicts.summary
  }

  /** Resolves when nothing is left or the signal aborted; rejects only on a fault of our own. */
  async run(): Promise<void> {
    this.#startHosts()
    await this.#ended.promise
    Object.assign(this.summary, { endedAt: this.#clock.now(), hosts: this.#paces.size, aborted: this.#signal.aborted })
  }

  #openFrontier(): Frontier {
    const { seeds, scope = 'host', scopeSeeds, scopeHosts, onWidened, traps = {}, mine, book } = this.#options
    const frontier = new Frontier({
      seeds,
      scope,
      scopeSeeds,
      scopeHosts,
      onWidened,
      traps,
      mine,
      book,
      limits: this.#limits,
      remembered: book?.remembered(),
      onQueued: (host) => {
        if (!this.#active.has(host)) this.#ready.add(host)
      },
    })
    for (const host of frontier.waiting()) this.#ready.add(host)
    if (frontier.size.seen === 0) throw new InvalidInputError('NO_SEEDS', 'no seed is an http(s) URL that may be crawled')
    return frontier
  }

  #startHosts(): void {
    for (const host of this.#ready) {
      if (this.#active.size >= this.#limits.hosts || this.#signal.aborted) break
      this.#ready.delete(host)
      this.#active.add(host)
      void this.#runHost(host)
    }
    if (this.#active.size === 0 && this.#keeping.inWork === 0) this.#ended.resolve()
  }

  #failedWith(fault: Error): void {
    if (!this.#signal.aborted) this.#ended.reject(fault)
  }

  /** One host's pages, one after the other, until none is left. Never rejects. */
  async #runHost(host: string): Promise<void> {
    const pace = this.#paceOf(host)
    try {
      for (let item = this.#frontier.next(host); item !== undefined && !this.#signal.aborted; item = this.#frontier.next(host))
        await this.#visit(item, pace)
    } catch (thrown) {
      this.#failedWith(toError(thrown))
    }
    this.#active.delete(host)
    if (this.#frontier.hasNext(host)) this.#ready.add(host)
    this.#startHosts()
  }

  async #visit(item: TakenItem, pace: HostPace): Promise<void> {
    const closed = await this.#closed(item.url, 'page')
    if (closed !== undefined) return this.#refused(item, closed)
    const site = await this.#siteOf(originOf(item.url))
    const refusal = site.refuses(item.url)
    if (refusal !== undefined) return this.#refused(item, refusal)
    if (pace.isLeftAlone) return this.#refused(item, { outcome: 'HOST_RESTS' })
    await pace.turn(this.#signal)
    // while it waited
    const late = await this.#closed(item.url, 'page')
    if (late !== undefined) {
      pace.pass()
      return this.#refused(item, late)
    }
    await this.#attempt(item, site, pace)
  }

  async #attempt(item: TakenItem, site: Site, pace: HostPace): Promise<void> {
    if (item.isSitemap) this.#giveBack(item.host)
    else this.summary.fetched++
    await this.#slots.enter()
    // read when it is asked for, not while it waits in line
    const earlier = item.isSitemap || item.linksOnly ? undefined : this.#earlier?.get(item.url)
    // of the request alone: the wait for a slot is not the host's slowness
    const time = this.#clock.now()
    try {
      const exchange = await this.#ask(item, site, earlier).finally(() => this.#slots.leave())
      const ms = this.#clock.now() - time
      pace.reached(exchange.remoteAddress)
      pace.done(ms)
      await this.#answered(item, pace, site, exchange, ms, earlier)
    } catch (thrown) {
      const code = codeOf(thrown)
      // the web's errors are outcomes; anything else, and the abort, is not this page's affair
      if (this.#signal.aborted || code === 'INTERNAL' || code.startsWith('DISK_')) throw thrown
      const ms = this.#clock.now() - time
      pace.done(ms)
      this.#failed(item, pace, { outcome: code, ms, time }, thrown instanceof RetryableError, undefined)
    }
  }

  async #ask(item: TakenItem, site: Site, earlier: EarlierVisit | undefined): Promise<Exchange> {
    const { profile } = this.#rules
    // where the profile wants a permission and the site gives none, it was the page that did: a 304 would not show it
    const mayStand = profile === 'standard' || mayTrain(site.training(item.url), profile)
    const headers = earlier && mayStand ? { headers: conditions(earlier.facts) } : {}
    return fetchItem(item, { web: this.#options.web, signal: this.#signal, pageBytes: this.#limits.pageBytes, ...headers })
  }

  async #answered(item: TakenItem, pace: HostPace, site: Site, exchange: Exchange, ms: number, earlier?: EarlierVisit): Promise<void> {
    const { status, headers, body, fetchedAt: time } = exchange
    const row = { status, bytes: body.length, ms, time }
    const end = (verdict: Verdict): void => this.#verdicts.end(item, { ...row, ...verdict })
    const target = redirectTarget(exchange)
    if (target === undefined && (status === 429 || status >= 500 || status === 408)) {
      const askedMs = retryAfterMs(headerValues(headers, 'retry-after')[0], this.#clock.now())
      return this.#failed(item, pace, { ...row, outcome: 'HTTP_STATUS' }, status !== 501 && status !== 505, askedMs)
    }
    pace.succeeded()
    // what leads to pages takes its turn behind those that are still worked on
    if (target !== undefined || item.isSitemap) await this.#keeping.settled(item.host)
    if (target !== undefined) end(this.#discovery.redirected(item, exchange, target))
    else if (earlier !== undefined && isUnchanged(exchange, earlier))
      await this.#keeping.keepUnchanged({ item, site, exchange, row }, earlier)
    else if (status !== 200) end({ outcome: 'HTTP_STATUS' })
    else if (exchange.truncated) end(truncation(exchange, item, this.#limits.pageBytes))
    else if (item.isSitemap) end(await this.#discovery.sitemap(item, exchange))
    else await this.#keeping.keep({ item, site, exchange, row })
  }

  /** Rules forbid it: nothing was asked, so no budget is spent. */
  #refused(item: TakenItem, refusal: Verdict): void {
    this.#giveBack(item.host)
    this.#verdicts.refuse(item, refusal)
  }

  #failed(item: TakenItem, pace: HostPace, verdict: Verdict, mayPass: boolean, askedMs: number | undefined): void {
    if (!mayPass) return this.#verdicts.end(item, verdict)
    const isPatient = pace.failed(askedMs)
    if (!isPatient || pace.failures >= this.#limits.hostFailures) {
      this.#verdicts.end(item, verdict)
      const dropped = this.#frontier.drop(item.host)
      this.#options.book?.dropped(item.host)
      this.#verdicts.note(item, { outcome: 'HOST_GIVEN_UP', detail: `${pace.failures} failures in a row; ${dropped} URLs dropped` })
    } else if (item.attempts + 1 < this.#limits.tries) {
      this.#verdicts.end(item, verdict, false)
      this.#frontier.retry(item)
      this.#startHosts()
    } else this.#verdicts.end(item, verdict)
  }

  /** A refused URL costs no budget; hosts that stopped because the budget was spent may go on. */
  #giveBack(host: string): void {
    const wasSpent = this.#frontier.size.taken >= this.#limits.pages
    this.#frontier.giveBack(host)
    if (!wasSpent) return
    for (const waiting of this.#frontier.waiting()) if (!this.#active.has(waiting)) this.#ready.add(waiting)
    this.#startHosts()
  }

  async #closed(url: string, what: 'page' | 'rules'): Promise<Refusal | undefined> {
    const { deny, optedOut } = this.#options
    await deny?.refresh()
    const denied = deny?.denies(url)
    if (denied !== undefined) return { outcome: 'DENIED', detail: `deny list: ${denied}` }
    const gone = optedOut?.(url, what)
    return gone === undefined ? undefined : { outcome: 'OPTED_OUT', detail: gone }
  }

  /** A site's rules are asked for once a day; a bounded number of them is remembered. */
  async #siteOf(origin: string): Promise<Site> {
    const { web, sitemaps } = this.#options
    const known = await this.#sites.get(origin)
    if (known?.isFresh(this.#clock.now()) === true) return known
    const site = visitSite(origin, {
      get: (url, options) => web.get(url, options),
      slots: this.#slots,
      clock: this.#clock,
      agent: this.#rules.agentToken,
      signal: this.#signal,
      paceOf: (host) => this.#paceOf(host),
      licenses: this.#licenses,
      closed: (url) => this.#closed(url, 'rules'),
      onJournal: (row) => this.#verdicts.write(row),
    })
    this.#sites.set(origin, site)
    if (this.#sites.size > this.#limits.sites) this.#sites.delete(this.#sites.keys().next().value as string)
    if (sitemaps === false) return site
    return site.then((visited) => {
      this.#discovery.sitemaps(
        visited.capture.robots.sitemaps.map(({ url }) => url),
        origin,
      )
      return visited
    })
  }

  #paceOf(host: string): HostPace {
    const { share, book } = this.#options
    let pace = this.#paces.get(host)
    if (pace === undefined) {
      pace = new HostPace({ clock: this.#clock, pace: this.#pace, host, lanes: this.#lanes, share: share && (() => share(host)) })
      if (share !== undefined || book?.isResumed === true) pace.rest()
      this.#paces.set(host, pace)
    }
    return pace
  }
}
