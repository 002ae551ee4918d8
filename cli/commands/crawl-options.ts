/** The crawl flags that several commands share. */
import { availableParallelism } from 'node:os'
import type { Clock } from '../../core/effects/index.ts'
import { DenyList, WorkerPool } from '../../node/index.ts'
import { type Flags, numberFlag } from '../program/index.ts'

const SCOPES = ['host', 'domain'] as const

/** `isLocal`: pages of this machine alone, which needs no pause. */
export function crawlOptions(
  flags: Flags,
  isLocal: boolean,
): { maxPages?: number; maxDepth?: number; delayMs?: number; scope?: 'host' | 'domain' } {
  const scope = SCOPES.find((one) => one === flags['scope'])
  return {
    ...(flags['maxPages'] === undefined ? {} : { maxPages: numberFlag(flags, 'maxPages', 0) }),
    ...(flags['maxDepth'] === undefined ? {} : { maxDepth: numberFlag(flags, 'maxDepth', 0) }),
    ...(flags['delay'] === undefined ? (isLocal ? { delayMs: 0 } : {}) : { delayMs: numberFlag(flags, 'delay', 0) }),
    ...(scope === undefined ? {} : { scope }),
  }
}

/** Threads for pages: as many as there are cores unless said; with 0 the pages are worked on in the main thread. Undefined where that is all. */
export function workersOf(flags: Flags, clock: Clock, stack: AsyncDisposableStack): WorkerPool | undefined {
  const size = Math.min(numberFlag(flags, 'workers', availableParallelism()), 64)
  return size === 0 ? undefined : stack.use(new WorkerPool({ clock, size }))
}

export async function denyOf(flags: Flags, clock: Clock): Promise<DenyList | undefined> {
  const file = flags['deny']
  return typeof file === 'string' ? DenyList.open(file, clock) : undefined
}

/** What an absent training statement means. */
export const profileOf = (flags: Flags): 'strict' | 'standard' => (flags['profile'] === 'strict' ? 'strict' : 'standard')
