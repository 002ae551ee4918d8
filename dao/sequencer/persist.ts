import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf, toError } from '../../core/errors/index.ts'

/** Writes, and waits until it worked. */
export type Persist = (what: string, write: () => Promise<void>) => Promise<void>

const MAX_RETRY_MS = 10_000

/** Tries a write again and again, with longer and longer pauses, until it works or we close: nothing may overtake a write that failed. */
export function persistWith(clock: Clock, logger: Logger, retryMs: number, closing: AbortSignal): Persist {
  return async (what, write) => {
    for (let waitMs = retryMs; ; waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)) {
      try {
        await write()
        return
      } catch (error) {
        logger.error('write-failed', { what, code: codeOf(error), reason: toError(error).message })
        if (closing.aborted) throw error
        await clock.sleep(waitMs, closing).catch(() => {})
      }
    }
  }
}
