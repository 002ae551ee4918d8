/** The crawl flags that several commands share. */
import { UsageError } from '../../core/errors/index.ts'
import { type Flags, numberFlag } from '../program/index.ts'

export function crawlOptions(
  flags: Flags,
  isLocal: boolean,
): { maxPages?: number; maxDepth?: number; delayMs?: number; scope?: 'host' | 'domain' } {
  const scope = flags['scope']
  if (scope !== undefined && scope !== 'host' && scope !== 'domain') throw new UsageError('BAD_FLAG', '--scope is host or domain')
  return {
    ...(flags['maxPages'] === undefined ? {} : { maxPages: numberFlag(flags, 'maxPages', 0) }),
    ...(flags['maxDepth'] === undefined ? {} : { maxDepth: numberFlag(flags, 'maxDepth', 0) }),
    ...(flags['delay'] === undefined ? (isLocal ? { delayMs: 0 } : {}) : { delayMs: numberFlag(flags, 'delay', 0) }),
    ...(scope === undefined ? {} : { scope }),
  }
}
