import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from '../../core/effects/index.ts'

/** The platform's time, for tests with real peers. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    after(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      throw signal?.aborted ? (signal.reason as Error) : error
    }),
  timer: (ms, ring) => {
    const timer = setTimeout(ring, ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  deadline: (ms) => AbortSignal.timeout(ms),
}

/**
 * Waits for a condition, never for a duration; the bound only turns a hang into a failure. `everyMs`: a look that is a whole command must not keep
 * busy whom it waits for.
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  clock: Clock = realClock,
  withinMs = 50_000,
  everyMs = 20,
): Promise<void> {
  const giveUpAt = clock.now() + withinMs
  while (!(await holds())) {
    if (clock.now() > giveUpAt) throw new Error(`did not come true within ${withinMs} ms: ${holds.toString()}`)
    await clock.sleep(everyMs)
  }
}
