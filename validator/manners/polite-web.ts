/**
 * The web as a validator asks it: one request at a time to a host, whether for a page, a redirect's target or a rule file, and each in a time slot of
 * its own: slots are as long as the charter's pause or the host's Crawl-delay, whichever is longer, and go round among the validators, so that all
 * of them together ask no more often than one crawler may. Longer rests that a 429 or 503 asks for are kept. What opted out, or is on this
 * validator's deny list, is not asked at all.
 */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf, RefusedError, RetryableError } from '../../core/errors/index.ts'
import { deadlineOf, untilAborted } from '../../core/mesh/index.ts'
import {
  type AskedSite,
  askSite,
  type GetOptions,
  maxCrawlDelayMs,
  retryAfterMs,
  type RuleCapture,
  SharedAnswers,
  type Web,
} from '../../core/web/index.ts'
import { type Exchange, headerValues, redirectTarget } from '../../schemas/evidence/index.ts'
import { crawlDelay, robotsOfExchange, type RuleRequest } from '../../schemas/permission/index.ts'
import { type HostTurns, MAX_REST_MS } from './host-turns.ts'
import { ALONE, roundMs, slotFrom, type SlotShare } from './slots.ts'
import { HostWishes } from './wishes.ts'

export interface PoliteWebOptions {
  web: Web
  /** One for all that this validator asks. */
  turns: HostTurns
  clock: Clock
  /** What hosts wish for, where others that this validator asks by know it too. */
  wishes?: HostWishes
  /** The charter's pause between two requests to one host. */
  delayMs: number
  /** Which slots are ours now; all of them where absent. */
  share?: () => SlotShare
  /** Why a URL is not to be asked for; a rule file by what closes all of its host, for it says what of the rest is closed. */
  closed?: (url: string, what: Asked) => Promise<string | undefined>
}

/** What a URL is asked for as. */
export type Asked = 'page' | 'rules'

/** How long hosts may take. Their answers and the waiting for a turn are counted apart, or a host that wishes for patience would seem a slow one. Milliseconds. */
export interface AskingTime {
  /** All answers together; counted down. */
  leftMs: number
  /** One of them. */
  mostMs: number
  /** All turns together; counted down. A turn for a rule file counts where it was waited for longer than two rounds of the slots, and MAX_REST_MS. */
  waitMs: number
}

export interface Visit {
  /** Whose record it is about: contributors take turns at a host. */
  who: string
  /** What is asked for says something about its site. A page where absent. */
  isRuleFile?: boolean
  time?: AskingTime
  /** Told when a page is asked for, after all waiting. */
  onAsk?: () => void
  signal: AbortSignal
}

/** Whoever owns the address, or this validator itself, wants it asked for by nobody. */
export class HostClosedError extends RefusedError {
  readonly url: string
  readonly what: Asked

  constructor(url: string, what: Asked, why: string) {
    super('HOST_CLOSED', why)
    this.url = url
    this.what = what
  }
}

/** The rest after a 429 or 503 that names none. */
const FAILURE_REST_MS = 2000
const TOO_SLOW = { code: 'TOO_SLOW', message: 'the answer did not come in the time there is for it' }
const RESTS = { code: 'HOST_RESTS', message: 'the host asked to be left alone for a while' }
const NO_TURN = { code: 'NO_TURN', message: 'the host’s pace left no turn in the time there is for it' }

export class PoliteWeb {
  readonly #options: PoliteWebOptions
  readonly #licenses: SharedAnswers
  readonly #wishes: HostWishes

  constructor(options: PoliteWebOptions) {
    this.#options = options
    this.#wishes = options.wishes ?? new HostWishes()
    this.#licenses = new SharedAnswers(options.clock)
  }

  /**
   * One request when its host's turn has come; no redirect is followed. Throws HostClosedError, RetryableError HOST_RESTS, TOO_SLOW or NO_TURN, the
   * signal's reason, and what the web throws.
   */
  async get(url: string, visit: Visit, options: GetOptions = {}): Promise<Exchange> {
    return this.#ask(url, visit, options, () => undefined)
  }

