/** The crawl itself: hosts side by side, one request at a time in each, every verdict in the journal. */
import { type Clock, silent } from '../../core/effects/index.ts'
import { codeOf, InvalidInputError, RetryableError, toError } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'
import { CURRENT_PIPELINE, findPipeline } from '../../schemas/pipeline/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { canonicalUrl, Frontier, type FrontierItem, frontierLimits } from '../frontier/index.ts'
import { asHops, HopStore } from './hop-store.ts'
import type { JournalRow } from './journal.ts'
import { HostPace, paceDefaults, type PaceOptions, retryAfterMs } from './pace.ts'
import { inlineWorker, type PageJob, type PageWorker } from './page-work.ts'
import { redirectTarget } from './redirect.ts'
import { type Site, visitSite } from './site.ts'
import { Slots } from './slots.ts'
import type { CrawledPage, CrawlLimits, CrawlOptions, CrawlSummary } from './types.ts'
import { type Verdict, Verdicts } from './verdicts.ts'

export const crawlLimits: CrawlLimits = {
  ...frontierLimits,
  hosts: 256,
  requests: 64,
  redirects: 5,
  tries: 3,
  hostFailures: 5,
  pageBytes: 5 << 20,
  sites: 10_000,
}

const HTML_TYPE = /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i

export class Crawler {
  readonly #web: Web
  readonly #clock: Clock
  readonly #limits: CrawlLimits
  readonly #paceOptions: PaceOptions
  readonly #frontier: Frontier
  readonly #slots: Slots
  readonly #worker: PageWorker
  readonly #job: Pick<PageJob, 'agentToken' | 'pipeline' | 'qualityWeights' | 'selectors' | 'profile'>
  readonly #dropDuplicates: boolean
  readonly #verdicts: Verdicts
  readonly #deliver: (page: CrawledPage) => Promise<void>
  readonly #signal: AbortSignal
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #paces = new Map<string, HostPace>()
  readonly #hops = new HopStore()
  readonly #contents = new Set<string>()
  /** Hosts with work that no one is doing, in the order they got it. */
  readonly #ready = new Set<string>()
  readonly #active = new Set<string>()
  readonly #ended = Promise.withResolvers<void>()

  /** `deliver` may wait: hosts stand still while it does. Throws InvalidInputError NO_SEEDS or UNKNOWN_PIPELINE. */
  constructor(options: CrawlOptions, signal: AbortSignal, deliver: (page: CrawledPage) => Promise<void>) {
    const {
      web,
      clock,
      seeds,
      agentToken,
      pipeline = CURRENT_PIPELINE,
      qualityWeights = {},
      selectors = [],
      profile = 'standard',
    } = options
    if (findPipeline(pipeline, { selectors }) === undefined)
      throw new InvalidInputError('UNKNOWN_PIPELINE', `no pipeline ${pipeline.slice(0, 64)} here`)
    this.#web = web
    this.#clock = clock
    this.#limits = { ...crawlLimits, ...options.limits }
    this.#paceOptions = { ...paceDefaults, ...options.pace }
    this.#frontier = new Frontier({
      seeds,
      scope: options.scope ?? 'host',
      limits: this.#limits,
      traps: options.traps ?? {},
      mine: options.mine,
      onEvent: (event) => {
        if (event.type === 'add' && !this.#active.has(event.item.host)) this.#ready.add(event.item.host)
      },
    })
    if (this.#frontier.size.queued === 0) throw new InvalidInputError('NO_SEEDS', 'no seed is an http(s) URL that may be crawled')
    this.#slots = new Slots(this.#limits.requests)
    this.#worker = options.worker ?? inlineWorker
    this.#job = { agentToken, pipeline, qualityWeights, selectors, profile }
    this.#dropDuplicates = options.dropDuplicates ?? true
    this.#verdicts = new Verdicts(clock, options.logger ?? silent, options.onJournal ?? (() => {}))
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
    if (this.#active.size === 0) this.#ended.resolve()
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

  async #visit(item: FrontierItem, pace: HostPace): Promise<void> {
    const site = await this.#siteOf(new URL(item.url).origin, pace)
    const refusal = site.refuses(item.url)
    if (refusal !== undefined) {
      this.#giveBack(item.host)
      this.#hops.take(item.url)
      return this.#verdicts.note(item, refusal)
    }
    await pace.turn(this.#signal)
    const time = this.#clock.now()
    this.summary.fetched++
    try {
      const exchange = await this.#slots.run(() => this.#ask(item.url))
      const ms = this.#clock.now() - time
      pace.done(ms)
      await this.#answered(item, pace, site, exchange, ms)
    } catch (thrown) {
      const code = codeOf(thrown)
      // the web's errors are outcomes; anything else, and the abort, is not this page's affair
      if (this.#signal.aborted || code === 'INTERNAL') throw thrown
      const ms = this.#clock.now() - time
      pace.done(ms)
      this.#failed(item, pace, { outcome: code, ms, time }, thrown instanceof RetryableError, undefined)
    }
  }

  #ask(url: string): Promise<Exchange> {
    return this.#web.get(url, {
      signal: this.#signal,
      maxBytes: this.#limits.pageBytes,
      // what gives no record is not worth its bytes
      skipBody: ({ status, headers }) =>
        status === 200 && headerValues(headers, 'content-type').some((type) => type.trim() !== '' && !HTML_TYPE.test(type)),
    })
  }

