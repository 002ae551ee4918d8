/** The crawl itself: hosts side by side, one request at a time in each, every verdict in the journal. */
import { type Clock, silent } from '../../core/effects/index.ts'
import { codeOf, InvalidInputError, RetryableError, toError } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { type Exchange, fetchGroup, headerValues, redirectTarget, warcDigest } from '../../schemas/evidence/index.ts'
import { mayTrain } from '../../schemas/permission/index.ts'
import { CURRENT_PIPELINE, findPipeline } from '../../schemas/pipeline/index.ts'
import { WireError } from '../../schemas/wire/index.ts'
import { canonicalUrl, Frontier, type FrontierItem, frontierLimits, SeenSet, type TakenItem } from '../frontier/index.ts'
import { conditions, contentNumber, contentsOf, type EarlierVisit, type EarlierVisits, recordOf } from './earlier.ts'
import { isSameRules } from './earlier-rules.ts'
import { asHops, HopStore } from './hop-store.ts'
import type { JournalRow } from './journal.ts'
import { Lanes } from './lanes.ts'
import { HostPace, paceDefaults, type PaceOptions, retryAfterMs } from './pace.ts'
import { recordLinks } from './page-links.ts'
import { inlineWorker, type PageJob, type PageResult, type PageWorker } from './page-work.ts'
import { notModified, sameBody, STANDS } from './revisit.ts'
import { type Site, visitSite } from './site.ts'
import { readSitemap } from './sitemap.ts'
import { Slots } from './slots.ts'
import type { CrawlBook, CrawlLimits, CrawlOptions, CrawlSummary, Deliver } from './types.ts'
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

const HTML_TYPE = /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i
/** An index names sitemaps, and those name pages: nothing nests deeper. */
const MAX_SITEMAP_DEPTH = 1
/** Compressed; what it unpacks to is bounded where it is read. */
const MAX_SITEMAP_BODY = 16 << 20
const MAX_SITEMAP_DECODED = 50 << 20

type Row = Omit<Verdict, 'outcome'>

export class Crawler {
  readonly #web: Web
  readonly #clock: Clock
  readonly #limits: CrawlLimits
  readonly #paceOptions: PaceOptions
  readonly #options: Pick<CrawlOptions, 'dropDuplicates' | 'sitemaps' | 'deny' | 'optedOut' | 'delayTimes' | 'restsFirst'>
  readonly #earlier: EarlierVisits | undefined
  readonly #book: CrawlBook | undefined
  readonly #frontier: Frontier
  readonly #slots: Slots
  readonly #worker: PageWorker
  readonly #working: Slots
  readonly #job: Pick<PageJob, 'agentToken' | 'pipeline' | 'qualityWeights' | 'selectors' | 'profile'>
  readonly #verdicts: Verdicts
  readonly #deliver: Deliver
  readonly #signal: AbortSignal
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #paces = new Map<string, HostPace>()
  readonly #lanes = new Lanes()
  readonly #hops = new HopStore()
  readonly #contents = new SeenSet()
  readonly #sitemapsOf = new Map<string, number>()
  /** Hosts with work that no one is doing, in the order they got it. */
  readonly #ready = new Set<string>()
  readonly #active = new Set<string>()
  /** Pages that were fetched and are being worked on or handed over, while their host goes on. */
  #inWork = 0
  readonly #ended = Promise.withResolvers<void>()

