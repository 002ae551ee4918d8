import type { Logger } from '../../core/effects/index.ts'
import { UsageError } from '../../core/errors/index.ts'
import { openLogger } from '../../core/events/index.ts'

const LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** JSON lines on stderr from the given level on. */
export async function logger(level = 'warn'): Promise<Logger> {
  const known = LEVELS.find((one) => one === level)
  if (known === undefined) throw new UsageError('BAD_LOG_LEVEL', `--log-level is one of ${LEVELS.join(', ')}`)
  return openLogger({ level: known })
}
