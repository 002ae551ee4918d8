/** The crawl itself: hosts side by side, one request at a time in each, every verdict in the journal. */
import { type Clock, type Logger, silent } from '../../core/effects/index.ts'
import { codeOf, InvalidInputError, RetryableError, toError } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { type Exchange, fetchGroup, headerValues } from '../../schemas/evidence/index.ts'
import { CURRENT_PIPELINE, pipelines } from '../../schemas/pipeline/index.ts'
import { toHex, WireError } from '../../schemas/wire/index.ts'
import { Frontier, type FrontierItem, frontierLimits } from '../frontier/index.ts'
import type { JournalRow } from './journal.ts'
import { HostPace, paceDefaults, type PaceOptions, retryAfterMs } from './pace.ts'
import { inlineWorker, type PageResult, type PageWorker } from './page-work.ts'
import { redirectTarget } from './redirect.ts'
import { type Site, visitSite } from './site.ts'
import { Slots } from './slots.ts'
import type { CrawledPage, CrawlLimits, CrawlOptions, CrawlSummary, Hop } from './types.ts'

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
const MAX_TRAPS_TOLD = 100
/** Redirect answers that wait with their targets, as evidence. */
const MAX_WAITING_HOP_BYTES = 64 << 20

export class Crawler {
  readonly summary: CrawlSummary
  readonly #web: Web
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #limits: CrawlLimits
  readonly #paceOptions: PaceOptions
  readonly #frontier: Frontier
  readonly #slots: Slots
  readonly #worker: PageWorker
  readonly #job: { agentToken: string; pipeline: string; qualityWeights: Record<string, number>; profile: 'strict' | 'standard' }
  readonly #dropDuplicates: boolean
  readonly #onJournal: (row: JournalRow) => void
  readonly #deliver: (page: CrawledPage) => Promise<void>
  readonly #signal: AbortSignal
  readonly #sites = new Map<string, Promise<Site>>()
  readonly #paces = new Map<string, HostPace>()
  readonly #hops = new Map<string, Exchange[]>()
  readonly #contents = new Set<string>()
  readonly #trapsTold = new Map<string, number>()
  readonly #ready = new Set<string>()
  readonly #active = new Set<string>()
  readonly #ended = Promise.withResolvers<void>()
  #hopBytes = 0

  /** `deliver` may wait: hosts stand still while it does. Throws InvalidInputError NO_SEEDS or UNKNOWN_PIPELINE. */
  constructor(options: CrawlOptions, signal: AbortSignal, deliver: (page: CrawledPage) => Promise<void>) {
    const { web, clock, seeds, agentToken, pipeline = CURRENT_PIPELINE, qualityWeights = {}, profile = 'standard' } = options
    if (!pipelines.has(pipeline)) throw new InvalidInputError('UNKNOWN_PIPELINE', `no pipeline ${pipeline.slice(0, 64)} here`)
    this.#web = web
    this.#clock = clock
    this.#logger = options.logger ?? silent
    this.#limits = { ...crawlLimits, ...options.limits }
    const delayMs = options.pace?.delayMs ?? paceDefaults.delayMs
    this.#paceOptions = { ...paceDefaults, ...options.pace, delayMs }
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
    this.#job = { agentToken, pipeline, qualityWeights, profile }
    this.#dropDuplicates = options.dropDuplicates ?? true
    this.#onJournal = options.onJournal ?? (() => {})
    this.#deliver = deliver
    this.#signal = signal
    const now = clock.now()
    this.summary = { kept: 0, fetched: 0, bytes: 0, hosts: 0, outcomes: {}, startedAt: now, endedAt: now, aborted: false }
  }

