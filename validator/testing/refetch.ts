/** T1 and T2: fetches a record's page again from here, with its site's rules, and asks whether an honest page could have changed so. Polite: one request per host at a time. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { deadlineOf } from '../../core/mesh/index.ts'
import type { AskedSite, Web } from '../../core/web/index.ts'
import { isSamePage, pipelineOptions, runPipeline } from '../../schemas/pipeline/index.ts'
import type { Charter, Check } from '../../schemas/wire/index.ts'
import { type Exchange, redirectTarget } from '../../schemas/evidence/index.ts'
import { HostTurns } from './host-turns.ts'
import type { Patience } from './shares.ts'
import { isForbidden, isReserved, SiteMemory } from './site-memory.ts'

/** T1: the page says something else, or was reserved from training. T2: gone, refused, closed to us, or not to be had in the time there is. null on a pass. */
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
}

const MAX_HOPS = 5
const ATTEMPTS = 3
const RETRY_MS = 1000
/** A host that answered nothing in so many whole turns is not asked any more in this epoch: it would take time from every page behind it. */
const MAX_SILENT_TURNS = 2

const TOO_SLOW = { code: 'TOO_SLOW', message: 'the page did not come in the time there is for it' }

export class Refetcher {
  readonly #web: Web
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #turns: HostTurns
  /** What sites say about themselves, asked once for all their pages. */
  readonly sites: SiteMemory
  /** Turns in a row in which a host gave nothing until its time was up. */
  readonly #silent = new Map<string, number>()

  /** `signal` ends the work of this refetcher for good. */
  constructor({ web, clock, logger, signal }: { web: Web; clock: Clock; logger: Logger; signal: AbortSignal }) {
    this.#web = web
    this.#clock = clock
    this.#logger = logger
    this.#turns = new HostTurns(clock, signal)
    this.sites = new SiteMemory({ web, clock })
  }

  /** Fetches the page again. Rejects with the signal's reason when it ends first. */
  async check(page: Page, patience: Pick<Patience, 'pageMs' | 'attemptMs'>, signal: AbortSignal): Promise<Refetched> {
    const { host } = new URL(page.url)
    return this.#turns.run(host, page.contributor, page.charter.sources.delayMs, signal, async () => {
      if ((this.#silent.get(host) ?? 0) >= MAX_SILENT_TURNS) return 'T2'
      using turn = deadlineOf(this.#clock, patience.pageMs, TOO_SLOW, [signal])
      const found = await this.#attempts(page, patience.attemptMs, turn.signal)
      signal.throwIfAborted()
      if (found === 'T2' && turn.signal.aborted) {
        this.#silent.set(host, (this.#silent.get(host) ?? 0) + 1)
        this.#logger.debug('host-silent', { host, turns: this.#silent.get(host) })
      } else this.#silent.delete(host)
      return found
    })
  }

  /** The best of a few attempts, as far as the turn's time goes. */
  async #attempts(page: Page, attemptMs: number, turn: AbortSignal): Promise<Refetched> {
    let found: Refetched = 'T2'
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      using time = deadlineOf(this.#clock, attemptMs, TOO_SLOW, [turn])
      const site = await this.#siteOf(page, time.signal)
      // what the site forbids is not asked for here either
      if (site !== null && isForbidden(site, page.agent, page.url)) return 'T2'
      const exchange = site === null ? null : await this.#follow(page.url, time.signal)
      if (site !== null && exchange !== null && exchange.status < 400) {
        if (isReserved(site, page.agent, page.url, exchange, page.fetchedAt)) return 'T1'
        if (this.#isSame(page, exchange)) return null
        found = 'T1'
      }
      if (attempt === ATTEMPTS || turn.aborted) break
      await this.#clock.sleep(RETRY_MS * attempt, turn).catch(() => undefined)
      if (turn.aborted) break
    }
    return found
  }

  async #siteOf({ url, agent, charter }: Page, signal: AbortSignal): Promise<AskedSite | null> {
    try {
      return await this.sites.of(new URL(url).origin, agent, charter.sources.delayMs, signal)
    } catch (error) {
      if (!signal.aborted) this.#logger.error('refetch-failed', { url, code: codeOf(error), message: String(error) })
      return null
    }
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

  /** What the address leads to, over redirects; null when nothing came. */
  async #follow(start: string, signal: AbortSignal): Promise<Exchange | null> {
    let url = start
    for (let hop = 0; hop <= MAX_HOPS && !signal.aborted; hop++) {
      let exchange: Exchange
      try {
        exchange = await this.#web.get(url, { signal })
      } catch (error) {
        if (codeOf(error) === 'INTERNAL' && !signal.aborted)
          this.#logger.error('refetch-failed', { url, code: 'INTERNAL', message: String(error) })
        return null
      }
      const target = redirectTarget(exchange)
      if (target === undefined) return exchange
      url = target
    }
    return null
  }
}
