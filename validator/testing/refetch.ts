/** T1: fetches a record's page again from here and asks whether an honest page could have changed so. Polite: one request per host at a time. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { isSamePage, pipelineOptions, runPipeline } from '../../schemas/pipeline/index.ts'
import type { Charter, Check } from '../../schemas/wire/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'

export interface Refetched {
  pass: boolean
  /** T1: the page says something else. T2: gone or blocked. null on a pass. */
  check: Extract<Check, 'T1' | 'T2'> | null
  exchange: Exchange | null
}

const MAX_HOPS = 5
const ATTEMPTS = 3
const RETRY_MS = 1000

export class Refetcher {
  readonly #web: Web
  readonly #clock: Clock
  readonly #queues = new Map<string, Promise<unknown>>()

  constructor({ web, clock }: { web: Web; clock: Clock }) {
    this.#web = web
    this.#clock = clock
  }

  /** `record` are the canonical JSON bytes of the record under test; `url` is its own. */
  check(charter: Charter, pipeline: string, url: string, record: Uint8Array, signal: AbortSignal): Promise<Refetched> {
    const host = new URL(url).host
    const turn = (this.#queues.get(host) ?? Promise.resolve()).then(() => this.#check(charter, pipeline, url, record, signal))
    const settled = turn.catch(() => undefined).then(() => this.#clock.sleep(charter.sources.delayMs, signal).catch(() => undefined))
    this.#queues.set(host, settled)
    return turn
  }

  async #check(charter: Charter, pipeline: string, url: string, record: Uint8Array, signal: AbortSignal): Promise<Refetched> {
    for (let attempt = 1; ; attempt++) {
      const exchange = await this.#follow(url, signal)
      const usable = exchange !== null && exchange.status < 400
      if (usable) {
        const again = runPipeline(pipeline, exchange, pipelineOptions(charter))
        const pass = again.ok && isSamePage(charter, pipeline, record, again)
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
