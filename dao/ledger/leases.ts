/** Who crawls what in the epoch that is being gathered. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { assigned, delayMultiplier } from '../rewards/index.ts'
import { holdersIn } from './engine.ts'
import type { LeaseSet, LedgerState } from './types.ts'
import { committingEpoch } from './rules-contribution.ts'

export interface Lease {
  /** Accounts that hold the host; both crawl it, or the one there is. Empty where nobody does: then it is free for all. */
  holders: string[]
  /** Whoever crawls the host waits this many times its delay, so that all of them together are one polite crawler. */
  delayTimes: number
}

const finders = new WeakMap<LeaseSet, (host: string) => readonly string[]>()

/**
 * Lease of a host (lower case, as in the URL) in the epoch that commits count for now. While the next epoch has not begun its leases are not
 * fixed, so the running epoch's are used. Empty where the charter has no leases.
 */
export function leaseOf(state: LedgerState, host: string): Lease {
  const set = state.charter.epoch.leases === 'none' ? undefined : leaseSet(state)
  if (set === undefined) return freeForAll(state)
  const known = finders.get(set.set) ?? holdersIn(state, set.epoch)
  finders.set(set.set, known)
  const holders = [...known(host)]
  return holders.length === 0 ? freeForAll(state) : { holders, delayTimes: delayMultiplier(holders) }
}

/** Any of those who gather may be at the host, and none knows of the others. */
function freeForAll(state: LedgerState): Lease {
  const epoch = committingEpoch(state)
  let gatherers = 0
  for (const { isSubject, revoked, joinedEpoch } of state.contributors.values())
    if (!isSubject && revoked === null && joinedEpoch < epoch) gatherers++
  return { holders: [], delayTimes: Math.max(1, gatherers) }
}

function leaseSet(state: LedgerState): { epoch: number; set: LeaseSet } | undefined {
  const epoch = state.leases.has(committingEpoch(state)) ? committingEpoch(state) : (state.epoch?.number ?? 0)
  const set = state.leases.get(epoch)
  return set && { epoch, set }
}

/** Whether `account` is to fetch `url` now: it shares the lease and the URL's hash bit is its own, or nobody holds the host. */
export function isAssigned(state: LedgerState, account: string, url: string): boolean {
  let host: string
  try {
    host = new URL(url).host
  } catch {
    throw new InvalidInputError('BAD_URL', 'not a URL')
  }
  const { holders } = leaseOf(state, host)
  return assigned({ url, holders, account })
}
