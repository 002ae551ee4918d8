/** The real clock and chance. Nothing below `cli/` makes these. */
import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Effects, Random } from '../../core/effects/index.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? (signal.reason as Error) : error
    }
  },
  timer: (ms, ring) => {
    const timer = setTimeout(ring, ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  deadline: (ms) => AbortSignal.timeout(ms),
}

export const systemRandom: Random = {
  int: (bound) => randomInt(bound),
  bytes: (length) => new Uint8Array(randomBytes(length)),
}

export const systemEffects: Effects = { clock: systemClock, random: systemRandom }

export const secureBytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

/** Aborts on the first Ctrl-C or stop request, or when the process that started this one is gone; a second one ends the process at once. */
export function untilStopped(): AbortController {
  const controller = new AbortController()
  const stop = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143)
    controller.abort(new Error(`stopped by ${signal}`))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // from here on the entry point's early answer would be too quick; taken away last, because a request that came while nobody listened is lost
  for (const early of process.listeners('SIGTERM')) if (early !== stop) process.off('SIGTERM', early)
  // a role that another process started ends with it, however it ended
  process.once('disconnect', () => stop('SIGTERM'))
  process.channel?.unref()
  return controller
}

/** What opens, or undefined when it was stopped before it had. Throws what else went wrong. */
export async function unlessStopped<T>(opening: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await opening
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
