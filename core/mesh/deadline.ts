import type { Clock } from '../effects/index.ts'
import { RetryableError } from '../errors/index.ts'

/**
 * A signal that aborts after `ms` (with RetryableError `code`), or with any of `signals`; disposing it gives the timer back at once,
 * so that a thousand finished calls leave no thousand timers behind.
 */
export function deadlineOf(
  clock: Clock,
  ms: number,
  error: { code: string; message: string },
  signals: (AbortSignal | undefined)[] = [],
): { signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const forward = signals
    .filter((signal) => signal !== undefined)
    .map((signal) => {
      const abort = (): void => controller.abort(signal.reason)
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
      return { signal, abort }
    })
  const timer = clock.timer(ms, () => controller.abort(new RetryableError(error.code, error.message, { detail: { ms } })))
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      timer[Symbol.dispose]()
      for (const { signal, abort } of forward) signal.removeEventListener('abort', abort)
    },
  }
}

/** What `work` gives, or the signal's reason as soon as it aborts; the work itself is expected to heed the signal too. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
