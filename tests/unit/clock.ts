/** The machine's clock, for tests that run real peers. */
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../core/effects/index.ts'

export const testClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
  deadline: (ms) => AbortSignal.timeout(ms),
}
