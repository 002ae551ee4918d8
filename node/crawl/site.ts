/** What an origin says about itself before any page of it is asked for: robots.txt and tdmrep.json, captured once per crawl. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf, RefusedError, RetryableError } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import { decodeBody, type Exchange, type FetchGroup, fetchGroup, headerValues, type RobotsFact } from '../../schemas/evidence/index.ts'
import {
  crawlDelay,
  MAX_ROBOTS_BYTES,
  mayFetch,
  type Robots,
  robotsOfExchange,
  trainDecision,
  unreachableRobots,
} from '../../schemas/permission/index.ts'
import type { JournalRow } from './journal.ts'
import type { HostPace } from './pace.ts'
import { redirectTarget } from './redirect.ts'
import { parseTdmRep, reservedBy, type TdmRule } from './tdmrep.ts'

/** The robots.txt that allowed the fetches of one origin. */
export interface RobotsCapture {
  robots: Robots
  /** The last answer of its redirect chain; null where no answer came (then nothing was fetched either). */
  exchange: Exchange | null
  evidence: FetchGroup | null
}

export interface Refusal {
  outcome: string
  detail?: string
}

export class Site {
  readonly capture: RobotsCapture
  readonly #agent: string
  readonly #tdm: readonly TdmRule[]
  readonly #closed: Refusal | undefined

  constructor(capture: RobotsCapture, agent: string, tdm: readonly TdmRule[], closed?: Refusal) {
    this.capture = capture
    this.#agent = agent
    this.#tdm = tdm
    this.#closed = closed
  }

  /** Why this URL must not be asked for; undefined when it may. What the site reserves from training would never be kept, so it is not asked for either. */
  refuses(url: string): Refusal | undefined {
    if (this.#closed !== undefined) return this.#closed
    const { robots } = this.capture
    const { allowed, rule, line } = mayFetch(robots, this.#agent, url)
    if (!allowed) return { outcome: 'ROBOTS_DISALLOWED', detail: `robots.txt line ${line}: ${rule}` }
    const { decision, signals } = trainDecision({ url, agent: this.#agent, robots, headers: [], html: null })
    if (decision === 'deny')
      return { outcome: 'TRAINING_DENIED', detail: signals.map(({ source, value }) => `${source}: ${value}`).join('; ') }
    const { pathname, search } = new URL(url)
    const reserved = reservedBy(this.#tdm, pathname + search)
    return reserved && { outcome: 'TRAINING_DENIED', detail: `tdmrep.json rule ${reserved.place}: ${reserved.rule.location}` }
  }

  /** The line of evidence about this URL; null where no robots.txt could be captured. */
  fact(url: string): RobotsFact | null {
    const { exchange, evidence, robots } = this.capture
    if (exchange === null || evidence === null) return null
    const { allowed, line } = mayFetch(robots, this.#agent, url)
    return { url: exchange.url, recordId: evidence.responseId, payloadDigest: evidence.payloadDigest, agent: this.#agent, allowed, line }
  }

  get crawlDelayMs(): number {
    return crawlDelay(this.capture.robots, this.#agent) ?? 0
  }
}

export interface SiteVisit {
  get: Web['get']
  clock: Clock
  agent: string
  signal: AbortSignal
  pace: HostPace
  onJournal: (row: JournalRow) => void
}

const MAX_REDIRECTS = 5
const MAX_TRIES = 2
const MAX_DECODED_BYTES = 8 << 20
const MAX_TDMREP_BYTES = 256 << 10

/** Asks an origin for its rules. Only the signal's reason is thrown: everything else is an outcome. */
export async function visitSite(origin: string, visit: SiteVisit): Promise<Site> {
  const robots = await captureRobots(`${origin}/robots.txt`, visit)
  if (robots instanceof Site) return robots
  visit.pace.crawlDelayMs = crawlDelay(robots.robots, visit.agent) ?? 0
  const wellKnown = `${origin}/.well-known/tdmrep.json`
  const tdm = mayFetch(robots.robots, visit.agent, wellKnown).allowed ? await askTdmRep(wellKnown, visit) : []
  return new Site(robots, visit.agent, tdm)
}

async function captureRobots(first: string, visit: SiteVisit): Promise<RobotsCapture | Site> {
  let url = first
  let exchange: Exchange | undefined
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    try {
      exchange = await ask(url, MAX_ROBOTS_BYTES, 'ROBOTS', visit)
    } catch (thrown) {
      visit.signal.throwIfAborted()
      const code = codeOf(thrown)
      // an address that we refuse is refused for its pages too; any other failure leaves the rules unknown: all is forbidden
      const isRefused = thrown instanceof RefusedError && hop === 0
      return closedSite(visit.agent, isRefused ? { outcome: code } : { outcome: 'ROBOTS_UNREACHABLE', detail: code })
    }
    const target = redirectTarget(exchange)
    if (target === undefined) break
    url = target
  }
  try {
    const last = exchange as Exchange
    const robots = robotsOfExchange(last)
    if (robots.unreachable) return closedSite(visit.agent, { outcome: 'ROBOTS_UNREACHABLE', detail: `robots.txt answers ${last.status}` })
    return { robots, exchange: last, evidence: fetchGroup(last, { via: url === first ? null : first }) }
  } catch (thrown) {
    // evidence that others would refuse to read (a bomb, a head beyond limits)
    return closedSite(visit.agent, { outcome: 'ROBOTS_UNREACHABLE', detail: codeOf(thrown) })
  }
}

async function askTdmRep(url: string, visit: SiteVisit): Promise<TdmRule[]> {
  try {
    const exchange = await ask(url, MAX_TDMREP_BYTES, 'TDMREP', visit)
    return exchange.status === 200 ? parseTdmRep(new TextDecoder().decode(decodeBody(exchange, MAX_TDMREP_BYTES * 8))) : []
  } catch {
    visit.signal.throwIfAborted()
    return []
  }
}

/** One request at the host's pace, tried again once when that may help, with its journal row. */
async function ask(url: string, maxBytes: number, outcome: string, { get, clock, signal, pace, onJournal }: SiteVisit): Promise<Exchange> {
  for (let attempt = 1; ; attempt++) {
    await pace.turn(signal)
    const time = clock.now()
    const row = { time, url, host: hostOf(url), depth: 0 }
    try {
      const exchange = await get(url, {
        signal,
        maxBytes,
        maxDecodedBytes: MAX_DECODED_BYTES,
        headers: { accept: 'text/plain, application/json, */*;q=0.1' },
      })
      const ms = clock.now() - time
      pace.reached(exchange.remoteAddress)
      pace.done(ms)
      const type = headerValues(exchange.headers, 'content-type')[0]
      onJournal({
        ...row,
        status: exchange.status,
        outcome,
        bytes: exchange.body.length,
        ms,
        ...(type === undefined ? {} : { detail: type }),
      })
      return exchange
    } catch (thrown) {
      signal.throwIfAborted()
      pace.done(clock.now() - time)
      onJournal({ ...row, status: null, outcome: codeOf(thrown), bytes: 0, ms: clock.now() - time, detail: outcome })
      if (!(thrown instanceof RetryableError) || attempt === MAX_TRIES || !pace.failed(undefined)) throw thrown
    }
  }
}

function closedSite(agent: string, refusal: Refusal): Site {
  return new Site({ robots: unreachableRobots, exchange: null, evidence: null }, agent, [], refusal)
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? ''
}