  /** `deliver` may wait: hosts stand still while it does. Throws InvalidInputError NO_SEEDS or UNKNOWN_PIPELINE. */
  constructor(options: CrawlOptions, signal: AbortSignal, deliver: Deliver) {
    const { web, clock, seeds, agentToken, pipeline = CURRENT_PIPELINE, profile = 'standard', book } = options
    const { qualityWeights = {}, selectors = [] } = options
    if (findPipeline(pipeline, { selectors }) === undefined)
      throw new InvalidInputError('UNKNOWN_PIPELINE', `no pipeline ${pipeline.slice(0, 64)} here`)
    this.#web = web
    this.#clock = clock
    this.#options = options
    this.#book = book
    this.#limits = { ...crawlLimits, ...options.limits }
    this.#paceOptions = { ...paceDefaults, ...options.pace }
    for (const content of book?.contents() ?? []) this.#contents.addNumber(content)
    this.#frontier = new Frontier({
      seeds,
      scope: options.scope ?? 'host',
      scopeSeeds: options.scopeSeeds,
      scopeHosts: options.scopeHosts,
      onWidened: options.onWidened,
      limits: this.#limits,
      traps: options.traps ?? {},
      mine: options.mine,
      book,
      remembered: book?.remembered(),
      onQueued: (host) => {
        if (!this.#active.has(host)) this.#ready.add(host)
      },
    })
    for (const host of this.#frontier.waiting()) this.#ready.add(host)
    if (this.#frontier.size.seen === 0) throw new InvalidInputError('NO_SEEDS', 'no seed is an http(s) URL that may be crawled')
    this.#slots = new Slots(this.#limits.requests)
    this.#working = new Slots(this.#limits.working)
    this.#worker = options.worker ?? inlineWorker
    this.#job = { agentToken, pipeline, qualityWeights, selectors, profile }
    this.#earlier = isSameRules(this.#job, options.earlier?.rules) ? options.earlier : undefined
    this.#verdicts = new Verdicts(clock, options.logger ?? silent, options.onJournal ?? (() => {}), book?.summary())
    this.#deliver = deliver
    this.#signal = signal
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

  #startHosts(): void {
    for (const host of this.#ready) {
      if (this.#active.size >= this.#limits.hosts || this.#signal.aborted) break
      this.#ready.delete(host)
      this.#active.add(host)
      void this.#runHost(host)
    }
    if (this.#active.size === 0 && this.#inWork === 0) this.#ended.resolve()
  }

  /** One host's pages, one after the other, until none is left. Never rejects. */
  async #runHost(host: string): Promise<void> {
    const pace = this.#paceOf(host)
    try {
      for (let item = this.#frontier.next(host); item !== undefined && !this.#signal.aborted; item = this.#frontier.next(host))
        await this.#visit(item, pace)
    } catch (thrown) {
      if (!this.#signal.aborted) this.#ended.reject(toError(thrown))
    }
    this.#active.delete(host)
    if (this.#frontier.hasNext(host)) this.#ready.add(host)
    this.#startHosts()
  }

  async #visit(item: TakenItem, pace: HostPace): Promise<void> {
    await this.#options.deny?.refresh()
    const denied = this.#options.deny?.denies(item.url)
    if (denied !== undefined) return this.#refused(item, { outcome: 'DENIED', detail: `deny list: ${denied}` })
    const gone = this.#options.optedOut?.(item.url)
    if (gone !== undefined) return this.#refused(item, { outcome: 'OPTED_OUT', detail: gone })
    const site = await this.#siteOf(new URL(item.url).origin, pace)
    const refusal = site.refuses(item.url)
    if (refusal !== undefined) return this.#refused(item, refusal)
    await pace.turn(this.#signal)
    // while it waited
    const late = this.#options.optedOut?.(item.url)
    if (late !== undefined) {
      pace.pass()
      return this.#refused(item, { outcome: 'OPTED_OUT', detail: late })
    }
    const time = this.#clock.now()
    if (item.isSitemap) this.#giveBack(item.host)
    else this.summary.fetched++
    try {
      const earlier = item.isSitemap || item.linksOnly ? undefined : this.#earlier?.get(item.url)
      // where the profile wants a permission and the site gives none, it was the page that did: a 304 would not show it
      const mayStand = this.#job.profile === 'standard' || mayTrain(site.training(item.url), this.#job.profile)
      const exchange = await this.#slots.run(() => this.#ask(item, mayStand ? earlier : undefined))
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

  /** Rules forbid it: nothing was asked, so no budget is spent. */
  #refused(item: TakenItem, refusal: Verdict): void {
    this.#giveBack(item.host)
    this.#hops.take(item.url)
    this.#end(item, refusal, false)
  }

  /** The item's last word, unless it gives a record: those are ended by whoever takes the page. */
  #end(item: TakenItem, verdict: Verdict, isCounted = !item.isSitemap): void {
    // a page that will be tried again still needs the redirects that led to it
    if (isCounted) this.#hops.take(item.url)
    this.#verdicts.note(item, verdict)
    this.#book?.done(item.ref, isCounted, this.#clock.now())
  }

  #ask({ url, isSitemap }: FrontierItem, earlier: EarlierVisit | undefined): Promise<Exchange> {
    if (isSitemap)
      return this.#web.get(url, {
        signal: this.#signal,
        maxBytes: MAX_SITEMAP_BODY,
        maxDecodedBytes: MAX_SITEMAP_DECODED,
        headers: { accept: 'application/xml, text/xml, text/plain, */*;q=0.1' },
      })
    return this.#web.get(url, {
      signal: this.#signal,
      maxBytes: this.#limits.pageBytes,
      ...(earlier === undefined ? {} : { headers: conditions(earlier.facts) }),
      // what gives no record is not worth its bytes
      skipBody: ({ status, headers }) =>
        status === 200 && headerValues(headers, 'content-type').some((type) => type.trim() !== '' && !HTML_TYPE.test(type)),
    })
  }

