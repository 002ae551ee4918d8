/**
 * Who may ask a host now: one request at a time, with a pause in between, and those who wait take turns by contributor, so that a contributor with
 * many pages on a slow host does not keep the others from theirs.
 */
import type { Clock } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'

/** Who has no time of its own for it waits no longer than this for a host to rest: it is left alone until then. Milliseconds. */
export const MAX_REST_MS = 120_000
/** Hosts remembered, as long as their pauses last. */
const MAX_HOSTS = 10_000

/** How fast one host may be asked. */
export interface Pace {
  /** The rest after a request that has just ended. */
  restMs: () => number
  /** The first time, not before the given one, at which we may begin. */
  from: (at: number) => number
}

interface Waiting {
  who: string
  mostMs: number
  begin: () => void
  refuse: (reason: Error) => void
}

interface Line {
  isBusy: boolean
  /** Nobody may begin before this time; a clock that was set back never makes it more than `pauseMs` away. */
  freeAt: number
  pauseMs: number
  waiting: Waiting[]
  /** When each contributor had its last turn here, counted in turns. */
  turns: Map<string, number>
  turn: number
}

export class HostTurns {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #lines = new Map<string, Line>()

  /** `signal` ends the pauses: nobody is asked any more then. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /**
   * Runs `work` when it is `who`'s turn at `host`; the next turn begins after a rest, when `pace` says. Rejects with the signal's reason when that
   * ends the waiting, and with RetryableError HOST_RESTS while the host rests longer than `mostMs`.
   */
  async run<T>(host: string, who: string, pace: Pace, signal: AbortSignal, work: () => Promise<T>, mostMs = MAX_REST_MS): Promise<T> {
    const line = this.#lineOf(host)
    signal.throwIfAborted()
    if (this.#isLonger(line, mostMs)) throw rests(host)
    if (line.isBusy) await waitIn(line, who, mostMs, signal)
    else {
      const now = this.#clock.now()
      const since = Math.min(line.freeAt, now + line.pauseMs)
      this.#restUntil(line, pace.from(Math.max(now, since)))
      if (now < line.freeAt) await this.#begin(line, signal)
    }
    line.isBusy = true
    line.turns.set(who, ++line.turn)
    try {
      return await work()
    } finally {
      this.#restUntil(line, pace.from(this.#clock.now() + pace.restMs()))
      const hasty = line.waiting.filter((one) => this.#isLonger(line, one.mostMs))
      line.waiting = line.waiting.filter((one) => !hasty.includes(one))
      for (const one of hasty) one.refuse(rests(host))
      if (line.waiting.length > 0) void this.#pause(line)
      else line.isBusy = false
    }
  }

  #lineOf(host: string): Line {
    let line = this.#lines.get(host)
    if (line !== undefined) return line
    if (this.#lines.size >= MAX_HOSTS)
      for (const [name, { isBusy, freeAt }] of this.#lines) if (!isBusy && freeAt <= this.#clock.now()) this.#lines.delete(name)
    this.#lines.set(host, (line = { isBusy: false, freeAt: 0, pauseMs: 0, waiting: [], turns: new Map(), turn: 0 }))
    return line
  }

  #restUntil(line: Line, at: number): void {
    line.freeAt = at
    line.pauseMs = at - this.#clock.now()
  }

  #isLonger({ freeAt, pauseMs }: Line, mostMs: number): boolean {
    return Math.min(pauseMs, freeAt - this.#clock.now()) > mostMs
  }

  async #pause(line: Line): Promise<void> {
    await this.#rest(line, this.#signal).catch(() => undefined)
    giveTurn(line)
  }

  /** Nobody waits, but the pause is not over: it is waited for here, and whoever comes meanwhile waits in line. */
  async #begin(line: Line, signal: AbortSignal): Promise<void> {
    line.isBusy = true
    try {
      await this.#rest(line, signal)
    } catch (error) {
      void this.#pause(line)
      throw error
    }
  }

  #rest({ freeAt, pauseMs }: Line, signal: AbortSignal): Promise<void> {
    return this.#clock.sleep(Math.max(0, Math.min(pauseMs, freeAt - this.#clock.now())), signal)
  }
}

const rests = (host: string): RetryableError => new RetryableError('HOST_RESTS', `${host} asked to be left alone for a while`)

function giveTurn(line: Line): void {
  line.isBusy = false
  const lastOf = ({ who }: Waiting): number => line.turns.get(who) ?? 0
  const chosen = line.waiting.reduce<Waiting | undefined>(
    (best, one) => (best === undefined || lastOf(one) < lastOf(best) ? one : best),
    undefined,
  )
  if (chosen === undefined) return
  line.waiting.splice(line.waiting.indexOf(chosen), 1)
  // taken here, so that nobody who comes before the chosen one wakes slips in
  line.isBusy = true
  chosen.begin()
}

function waitIn(line: Line, who: string, mostMs: number, signal: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const one: Waiting = {
      who,
      mostMs,
      begin: () => {
        signal.removeEventListener('abort', abort)
        resolve()
      },
      refuse: (reason) => {
        signal.removeEventListener('abort', abort)
        reject(reason)
      },
    }
    const abort = (): void => {
      line.waiting.splice(line.waiting.indexOf(one), 1)
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort, { once: true })
    line.waiting.push(one)
  })
}
