/** What an origin says about itself before any page of it is asked for: its rule files, captured once a day. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf, RefusedError, RetryableError, toError } from '../../core/errors/index.ts'
import {
  askSite,
  maxCrawlDelayMs,
  retryAfterMs,
  type RuleCapture,
  ruleEvidence,
  type SharedAnswers,
  type Web,
} from '../../core/web/index.ts'
import { type Exchange, type FetchGroup, headerValues, redirectTarget, type RobotsFact } from '../../schemas/evidence/index.ts'
import {
  crawlDelay,
  isSilentSite,
  mayFetch,
  noRules,
  type Robots,
  robotsOfExchange,
  type RuleKind,
  type RuleRequest,
  type SiteRules,
  type TrainDecision,
  trainDecision,
  unreachableRobots,
} from '../../schemas/permission/index.ts'
import { LEAF_BYTES, MAX_ROBOTS_LEAVES, WireError } from '../../schemas/wire/index.ts'
import type { JournalRow } from './journal.ts'
import type { HostPace } from './pace.ts'
import type { Slots } from './slots.ts'

/** The rules under which the pages of one origin were fetched. */
export interface RobotsCapture {
  robots: Robots
  /** All of them. */
  rules: SiteRules
  /** The last answer of the robots.txt chain; null where no answer came (then nothing was fetched either). */
  exchange: Exchange | null
  /** All rule files that were asked for, as one group; its ids are those of robots.txt. */
  evidence: FetchGroup | null
}

export interface Refusal {
  outcome: string
  detail?: string
}

/** RFC 9309, 2.4: rules are asked for again after a day. */
const DAY_MS = 24 * 3600 * 1000
const NOTHING_SAID: TrainDecision = { decision: 'unknown', signals: [], unread: [] }

export class Site {
  readonly capture: RobotsCapture
  readonly #agent: string
  readonly #askedAt: number
  readonly #closed: Refusal | undefined
  /** As most sites are: asked about every page they have the same to say. */
  readonly #isSilent: boolean

  /** `askedAt` in Unix milliseconds. */
  constructor(capture: RobotsCapture, agent: string, askedAt: number, closed?: Refusal) {
    this.capture = capture
    this.#agent = agent
    this.#askedAt = askedAt
    this.#closed = closed
    this.#isSilent = isSilentSite(capture.rules)
  }

  isFresh(now: number): boolean {
    return now - this.#askedAt < DAY_MS
  }

