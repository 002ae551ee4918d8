import type { Clock } from '../effects/index.ts'

export type Phase = 'connect' | 'headers' | 'body'

/** Why a sleep ends early; one object, because an error with its stack for every request would cost more than the timer. */
const SOONER = new Error('another deadline is nearer')

/**
 * The deadlines of all requests, watched by one sleep: requests begin and end a hundred times more often than one is late, and a timer for
 * each would cost more than its bookkeeping. Between requests the sleep goes on, and finds nothing late when it wakes.
 */
export class Deadlines implements Disposable {
  readonly clock: Clock
  readonly #running = new Set<PhaseTimer>()
  #wakeAt = Number.POSITIVE_INFINITY
  #sleeping: AbortController | undefined
  #isClosed = false

  constructor(clock: Clock) {
    this.clock = clock
  }

  add(timer: PhaseTimer): void {
    this.#running.add(timer)
    if (timer.deadline < this.#wakeAt) {
      this.#sleeping?.abort(SOONER)
      void this.#watch()
    }
  }

  remove(timer: PhaseTimer): void {
    this.#running.delete(timer)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#sleeping?.abort(SOONER)
  }

  async #watch(): Promise<void> {
    const sleeping = new AbortController()
    this.#sleeping = sleeping
    while (this.#running.size > 0 && !this.#isClosed) {
      let nearest = Number.POSITIVE_INFINITY
      for (const { deadline } of this.#running) if (deadline < nearest) nearest = deadline
      this.#wakeAt = nearest
      try {
        await this.clock.sleep(Math.max(0, nearest - this.clock.now()), sleeping.signal)
      } catch {
        return
      }
      if (sleeping.signal.aborted) return
      const now = this.clock.now()
      for (const timer of this.#running) if (timer.deadline <= now) timer.late()
    }
    this.#wakeAt = Number.POSITIVE_INFINITY
  }
}

/** A request's phases and its total; the earlier of the two ends it. */
export class PhaseTimer {
  deadline = Number.POSITIVE_INFINITY
  readonly #all: Deadlines
  readonly #end: number
  readonly #onTimeout: (phase: Phase) => void
  #phase: Phase = 'connect'
  #isStopped = false

  constructor(all: Deadlines, totalMs: number, onTimeout: (phase: Phase) => void) {
    this.#all = all
    this.#end = all.clock.now() + totalMs
    this.#onTimeout = onTimeout
  }

  /** Begins a phase. */
  enter(phase: Phase, ms: number): void {
    if (this.#isStopped) return
    this.#phase = phase
    this.deadline = Math.min(this.#all.clock.now() + ms, this.#end)
    this.#all.add(this)
  }

  stop(): void {
    this.#isStopped = true
    this.#all.remove(this)
  }

  late(): void {
    if (this.#isStopped) return
    this.stop()
    this.#onTimeout(this.#phase)
  }
}
