/** Keeps a space within what it may take: says when to collect, and a timer that does. */
import type { Clock, Logger } from '../effects/index.ts'
import { toError } from '../errors/index.ts'
import type { Space, Usage } from './storage.ts'

/** Blocks younger than this may be on their way to a pin: a transfer under way. What takes longer holds its blocks. */
export const GC_GRACE_MS = 3_600_000
const EVERY_MS = 60_000
const HIGH_PPM = 900_000n

/** Whether to collect now: above nine tenths of what the space may take, and something changed since a recent time that found nothing to drop. */
export function mustCollect({ usage, maxBytes, idleAt }: { usage: Usage; maxBytes: number; idleAt: number | undefined }): boolean {
  return BigInt(usage.bytes) * 1_000_000n > BigInt(maxBytes) * HIGH_PPM && usage.bytes !== idleAt
}

export interface QuotaOptions {
  /** Quota in bytes; without one the space may take what the disk has left. */
  maxBytes?: number
  /** Bytes that the disk has left for us. */
  freeBytes: () => Promise<number>
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

/** Looks at once and then every minute until the signal; a failed collection is logged and tried again. */
export async function keepQuota(
  space: Pick<Space, 'usage' | 'gc'>,
  { maxBytes = Infinity, freeBytes, clock, logger, signal }: QuotaOptions,
): Promise<void> {
  let idle: { bytes: number; until: number } | undefined
  while (!signal.aborted) {
    try {
      const usage = await space.usage()
      // the quota may be more than the disk has
      const limit = Math.min(maxBytes, usage.bytes + (await freeBytes()))
      // what was too young then is old enough after a while, also where a full space takes nothing more
      const idleAt = idle !== undefined && clock.now() < idle.until ? idle.bytes : undefined
      if (mustCollect({ usage, maxBytes: limit, idleAt })) {
        const freed = await space.gc({ graceMs: GC_GRACE_MS })
        idle = freed === 0 ? { bytes: usage.bytes, until: clock.now() + GC_GRACE_MS } : undefined
        logger.info('gc', { freed, bytes: usage.bytes, maxBytes: limit })
      }
    } catch (thrown) {
      if (!signal.aborted) logger.error('gc failed', { error: toError(thrown).message })
    }
    await clock.sleep(EVERY_MS, signal).catch(() => undefined)
  }
}
