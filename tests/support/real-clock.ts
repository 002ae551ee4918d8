import type { Clock } from '../../core/effects/index.ts'

/** The wall clock, for tests that talk to real sockets. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const leave = (): void => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }, ms)
      signal?.addEventListener('abort', leave, { once: true })
    }),
  deadline: (ms) => AbortSignal.timeout(ms),
}