  /** Why this URL must not be asked for; undefined when it may. What the site reserves from training would never be kept, so it is not asked for either. */
  refuses(url: string): Refusal | undefined {
    if (this.#closed !== undefined) return this.#closed
    const { robots } = this.capture
    const { allowed, rule, line } = mayFetch(robots, this.#agent, url)
    if (!allowed) return { outcome: 'ROBOTS_DISALLOWED', detail: `robots.txt line ${line}: ${rule}` }
    const { decision, signals, unread } = this.training(url)
    if (decision === 'deny') {
      const denials = signals.filter(({ says }) => says === 'deny')
      return { outcome: 'TRAINING_DENIED', detail: denials.map(({ source, value }) => `${source}: ${value}`).join('; ') }
    }
    return unread.length === 0 ? undefined : { outcome: 'LICENSE_UNREAD', detail: unread.join(' ') }
  }

  /** What the site alone says of training on a page, before the page was asked. */
  training(url: string): TrainDecision {
    return this.#isSilent ? NOTHING_SAID : trainDecision({ url, agent: this.#agent, site: this.capture.rules, headers: [], html: null })
  }

  /** The line of evidence about this URL; null where no robots.txt could be captured. */
  fact(url: string): RobotsFact | null {
    const { exchange, evidence, robots } = this.capture
    if (exchange === null || evidence === null) return null
    const { allowed, line } = mayFetch(robots, this.#agent, url)
    return { url: exchange.url, recordId: evidence.responseId, payloadDigest: evidence.payloadDigest, agent: this.#agent, allowed, line }
  }
}

export interface SiteVisit {
  get: Web['get']
  /** A request waits for one of these as well. */
  slots: Slots
  clock: Clock
  agent: string
  signal: AbortSignal
  /** Of a host with port: a rule file may lie, or lead, elsewhere. */
  paceOf: (host: string) => HostPace
  /** Licences that other sites named too. */
  licenses: SharedAnswers
  /** Why a URL must not be asked for: by the deny list, or because its owner opted out. */
  closed: (url: string) => Promise<Refusal | undefined>
  onJournal: (row: JournalRow) => void
}

const MAX_TRIES = 2
const MAX_DECODED_BYTES = 8 << 20
const MAX_GROUP_BYTES = MAX_ROBOTS_LEAVES * LEAF_BYTES
const OUTCOMES: Record<RuleKind, string> = { robots: 'ROBOTS', tdmrep: 'TDMREP', aiTxt: 'AI_TXT', rsl: 'RSL' }

/** Asks an origin for its rules. Only the signal's reason is thrown: everything else is an outcome. */
export async function visitSite(origin: string, visit: SiteVisit): Promise<Site> {
  const askedAt = visit.clock.now()
  const closed = (refusal: Refusal): Site => closedSite(visit.agent, askedAt, refusal)
  let asking: RuleRequest = { kind: 'robots', url: `${origin}/robots.txt`, maxBytes: 0 }
  const first = asking.url
  try {
    const groups = new Map<RuleCapture, FetchGroup>()
    const asked = async (request: RuleRequest): Promise<Exchange> => {
      asking = request
      const own = (): Promise<Exchange> => ask(request, visit)
      const exchange = request.kind === 'rsl' ? await visit.licenses.get(request.url, own) : await own()
      if (request.kind === 'robots' && redirectTarget(exchange) === undefined) {
        const wish = crawlDelay(robotsOfExchange(exchange), visit.agent) ?? 0
        if (wish > maxCrawlDelayMs) throw new RefusedError('CRAWL_DELAY', `robots.txt asks for ${wish / 1000} s between requests`)
        visit.paceOf(new URL(origin).host).wish(wish)
      }
      return exchange
    }
    // packed as it comes: after a file that cannot be kept as evidence nothing is worth asking for
    const { rules, robots } = await askSite(origin, visit.agent, asked, (capture) => groups.set(capture, ruleEvidence(capture)))
    if (rules.robots.rules.unreachable)
      return closed({ outcome: 'ROBOTS_UNREACHABLE', detail: `robots.txt answers ${robots.exchange.status}` })
    const members = [...groups.values()].flatMap((group) => group.members)
    if (members.reduce((sum, { byteLength }) => sum + byteLength, 0) > MAX_GROUP_BYTES)
      return closed({ outcome: 'RULES_TOO_LARGE', detail: `rule files of more than ${MAX_GROUP_BYTES} bytes` })
    const evidence = { ...(groups.get(robots) as FetchGroup), members }
    // as old as the oldest answer: a licence may have been asked for on another site's behalf
    const since = Math.min(askedAt, ...[...groups.keys()].map(({ exchange }) => exchange.fetchedAt))
    return new Site({ robots: rules.robots.rules, rules, exchange: robots.exchange, evidence }, visit.agent, since)
  } catch (thrown) {
    visit.signal.throwIfAborted()
    const code = thrown instanceof WireError ? thrown.code : codeOf(thrown)
    // who wants more patience than anybody has is left alone
    if (code === 'CRAWL_DELAY') return closed({ outcome: code, detail: toError(thrown).message })
    // an address that we refuse is refused for its pages too; any other failure leaves the rules unknown: all is forbidden
    if (thrown instanceof RefusedError && asking.url === first) return closed({ outcome: code })
    if (asking.kind === 'robots') return closed({ outcome: 'ROBOTS_UNREACHABLE', detail: code })
    return closed({ outcome: 'RULES_UNREACHABLE', detail: `${OUTCOMES[asking.kind]} ${code}` })
  }
}

/** One request at its own host's pace, tried again once when that may help, with its journal row. Throws RefusedError for what is closed to us. */
async function ask({ kind, url, maxBytes }: RuleRequest, visit: SiteVisit): Promise<Exchange> {
  const { get, slots, clock, signal, paceOf, onJournal, closed } = visit
  const outcome = OUTCOMES[kind]
  const pace = paceOf(hostOf(url))
  for (let attempt = 1; ; attempt++) {
    const refusal = await closed(url)
    if (refusal !== undefined) throw new RefusedError(refusal.outcome, refusal.detail ?? '')
    if (pace.isLeftAlone) throw leftAlone()
    await pace.turn(signal)
    await slots.enter()
    const time = clock.now()
    const row = { time, url, host: hostOf(url), depth: 0 }
    try {
      const exchange = await get(url, {
        signal,
        maxBytes,
        maxDecodedBytes: MAX_DECODED_BYTES,
        headers: { accept: 'text/plain, application/json, application/rsl+xml, */*;q=0.1' },
      }).finally(() => slots.leave())
      const ms = clock.now() - time
      pace.reached(exchange.remoteAddress)
      pace.done(ms)
      const { status, headers } = exchange
      const isBusy = status === 429 || status === 503
      const mayGoOn = !isBusy || pace.failed(retryAfterMs(headerValues(headers, 'retry-after')[0], clock.now()))
      if (!isBusy) pace.succeeded()
      const type = headerValues(headers, 'content-type')[0]
      onJournal({
        ...row,
        status,
        outcome,
        bytes: exchange.body.length,
        ms,
        ...(type === undefined ? {} : { detail: type }),
      })
      if (mayGoOn) return exchange
    } catch (thrown) {
      signal.throwIfAborted()
      pace.done(clock.now() - time)
      onJournal({ ...row, status: null, outcome: codeOf(thrown), bytes: 0, ms: clock.now() - time, detail: outcome })
      if (!(thrown instanceof RetryableError) || attempt === MAX_TRIES || !pace.failed(undefined)) throw thrown
      continue
    }
    throw leftAlone()
  }
}

const leftAlone = (): RetryableError => new RetryableError('HOST_RESTS', 'the host asks for a longer rest than this crawl has')

function closedSite(agent: string, askedAt: number, refusal: Refusal): Site {
  return new Site({ robots: unreachableRobots, rules: noRules, exchange: null, evidence: null }, agent, askedAt, refusal)
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? ''
}
