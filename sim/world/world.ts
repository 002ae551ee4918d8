/**
 * A world with its own time and chance. Nothing in it happens except through one queue of events, ordered by time and sequence;
 * between two events every promise settles. So one seed gives one history, event for event, and `digest()` is its fingerprint.
 */
import type { Clock, Effects, Random } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { drain, drained } from './drain.ts'
import { type LinkRules, Network } from './network.ts'
import { EventQueue, type WorldEvent } from './queue.ts'
import { seededRandom } from './random.ts'
import { Trace } from './trace.ts'

export interface WorldOptions extends Partial<LinkRules> {
  seed: number
}

export interface RunLimits {
  /** Stop when the world is this many milliseconds old. */
  untilMs?: number
  /** Stop as soon as this holds; looked at after every event. */
  until?: () => boolean
  /** With `until`: how many milliseconds of the world's time it may take (default one day). */
  withinMs?: number
}

const DAY = 86_400_000
/** What the clocks show at the start: 1 January 2026. */
const START_MS = 1_767_225_600_000

export class World implements Effects {
  readonly seed: number
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly #queue = new EventQueue()
  readonly #trace = new Trace()
  #ageMs = 0
  #sequence = 0
  #delivered = 0
  #running = false

  constructor({ seed, ...rules }: WorldOptions) {
    this.seed = seed
    this.random = this.randomOf('world')
    this.network = new Network(this, rules)
    this.clock = {
      now: () => START_MS + this.#ageMs,
      sleep: (ms, signal) => this.#sleep(ms, signal),
      timer: (ms, ring) => this.schedule(ms, 'timer', ring),
      deadline: (ms) => {
        const controller = new AbortController()
        this.schedule(ms, 'deadline', () => controller.abort(new DOMException('the time is up', 'TimeoutError')))
        return controller.signal
      },
    }
  }

  /** Milliseconds since the world began. */
  get ageMs(): number {
    return this.#ageMs
  }

  /** Events delivered so far. */
  get events(): number {
    return this.#delivered
  }

  /** A stream of chance of one's own: a node named here is not disturbed by what others draw. */
  randomOf(name: string): Random {
    return seededRandom(this.seed, name)
  }

  /** Fingerprint of the history: SHA-256 over every event delivered, with its time and its bytes. */
  digest(): string {
    return this.#trace.digest()
  }

  /** Something will happen in `delayMs` (rounded up to a whole millisecond, at least 0). Dispose it, and it will not. */
  schedule(delayMs: number, label: string, deliver: () => void, bytes?: Uint8Array): Disposable {
    const atMs = this.#ageMs + Math.max(0, Math.ceil(delayMs))
    const event = { atMs, sequence: this.#sequence++, label, bytes, deliver, cancelled: false }
    this.#queue.push(event)
    return {
      [Symbol.dispose]: () => {
        event.cancelled = true
      },
    }
  }

  /**
   * Lets time pass. Without `until` it stops when nothing is left to happen or the time is reached;
   * with it, a world that runs dry or over time throws FatalError SIM_STUCK.
   */
  async run({ untilMs, until, withinMs = DAY }: RunLimits = {}): Promise<void> {
    if (this.#running) throw new FatalError('SIM_REENTERED', 'a world is run by one caller at a time, never from inside')
    this.#running = true
    try {
      const lastMs = untilMs ?? (until === undefined ? Number.POSITIVE_INFINITY : this.#ageMs + withinMs)
      let isDone = false
      const step = (): boolean => {
        isDone = until?.() ?? false
        const next = isDone ? undefined : this.#queue.peek()
        if (next === undefined || next.atMs > lastMs) return false
        this.#deliver(next)
        return true
      }
      await drain()
      await drained(step)
      if (isDone) return
      if (Number.isFinite(lastMs)) this.#ageMs = Math.max(this.#ageMs, lastMs)
      if (until !== undefined)
        throw new FatalError('SIM_STUCK', `seed ${this.seed}: what the run waits for did not happen by ${this.#ageMs} ms`, {
          detail: { seed: this.seed, ageMs: this.#ageMs, events: this.#delivered },
        })
    } finally {
      this.#running = false
    }
  }

  /** Runs until the promise settles, and gives what it gave. */
  async settle<T>(promise: Promise<T>, limits: { withinMs?: number } = {}): Promise<T> {
    let settled = false
    const mark = (): void => {
      settled = true
    }
    promise.then(mark, mark)
    await this.run({ until: () => settled, ...limits })
    return promise
  }

  #deliver(event: WorldEvent): void {
    this.#queue.pop()
    this.#ageMs = event.atMs
    this.#delivered++
    this.#trace.add(event)
    event.deliver()
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const abort = (): void => {
        timer[Symbol.dispose]()
        reject(signal?.reason as Error)
      }
      const timer = this.schedule(ms, 'sleep', () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      })
      signal?.addEventListener('abort', abort, { once: true })
    })
  }
}