  async #answered(
    item: TakenItem,
    pace: HostPace,
    site: Site,
    exchange: Exchange,
    ms: number,
    earlier: EarlierVisit | undefined,
  ): Promise<void> {
    const { status, headers, body, fetchedAt: time } = exchange
    const row = { status, bytes: body.length, ms, time }
    const target = redirectTarget(exchange)
    if (target === undefined && (status === 429 || status >= 500 || status === 408)) {
      const askedMs = retryAfterMs(headerValues(headers, 'retry-after')[0], this.#clock.now())
      return this.#failed(item, pace, { ...row, outcome: 'HTTP_STATUS' }, status !== 501 && status !== 505, askedMs)
    }
    pace.succeeded()
    if (target !== undefined) this.#end(item, { ...row, ...this.#redirected(item, exchange, target) })
    else if (earlier !== undefined && isUnchanged(exchange, earlier)) await this.#unchanged(item, site, exchange, row, earlier)
    else if (status !== 200) this.#end(item, { ...row, outcome: 'HTTP_STATUS' })
    else if (exchange.truncated)
      this.#end(item, { ...row, ...truncation(exchange, item.isSitemap ? MAX_SITEMAP_BODY : this.#limits.pageBytes) })
    else if (item.isSitemap) await this.#readSitemap(item, exchange, row)
    else await this.#keep(item, site, exchange, row)
  }

  /** Works on a page: in this thread at once, in others while the host goes on. */
  async #keep(item: TakenItem, site: Site, exchange: Exchange, row: Row): Promise<void> {
    const chain = this.#hops.take(item.url)
    const work = (): PageResult | Promise<PageResult> => this.#worker.work(this.#jobOf(item, site, exchange, chain))
    if (this.#worker.isElsewhere !== true) return this.#worked(item, site, exchange, row, chain, await work())
    await this.#working.enter()
    this.#inWork++
    void (async () => {
      try {
        await this.#worked(item, site, exchange, row, chain, await work())
      } catch (thrown) {
        if (!this.#signal.aborted) this.#ended.reject(toError(thrown))
      }
      this.#inWork--
      this.#working.leave()
      this.#startHosts()
    })()
  }

  #jobOf({ url, via, linksOnly }: TakenItem, site: Site, exchange: Exchange, chain: Exchange[]): PageJob {
    return { ...this.#job, exchange, via: chain.at(-1)?.url ?? via, rules: site.capture.rules, fact: site.fact(url), linksOnly }
  }

  async #worked(item: TakenItem, site: Site, exchange: Exchange, row: Row, chain: Exchange[], result: PageResult): Promise<void> {
    const { url, depth } = item
    // not the page's fault, nor the host's
    if (result.outcome === 'WORKER_LOST' && item.attempts + 1 < this.#limits.tries) {
      this.#end(item, { ...row, outcome: result.outcome }, false)
      return this.#frontier.retry(item)
    }
    this.#follow(result.links, depth + 1, url)
    if (result.measured === undefined) return this.#end(item, { ...row, outcome: result.outcome, detail: result.detail })
    const gone = this.#options.optedOut?.(url)
    if (gone !== undefined) return this.#end(item, { ...row, outcome: 'OPTED_OUT', detail: gone })
    const { training, evidence } = result
    const records = [result.measured, ...result.more]
    const fresh = records.filter(({ contentDigest }) => this.#contents.addNumber(contentNumber(contentDigest)))
    const [measured, ...more] = this.#options.dropDuplicates === false ? records : fresh
    if (measured === undefined) return this.#end(item, { ...row, outcome: 'DUPLICATE' })
    this.#verdicts.note(item, { ...row, outcome: 'KEPT' })
    await this.#deliver({
      ref: item.ref,
      url,
      depth,
      exchange,
      measured,
      more,
      isPartial: 1 + more.length < records.length,
      links: result.links,
      training,
      evidence,
      hops: asHops(chain),
      robots: site.capture,
      packed: measured === result.measured ? result.packed : undefined,
    })
  }

  /** The earlier body stands. Where what the answer says lets its records stand too, a revisit record proves them; else it ends as any page would. */
  async #unchanged(item: TakenItem, site: Site, exchange: Exchange, row: Row, earlier: EarlierVisit): Promise<void> {
    const { url, depth, ref } = item
    const { facts } = earlier
    const chain = this.#hops.take(url)
    const job = this.#jobOf(item, site, exchange, chain)
    const { id, url: from, at, payloadDigest } = facts.response
    const profile = exchange.status === 304 ? ('server-not-modified' as const) : ('identical-payload-digest' as const)
    const members = earlier.members()
    const known = (): string[] => facts.links ?? members.flatMap((member) => recordLinks(recordOf(member)) ?? [])
    const result = exchange.status === 304 ? notModified(job, known()) : await sameBody(job, this.#worker, members)
    if (result.outcome !== STANDS) return this.#worked(item, site, exchange, row, chain, result)
    try {
      const revisit = { profile, recordId: id, url: from, fetchedAt: at, payloadDigest }
      const evidence = fetchGroup({ ...exchange, body: new Uint8Array() }, { robots: job.fact, via: job.via, revisit })
      this.#follow(result.links, depth + 1, url)
      const all = contentsOf(facts).map((content, i) => ({ content, member: members[i] as Uint8Array }))
      const fresh = all.filter(({ content }) => this.#contents.addNumber(content))
      const records = this.#options.dropDuplicates === false ? all : fresh
      if (records.length === 0) return this.#end(item, { ...row, outcome: 'DUPLICATE' })
      this.#verdicts.note(item, { ...row, outcome: 'UNCHANGED', detail: profile })
      const hops = asHops(chain)
      await this.#deliver({ ref, url, depth, evidence, hops, robots: site.capture, facts, records, time: exchange.fetchedAt })
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown
      this.#end(item, { ...row, outcome: thrown.code, detail: thrown.message })
    }
  }

  async #readSitemap(item: TakenItem, exchange: Exchange, row: Row): Promise<void> {
    const { url, host, depth } = item
    let listed: Awaited<ReturnType<typeof readSitemap>>
    try {
      listed = await readSitemap(exchange)
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown
      return this.#end(item, { ...row, outcome: thrown.code, detail: thrown.message })
    }
    let queued = 0
    for (const link of listed.urls) {
      // a list speaks for its own host only
      if (URL.parse(link)?.host !== host) continue
      if (!listed.isIndex) {
        const offer = this.#frontier.offer(link, { depth: 1, via: url })
        this.#verdicts.noteOffer(link, offer, 1)
        if (offer === 'queued') queued++
      } else if (depth < MAX_SITEMAP_DEPTH && this.#offerSitemap(link, host, depth + 1, url)) queued++
    }
    this.#end(item, { ...row, outcome: 'SITEMAP', detail: `${listed.urls.length} addresses, ${queued} new${listed.isCut ? ', cut' : ''}` })
    this.#startHosts()
  }

  /** Only those of the host itself, and only so many. */
  #offerSitemap(link: string, host: string, depth: number, via: string): boolean {
    const count = this.#sitemapsOf.get(host) ?? 0
    if (URL.parse(link)?.host !== host || count >= this.#limits.sitemapsPerHost) return false
    if (this.#frontier.offer(link, { depth, via, isSitemap: true }) !== 'queued') return false
    this.#sitemapsOf.set(host, count + 1)
    return true
  }

  #follow(links: readonly string[], depth: number, via: string): void {
    for (const link of links) {
      const offer = this.#frontier.offer(link, { depth, via })
      if (offer !== 'queued') this.#verdicts.noteOffer(link, offer, depth)
    }
    this.#startHosts()
  }

  #redirected(item: FrontierItem, exchange: Exchange, target: string): Verdict {
    const { url, depth, redirects, isSitemap } = item
    const chain = [...this.#hops.take(url), exchange]
    const detail = `to ${target}`
    if (chain.some((hop) => hop.url === target)) return { outcome: 'REDIRECT_LOOP', detail }
    if (redirects >= this.#limits.redirects) return { outcome: 'TOO_MANY_REDIRECTS', detail }
    if (isSitemap && URL.parse(target)?.host !== item.host) return { outcome: 'REDIRECT', detail: `${detail} (out-of-scope)` }
    const offer = this.#frontier.offer(target, { depth, via: url, redirects: redirects + 1, widens: depth === 0 && !isSitemap, isSitemap })
    this.#verdicts.noteOffer(target, offer, depth)
    if (offer !== 'queued') return { outcome: 'REDIRECT', detail: `${detail} (${offer})` }
    if (!isSitemap) this.#hops.store(canonicalUrl(target) ?? target, chain)
    this.#startHosts()
    return { outcome: 'REDIRECT', detail }
  }

  #failed(item: TakenItem, pace: HostPace, verdict: Verdict, mayPass: boolean, askedMs: number | undefined): void {
    if (!mayPass) return this.#end(item, verdict)
    const isPatient = pace.failed(askedMs)
    if (!isPatient || pace.failures >= this.#limits.hostFailures) {
      this.#end(item, verdict)
      const dropped = this.#frontier.drop(item.host)
      this.#book?.dropped(item.host)
      this.#verdicts.note(item, { outcome: 'HOST_GIVEN_UP', detail: `${pace.failures} failures in a row; ${dropped} URLs dropped` })
    } else if (item.attempts + 1 < this.#limits.tries) {
      this.#end(item, verdict, false)
      this.#frontier.retry(item)
      this.#startHosts()
    } else this.#end(item, verdict)
  }

  /** A refused URL costs no budget; hosts that stopped because the budget was spent may go on. */
  #giveBack(host: string): void {
    const wasSpent = this.#frontier.size.taken >= this.#limits.pages
    this.#frontier.giveBack(host)
    if (!wasSpent) return
    for (const waiting of this.#frontier.waiting()) if (!this.#active.has(waiting)) this.#ready.add(waiting)
    this.#startHosts()
  }

  /** A site's rules are asked for once a day; a bounded number of them is remembered. */
  async #siteOf(origin: string, pace: HostPace): Promise<Site> {
    const known = await this.#sites.get(origin)
    if (known?.isFresh(this.#clock.now()) === true) return known
    const site = visitSite(origin, {
      get: (url, options) => this.#slots.run(() => this.#web.get(url, options)),
      clock: this.#clock,
      agent: this.#job.agentToken,
      signal: this.#signal,
      pace,
      onJournal: (row: JournalRow) => this.#verdicts.write(row),
    })
    this.#sites.set(origin, site)
    if (this.#sites.size > this.#limits.sites) this.#sites.delete(this.#sites.keys().next().value as string)
    if (this.#options.sitemaps === false) return site
    return site.then((visited) => {
      const { host } = new URL(origin)
      for (const { url } of visited.capture.robots.sitemaps) this.#offerSitemap(url, host, 0, `${origin}/robots.txt`)
      return visited
    })
  }

  #paceOf(host: string): HostPace {
    let pace = this.#paces.get(host)
    if (pace === undefined) {
      const { delayTimes, restsFirst = false } = this.#options
      pace = new HostPace(this.#clock, this.#paceOptions, host, this.#lanes, delayTimes?.(host))
      if (restsFirst || this.#book?.isResumed === true) pace.rest()
      this.#paces.set(host, pace)
    }
    return pace
  }
}

function isUnchanged({ status, body }: Exchange, { facts }: EarlierVisit): boolean {
  return status === 304 || (status === 200 && warcDigest(body) === facts.response.payloadDigest)
}

function truncation({ body, headers }: Exchange, pageBytes: number): Verdict {
  const type = headerValues(headers, 'content-type').at(-1) ?? ''
  return body.length === 0 && !HTML_TYPE.test(type)
    ? { outcome: 'NOT_HTML', detail: type }
    : { outcome: 'TRUNCATED', detail: `more than ${pageBytes} bytes` }
}