  /** Resolves when nothing is left or the signal aborted; rejects only on a fault of our own. */
  async run(): Promise<void> {
    this.#startHosts()
    await this.#ended.promise
    this.summary.endedAt = this.#clock.now()
    this.summary.hosts = this.#paces.size
    this.summary.aborted = this.#signal.aborted
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

  /** A refused URL costs no budget; hosts that stopped because the budget was spent may go on. */
  #giveBack(host: string): void {
    const wasSpent = this.#frontier.size.taken >= this.#limits.pages
    this.#frontier.giveBack(host)
    if (!wasSpent) return
    for (const waiting of this.#frontier.waiting()) if (!this.#active.has(waiting)) this.#ready.add(waiting)
    this.#startHosts()
  }

  async #visit(item: FrontierItem, pace: HostPace): Promise<void> {
    const site = await this.#siteOf(new URL(item.url).origin, pace)
    const refusal = site.refuses(item.url)
    if (refusal !== undefined) {
      this.#giveBack(item.host)
      this.#takeHops(item.url)
      this.#note(item, { outcome: refusal.outcome, detail: refusal.detail })
      return
    }
    await pace.turn(this.#signal)
    const started = this.#clock.now()
    this.summary.fetched++
    let exchange: Exchange
    try {
      exchange = await this.#slots.run(() => this.#ask(item.url))
    } catch (thrown) {
      this.#signal.throwIfAborted()
      const ms = this.#clock.now() - started
      pace.done(ms)
      this.#failed(item, pace, {
        outcome: codeOf(thrown),
        ms,
        time: started,
        mayPass: thrown instanceof RetryableError,
        askedMs: undefined,
      })
      return
    }
    const ms = this.#clock.now() - started
    pace.done(ms)
    await this.#answered(item, pace, site, exchange, ms)
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
    if (target !== undefined) {
      pace.succeeded()
      this.#note(item, { ...row, ...this.#redirected(item, exchange, target) })
    } else if (status === 429 || status >= 500 || status === 408) {
      const askedMs = retryAfterMs(headerValues(headers, 'retry-after')[0], this.#clock.now())
      this.#failed(item, pace, { ...row, outcome: 'HTTP_STATUS', mayPass: status !== 501 && status !== 505, askedMs })
    } else {
      pace.succeeded()
      if (status !== 200) this.#note(item, { ...row, outcome: 'HTTP_STATUS' })
      else if (exchange.truncated) this.#note(item, { ...row, ...truncation(exchange, this.#limits.pageBytes) })
      else await this.#keep(item, site, exchange, row)
    }
  }

  async #keep(item: FrontierItem, site: Site, exchange: Exchange, row: Partial<JournalRow>): Promise<void> {
    const { url, via, depth, linksOnly } = item
    const hops = this.#takeHops(url)
    const from = hops.at(-1)?.url ?? via
    const { robots } = site.capture
    const result = await this.#worker.work({ ...this.#job, exchange, via: from, robots, fact: site.fact(url), linksOnly })
    for (const link of result.links) this.#offer(link, item)
    if (result.measured === undefined)
      return this.#note(item, { ...row, outcome: result.outcome, detail: (result as { detail?: string }).detail })
    if (this.#dropDuplicates && !this.#isNewContent(result)) return this.#note(item, { ...row, outcome: 'DUPLICATE' })
    const { measured, training, evidence } = result as Extract<PageResult, { outcome: 'KEPT' }>
    this.summary.kept++
    this.#note(item, { ...row, outcome: 'KEPT' })
    await this.#deliver({ url, depth, exchange, measured, training, evidence, hops: hops.flatMap(asHop), robots: site.capture })
  }