  async #answered(item: FrontierItem, pace: HostPace, site: Site, exchange: Exchange, ms: number): Promise<void> {
    const { status, headers, body, fetchedAt: time } = exchange
    const row = { status, bytes: body.length, ms, time }
    const target = redirectTarget(exchange)
    if (target === undefined && (status === 429 || status >= 500 || status === 408)) {
      const askedMs = retryAfterMs(headerValues(headers, 'retry-after')[0], this.#clock.now())
      return this.#failed(item, pace, { ...row, outcome: 'HTTP_STATUS' }, status !== 501 && status !== 505, askedMs)
    }
    pace.succeeded()
    if (target !== undefined) this.#verdicts.note(item, { ...row, ...this.#redirected(item, exchange, target) })
    else if (status !== 200) this.#verdicts.note(item, { ...row, outcome: 'HTTP_STATUS' })
    else if (exchange.truncated) this.#verdicts.note(item, { ...row, ...truncation(exchange, this.#limits.pageBytes) })
    else await this.#keep(item, site, exchange, row)
  }

  async #keep(item: FrontierItem, site: Site, exchange: Exchange, row: Omit<Verdict, 'outcome'>): Promise<void> {
    const { url, depth, linksOnly } = item
    const chain = this.#hops.take(url)
    const via = chain.at(-1)?.url ?? item.via
    const { robots } = site.capture
    const result = await this.#worker.work({ ...this.#job, exchange, via, robots, fact: site.fact(url), linksOnly })
    for (const link of result.links) this.#verdicts.noteOffer(link, this.#frontier.offer(link, { depth: depth + 1, via: url }), depth + 1)
    this.#startHosts()
    if (result.measured === undefined) return this.#verdicts.note(item, { ...row, outcome: result.outcome, detail: result.detail })
    const { training, evidence } = result
    const records = [result.measured, ...result.more]
    const [measured, ...more] = this.#dropDuplicates ? records.filter((one) => this.#isNew(one.contentDigest)) : records
    if (measured === undefined) return this.#verdicts.note(item, { ...row, outcome: 'DUPLICATE' })
    this.#verdicts.note(item, { ...row, outcome: 'KEPT' })
    await this.#deliver({
      url,
      depth,
      exchange,
      measured,
      more,
      links: result.links,
      training,
      evidence,
      hops: asHops(chain),
      robots: site.capture,
    })
  }

  #redirected(item: FrontierItem, exchange: Exchange, target: string): Verdict {
    const { url, depth, redirects } = item
    const chain = [...this.#hops.take(url), exchange]
    const detail = `to ${target}`
    if (chain.some((hop) => hop.url === target)) return { outcome: 'REDIRECT_LOOP', detail }
    if (redirects >= this.#limits.redirects) return { outcome: 'TOO_MANY_REDIRECTS', detail }
    const offer = this.#frontier.offer(target, { depth, via: url, redirects: redirects + 1, widens: depth === 0 })
    this.#verdicts.noteOffer(target, offer, depth)
    if (offer !== 'queued') return { outcome: 'REDIRECT', detail: `${detail} (${offer})` }
    this.#hops.store(canonicalUrl(target) ?? target, chain)
    this.#startHosts()
    return { outcome: 'REDIRECT', detail }
  }

  #failed(item: FrontierItem, pace: HostPace, verdict: Verdict, mayPass: boolean, askedMs: number | undefined): void {
    this.#verdicts.note(item, verdict)
    if (!mayPass) return
    const isPatient = pace.failed(askedMs)
    if (!isPatient || pace.failures >= this.#limits.hostFailures) {
      const dropped = this.#frontier.drop(item.host)
      this.#verdicts.note(item, { outcome: 'HOST_GIVEN_UP', detail: `${pace.failures} failures in a row; ${dropped} URLs dropped` })
    } else if (item.attempts + 1 < this.#limits.tries) this.#frontier.retry(item)
  }

  /** A refused URL costs no budget; hosts that stopped because the budget was spent may go on. */
  #giveBack(host: string): void {
    const wasSpent = this.#frontier.size.taken >= this.#limits.pages
    this.#frontier.giveBack(host)
    if (!wasSpent) return
    for (const waiting of this.#frontier.waiting()) if (!this.#active.has(waiting)) this.#ready.add(waiting)
    this.#startHosts()
  }

  #isNew(contentDigest: Uint8Array): boolean {
    const size = this.#contents.size
    this.#contents.add(toHex(contentDigest.subarray(0, 12)))
    return this.#contents.size > size
  }

  /** A site's rules are asked for once; a bounded number of them is remembered. */
  #siteOf(origin: string, pace: HostPace): Promise<Site> {
    const known = this.#sites.get(origin)
    if (known !== undefined) return known
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
    return site
  }

  #paceOf(host: string): HostPace {
    let pace = this.#paces.get(host)
    if (pace === undefined) this.#paces.set(host, (pace = new HostPace(this.#clock, this.#paceOptions)))
    return pace
  }
}

function truncation({ body, headers }: Exchange, pageBytes: number): Verdict {
  const type = headerValues(headers, 'content-type').at(-1) ?? ''
  return body.length === 0 && !HTML_TYPE.test(type)
    ? { outcome: 'NOT_HTML', detail: type }
    : { outcome: 'TRUNCATED', detail: `more than ${pageBytes} bytes` }
}
