/** T1: fetches a record's page again from here, with its site's rules, and asks whether an honest page could have changed so. Polite: one request per host at a time. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { runPipeline } from '../../schemas/pipeline/index.ts'
import { type Charter, type Check, equalBytes } from '../../schemas/wire/index.ts'
import { compareWebPages, type WebPage } from '../../schemas/web-page/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'
import { isForbidden, isReserved, SiteMemory } from './site-memory.ts'

export interface Refetched {
  pass: boolean
  /** T1: the page says something else, or was reserved from training. T2: gone, or closed to us. null on a pass. */
  check: Extract<Check, 'T1' | 'T2'> | null
  exchange: Exchange | null
}

/** What is tested: what the deterministic checks found true of a record. */
export interface Tested {
  url: string
  /** Canonical JSON bytes. */
  record: Uint8Array
  /** Product token. */
  agent: string
  /** When the contributor fetched it, Unix milliseconds. */
  fetchedAt: number
}

const MAX_HOPS = 5
const ATTEMPTS = 3
const RETRY_MS = 1000

export class Refetcher {
  readonly #web: Web
  readonly #clock: Clock
  readonly #queues = new Map<string, Promise<unknown>>()
  readonly #sites: SiteMemory

  constructor({ web, clock }: { web: Web; clock: Clock }) {
    this.#web = web
    this.#clock = clock
    this.#sites = new SiteMemory({ web, clock })
  }

  check(charter: Charter, pipeline: string, tested: Tested, signal: AbortSignal): Promise<Refetched> {
    const { host } = new URL(tested.url)
    const turn = (this.#queues.get(host) ?? Promise.resolve()).then(() => this.#check(charter, pipeline, tested, signal))
    const settled = turn.catch(() => undefined).then(() => this.#clock.sleep(charter.sources.delayMs, signal).catch(() => undefined))
    this.#queues.set(host, settled)
    return turn
  }

  async #check(charter: Charter, pipeline: string, tested: Tested, signal: AbortSignal): Promise<Refetched> {
    const { url, record, agent, fetchedAt } = tested
    for (let attempt = 1; ; attempt++) {
      const site = await this.#sites.of(new URL(url).origin, agent, charter.sources.delayMs, signal)
      // what the site forbids is not asked for here either
      if (site !== null && isForbidden(site, agent, url)) return { pass: false, check: 'T2', exchange: null }
      const exchange = site === null ? null : await this.#follow(url, signal)
      const usable = site !== null && exchange !== null && exchange.status < 400
      if (usable) {
        if (isReserved(site, agent, url, exchange, fetchedAt)) return { pass: false, check: 'T1', exchange }
        const again = runPipeline(pipeline, exchange, { qualityWeights: charter.quality })
        const pass = again.ok && isSamePage(charter, record, again.measured.record)
        if (pass || attempt >= ATTEMPTS) return { pass, check: pass ? null : 'T1', exchange }
      } else if (attempt >= ATTEMPTS) return { pass: false, check: 'T2', exchange }
      await this.#clock.sleep(RETRY_MS * attempt, signal)
    }
  }

  async #follow(start: string, signal: AbortSignal): Promise<Exchange | null> {
    let url = start
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      signal.throwIfAborted()
      let exchange: Exchange
      try {
        exchange = await this.#web.get(url, { signal })
      } catch (error) {
        signal.throwIfAborted()
        if (codeOf(error) === 'INTERNAL') throw error
        return null
      }
      const location = exchange.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
      if (exchange.status < 300 || exchange.status >= 400 || location === undefined || !URL.canParse(location, url)) return exchange
      url = new URL(location, url).href
    }
    return null
  }
}

/** Equal bytes are the common case on a quiet web, and cost nothing. */
function isSamePage(charter: Charter, committed: Uint8Array, refetched: Uint8Array): boolean {
  if (equalBytes(committed, refetched)) return true
  return compareWebPages(pageOf(committed), pageOf(refetched), charter.testing).same
}

/** Records are schema-valid here: the deterministic checks came first. */
const pageOf = (record: Uint8Array): WebPage => JSON.parse(new TextDecoder().decode(record)) as WebPage
