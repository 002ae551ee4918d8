/** Keeps a space within its quota: says when to collect, and a timer that does. */
import type { Clock, Logger } from '../effects/index.ts'
import { toError } from '../errors/index.ts'
import type { Space, Usage } from './storage.ts'

/** Blocks younger than this may be on their way to a pin: a seal or a transfer under way. */
export const GC_GRACE_MS = 3_600_000
const EVERY_MS = 60_000
const HIGH_PPM = 900_000n

/** Whether to collect now: above nine tenths of the quota, and something was put since the last time that found nothing to drop. */
export function mustCollect({ usage, maxBytes, idleAt }: { usage: Usage; maxBytes: number; idleAt: number | undefined }): boolean {
  return BigInt(usage.bytes) * 1_000_000n > BigInt(maxBytes) * HIGH_PPM && usage.bytes !== idleAt
}

/** Looks every minute until the signal; a failed collection is logged and tried again. */
export async function keepQuota(
  space: Pick<Space, 'usage' | 'gc'>,
  { maxBytes, clock, logger, signal }: { maxBytes: number; clock: Clock; logger: Logger; signal: AbortSignal },
): Promise<void> {
  let idleAt: number | undefined
  while (!signal.aborted) {
    try {
      await clock.sleep(EVERY_MS, signal)
      const usage = await space.usage()
      if (!mustCollect({ usage, maxBytes, idleAt })) continue
      const freed = await space.gc({ graceMs: GC_GRACE_MS })
      if (freed === 0) idleAt = usage.bytes
      logger.info('gc', { freed, bytes: usage.bytes, maxBytes })
    } catch (thrown) {
      if (!signal.aborted) logger.error('gc failed', { error: toError(thrown).message })
    }
  }
}