  #isNewContent(result: PageResult): boolean {
    const digest = toHex(result.measured?.contentDigest.subarray(0, 12) ?? new Uint8Array())
    const size = this.#contents.size
    this.#contents.add(digest)
    return this.#contents.size > size
  }

  #offer(link: string, { url, depth }: FrontierItem): void {
    this.#wake(link, this.#frontier.offer(link, { depth: depth + 1, via: url }), depth + 1)
  }

  /** Traps are told of, a hundred per host; that a link is known, foreign or out of scope is not worth a line each. */
  #wake(link: string, verdict: string, depth: number): void {
    if (verdict === 'queued') return this.#startHosts()
    if (QUIET.has(verdict)) return
    const host = URL.parse(link)?.host ?? ''
    const told = (this.#trapsTold.get(host) ?? 0) + 1
    this.#trapsTold.set(host, told)
    if (told <= MAX_TRAPS_TOLD) this.#note({ url: link.slice(0, 2048), host, depth }, { outcome: 'TRAP', detail: verdict })
  }

  #redirected(item: FrontierItem, exchange: Exchange, target: string): { outcome: string; detail: string } {
    const chain = [...this.#takeHops(item.url), exchange]
    const detail = `to ${target}`
    if (chain.some(({ url }) => url === target)) return { outcome: 'REDIRECT_LOOP', detail }
    if (item.redirects >= this.#limits.redirects) return { outcome: 'TOO_MANY_REDIRECTS', detail }
    const { depth, url: via, redirects } = item
    const verdict = this.#frontier.offer(target, { depth, via, redirects: redirects + 1, widens: depth === 0 })
    if (verdict === 'queued') this.#storeHops(target, chain)
    this.#wake(target, verdict, depth)
    return { outcome: 'REDIRECT', detail: verdict === 'queued' ? detail : `${detail} (${verdict})` }
  }

  #failed(
    item: FrontierItem,
    pace: HostPace,
    fault: Partial<JournalRow> & { outcome: string; mayPass: boolean; askedMs: number | undefined },
  ): void {
    const { mayPass, askedMs, ...row } = fault
    this.#note(item, row)
    if (!mayPass) return
    const isPatient = pace.failed(askedMs)
    if (!isPatient || pace.failures >= this.#limits.hostFailures) {
      const dropped = this.#frontier.drop(item.host)
      this.#note(item, { outcome: 'HOST_GIVEN_UP', detail: `${pace.failures} failures in a row; ${dropped} URLs dropped` })
    } else if (item.attempts + 1 < this.#limits.tries) this.#frontier.retry(item)
  }

  /** A site's rules are asked for once; a bounded number of them is remembered. */
  #siteOf(origin: string, pace: HostPace): Promise<Site> {
    const known = this.#sites.get(origin)
    if (known !== undefined) return known
    const { agentToken: agent } = this.#job
    const onJournal = (row: JournalRow): void => this.#write(row)
    const get: Web['get'] = (url, options) => this.#slots.run(() => this.#web.get(url, options))
    const site = visitSite(origin, { get, clock: this.#clock, agent, signal: this.#signal, pace, onJournal })
    this.#sites.set(origin, site)
    if (this.#sites.size > this.#limits.sites) this.#sites.delete(this.#sites.keys().next().value as string)
    return site
  }

  #paceOf(host: string): HostPace {
    let pace = this.#paces.get(host)
    if (pace === undefined) this.#paces.set(host, (pace = new HostPace(this.#clock, this.#paceOptions)))
    return pace
  }

  #storeHops(target: string, chain: Exchange[]): void {
    const bytes = bytesOf(chain)
    if (this.#hopBytes + bytes > MAX_WAITING_HOP_BYTES) return
    this.#hopBytes += bytes
    this.#hops.set(URL.parse(target)?.href.split('#')[0] ?? target, chain)
  }

  #takeHops(url: string): Exchange[] {
    const chain = this.#hops.get(url) ?? []
    if (this.#hops.delete(url)) this.#hopBytes -= bytesOf(chain)
    return chain
  }

  #note({ url, host, depth }: Pick<FrontierItem, 'url' | 'host' | 'depth'>, facts: Facts): void {
    const { detail, ...rest } = facts
    this.#write({
      time: this.#clock.now(),
      url,
      host,
      status: null,
      bytes: 0,
      ms: 0,
      depth,
      ...rest,
      ...(detail === undefined ? {} : { detail }),
    })
  }

  #write(row: JournalRow): void {
    this.summary.bytes += row.bytes
    this.summary.outcomes[row.outcome] = (this.summary.outcomes[row.outcome] ?? 0) + 1
    this.#onJournal(row)
    this.#logger.debug('crawl.url', { host: row.host, outcome: row.outcome, status: row.status, ms: row.ms })
  }
}

type Facts = Partial<Omit<JournalRow, 'detail'>> & { outcome: string; detail?: string | undefined }

const QUIET = new Set(['known', 'not-a-page', 'out-of-scope', 'too-deep', 'not-mine', 'full'])

function truncation({ body, headers }: Exchange, pageBytes: number): { outcome: string; detail: string } {
  const type = headerValues(headers, 'content-type').at(-1) ?? ''
  return body.length === 0 && !HTML_TYPE.test(type)
    ? { outcome: 'NOT_HTML', detail: type }
    : { outcome: 'TRUNCATED', detail: `more than ${pageBytes} bytes` }
}

function asHop(exchange: Exchange): Hop[] {
  try {
    return [{ exchange, evidence: fetchGroup(exchange) }]
  } catch (thrown) {
    if (thrown instanceof WireError) return []
    throw thrown
  }
}

function bytesOf(chain: Exchange[]): number {
  return chain.reduce((sum, { body }) => sum + body.length + 1024, 0)
}
