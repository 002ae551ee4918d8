import type { Clock } from '../effects/index.ts'

export type Phase = 'connect' | 'headers' | 'body'

/** Why a sleep ends early; one object, because an error with its stack for every request would cost more than the timer. */
const MOVED_ON = new Error('the phase moved on')

/** One running timer for a request's phases and its total; the earlier of the two ends it. */
export class PhaseTimer {
  readonly #clock: Clock
  readonly #end: number
  readonly #onTimeout: (phase: Phase) => void
  #phase: Phase = 'connect'
  #deadline = 0
  #wakeAt = Number.POSITIVE_INFINITY
  #sleeping: AbortController | undefined
  #stopped = false

  constructor(clock: Clock, totalMs: number, onTimeout: (phase: Phase) => void) {
    this.#clock = clock
    this.#end = clock.now() + totalMs
    this.#onTimeout = onTimeout
  }

  /** Begins a phase. A later deadline costs nothing: the running sleep looks again when it wakes. */
  enter(phase: Phase, ms: number): void {
    if (this.#stopped) return
    this.#phase = phase
    this.#deadline = Math.min(this.#clock.now() + ms, this.#end)
    if (this.#deadline < this.#wakeAt) {
      this.#sleeping?.abort(MOVED_ON)
      void this.#watch()
    }
  }

  stop(): void {
    this.#stopped = true
    this.#sleeping?.abort(MOVED_ON)
  }

  async #watch(): Promise<void> {
    const sleeping = new AbortController()
    this.#sleeping = sleeping
    while (!this.#stopped) {
      this.#wakeAt = this.#deadline
      try {
        await this.#clock.sleep(Math.max(0, this.#deadline - this.#clock.now()), sleeping.signal)
      } catch {
        return
      }
      if (this.#stopped || sleeping.signal.aborted) return
      if (this.#clock.now() >= this.#deadline) {
        this.#stopped = true
        this.#onTimeout(this.#phase)
      }
    }
  }
}
