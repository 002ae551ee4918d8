/** How long to leave a host alone. One request at a time, a pause after each, longer when it is slow, longer still when it says so. */
import type { Clock } from '../../core/effects/index.ts'
import type { PaceShare } from '../../dao/ledger/index.ts'
import { enterAll, type Lane, type Lanes } from './lanes.ts'

export interface PaceOptions {
  /** Least pause between two requests to one host, whoever asks. */
  delayMs: number
  /** Least pause between two requests of this crawl to one host, however many share it. */
  leastMs: number
  /** The pause is at least this many times the last response time; Heritrix' delayFactor. Nothing for a site of one's own, where both are 0. */
  responseFactor: number
  /** The most that a slow answer adds. */
  maxResponseDelayMs: number
  /** The rest after a first failure; it doubles with each further one, up to a minute. */
  failureRestMs: number
  /** A host that asks for a longer rest than this is left for the rest of the crawl. */
  maxRestMs: number
}

export const paceDefaults: PaceOptions = {
  delayMs: 1000,
  leastMs: 0,
  responseFactor: 5,
  maxResponseDelayMs: 30_000,
  failureRestMs: 1000,
  maxRestMs: 600_000,
}

export interface HostPaceOptions {
  clock: Clock
  pace: PaceOptions
  /** With port. */
  host?: string
  /** Shared by the hosts of one crawl; a site of one's own shares nothing. */
  lanes?: Lanes
  /** Asked before every pause: who shares a host may change while it is crawled. */
  share?: (() => PaceShare) | undefined
}

const ALONE: PaceShare = { times: 1, place: 0 }
/** The longest that a timer can wait. */
const MOST_MS = 2 ** 31 - 1

export class HostPace {
  /** Failures in a row that were the host's: time-outs, resets, 429, 5xx. */
  failures = 0
  readonly #clock: Clock
  readonly #options: PaceOptions
  readonly #lanes: Lanes | undefined
  readonly #domain: Lane | undefined
  readonly #share: () => PaceShare
  #address: Lane | undefined
  /** Entered for the request under way. */
  #held: Lane[] = []
  #nextAt = 0
  #crawlDelayMs = 0
  #restsUntil = 0

  constructor({ clock, pace, host = '', lanes, share = () => ALONE }: HostPaceOptions) {
    this.#clock = clock
    this.#options = pace
    this.#share = share
    this.#lanes = isOwnSite(pace) ? undefined : lanes
    this.#domain = this.#lanes?.ofHost(host.replace(/:\d+$/, ''))
  }

  /**
   * The host's own wish, in force at once. Until they read it, those who share the host stand the configured delay apart, the first ahead:
   * it waits for the others to have read it as well, so that from then on they stand the wish apart.
   */
  wish(crawlDelayMs: number): void {
    this.#crawlDelayMs = crawlDelayMs
    const { times, place } = this.#share()
    this.#restFor(this.#pause(0, place + 1) + this.#options.delayMs * (times - place - 1))
  }

  /** A first pause without a request: somebody else, or we before we were killed, may have asked a moment ago. Those who share the host begin one after the other. */
  rest(): void {
    this.#restFor(this.#pause(0, this.#share().place + 1))
  }

  /** The address that answered: other names that it answers to share its pace from now on. */
  reached(address: string | null): void {
    if (address !== null) this.#address = this.#lanes?.ofAddress(address)
  }

  /** Waits for this host's turn. Must be followed by `done`, unless it throws the signal's reason. */
  async turn(signal: AbortSignal): Promise<void> {
    const lanes = [this.#domain, this.#address].filter((lane) => lane !== undefined)
    await enterAll(lanes, this.#nextAt, this.#clock, signal)
    this.#held = lanes
  }

  /** Gives a turn back that was not used: whoever waits for it goes on at once. */
  pass(): void {
    this.#leave()
  }

  /** After a request that took `ms`. */
  done(ms: number): void {
    this.#restFor(this.#pause(ms))
    this.#leave()
  }

  /** It asked for a longer rest than anybody here waits for, and that is not over. */
  get isLeftAlone(): boolean {
    return this.#clock.now() < this.#restsUntil
  }

  succeeded(): void {
    this.failures = 0
  }

  /** After a failure; `askedMs` is the host's own Retry-After. False when the rest is too long to wait for. */
  failed(askedMs: number | undefined): boolean {
    const own = Math.max(this.#options.failureRestMs, this.#pause(0)) * 2 ** Math.min(this.failures, 10)
    this.failures++
    const rest = askedMs ?? Math.min(own, 60_000)
    if (rest > this.#options.maxRestMs) {
      this.#restsUntil = this.#clock.now() + rest
      return false
    }
    this.#restFor(rest)
    this.#leave()
    return true
  }

  #restFor(ms: number): void {
    this.#nextAt = Math.max(this.#nextAt, this.#clock.now() + Math.min(ms, MOST_MS))
  }

  /** The lanes rest as long as the host does. */
  #leave(): void {
    for (const lane of [this.#domain, this.#address]) if (lane !== undefined) lane.nextAt = Math.max(lane.nextAt, this.#nextAt)
    for (const lane of this.#held) lane.leave()
    this.#held = []
  }

  #pause(responseMs: number, times = this.#share().times): number {
    const { delayMs, leastMs, responseFactor, maxResponseDelayMs } = this.#options
    const slow = isOwnSite(this.#options) ? 0 : Math.min(responseMs * responseFactor, maxResponseDelayMs)
    return Math.max(Math.max(delayMs, this.#crawlDelayMs, slow) * times, leastMs)
  }
}

const isOwnSite = ({ delayMs, leastMs }: PaceOptions): boolean => delayMs === 0 && leastMs === 0