  /**
   * What a site says about itself (see `askSite`). Its Crawl-delay holds from the first answer on, the longest that it said to anybody. Throws
   * RefusedError CRAWL_DELAY, and as `get` does; what came before that was told to `onCapture`.
   */
  async rules(origin: string, agent: string, visit: Visit, onCapture?: (capture: RuleCapture) => void): Promise<AskedSite> {
    const { host } = new URL(origin)
    let wish = 0
    const learn = (exchange: Exchange): void => {
      if (redirectTarget(exchange) !== undefined) return
      wish = crawlDelay(robotsOfExchange(exchange), agent) ?? 0
      this.#wishes.learn(host, wish)
    }
    const ask = (request: RuleRequest): Promise<Exchange> => {
      const { kind, url, maxBytes } = request
      const own = (): Promise<Exchange> =>
        this.#ask(url, { ...visit, isRuleFile: true }, { maxBytes }, kind === 'robots' ? learn : () => undefined)
      // whoever waits for what another asked for waits by its own time
      return kind === 'rsl' ? untilAborted(visit.signal, () => this.#licenses.get(url, own)) : own()
    }
    return askSite(origin, agent, ask, (capture) => {
      onCapture?.(capture)
      if (wish > maxCrawlDelayMs) throw new RefusedError('CRAWL_DELAY', `${host} asks for more patience than anybody has`)
    })
  }

  async #ask(url: string, visit: Visit, options: GetOptions, learn: (exchange: Exchange) => void): Promise<Exchange> {
    const { turns, delayMs, clock, share = () => ALONE } = this.#options
    const host = URL.parse(url)?.host ?? ''
    let askedMs = 0
    const pauseMs = (): number => Math.max(delayMs, this.#wishes.of(host))
    const pace = { restMs: () => Math.max(pauseMs(), askedMs), from: (at: number) => slotFrom(at, pauseMs(), share()) }
    await this.#refuseClosed(url, visit)
    const { who, isRuleFile, signal } = visit
    // nobody is refused for a round of the slots
    const longestMs = Math.max(MAX_REST_MS, 2 * roundMs(pauseMs(), share()))
    // the rules are asked for on behalf of all pages of a host: no one of them pays for a wait that is nobody's in particular
    const freeMs = isRuleFile === true ? longestMs : 0
    const { time } = visit
    const began = clock.now()
    const mostMs = Math.max(freeMs, time?.waitMs ?? longestMs)
    using limit = time && isRuleFile !== true ? deadlineOf(clock, mostMs, RESTS, [signal]) : undefined
    let hasBegun = false
    const begin = (): void => {
      const waitedMs = clock.now() - began
      if (time && !hasBegun && waitedMs > freeMs) time.waitMs -= waitedMs
      hasBegun = true
    }
    const work = async (): Promise<Exchange> => {
      begin()
      // while it waited
      await this.#refuseClosed(url, visit)
      if (isRuleFile !== true) visit.onAsk?.()
      const exchange = await this.#inTime(url, visit, options)
      const { status, headers } = exchange
      const isBusy = status === 429 || status === 503
      this.#wishes.answered(host, isBusy)
      if (isBusy) askedMs = retryAfterMs(headerValues(headers, 'retry-after')[0], clock.now()) ?? FAILURE_REST_MS
      learn(exchange)
      return exchange
    }
    try {
      // awaited here: the deadline ends with this block
      return await turns.run(host, who, pace, limit?.signal ?? signal, work, mostMs)
    } catch (error) {
      const isPace = !hasBegun && !signal.aborted && codeOf(error) === RESTS.code && !this.#wishes.isBusy(host)
      throw isPace ? new RetryableError(NO_TURN.code, NO_TURN.message) : error
    } finally {
      begin()
    }
  }

  async #refuseClosed(url: string, { isRuleFile = false }: Visit): Promise<void> {
    const what = isRuleFile ? 'rules' : 'page'
    const why = await this.#options.closed?.(url, what)
    if (why !== undefined) throw new HostClosedError(url, what, why)
  }

  async #inTime(url: string, { time, signal }: Visit, options: GetOptions): Promise<Exchange> {
    const { web, clock } = this.#options
    if (time === undefined) return web.get(url, { ...options, signal })
    if (time.leftMs <= 0) throw new RetryableError(TOO_SLOW.code, TOO_SLOW.message)
    const began = clock.now()
    using limit = deadlineOf(clock, Math.min(time.mostMs, time.leftMs), TOO_SLOW, [signal])
    try {
      return await web.get(url, { ...options, signal: limit.signal })
    } finally {
      time.leftMs -= clock.now() - began
    }
  }
}
