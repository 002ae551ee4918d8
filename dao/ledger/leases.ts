/** Who crawls what in the epoch that is being gathered. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { assigned, onLease } from '../rewards/index.ts'
import { holdersIn } from './engine.ts'
import type { LeaseSet, LedgerState } from './types.ts'
import { committingEpoch } from './rules-contribution.ts'

/** How those who crawl a host divide its pace, so that all of them together are one polite crawler. */
export interface PaceShare {
  /** Each waits so many times the host's pause. */
  times: number
  /** The place of this one among them, from 0: whoever begins waits a pause for each that goes before, and one of its own. */
  place: number
}

const finders = new WeakMap<LeaseSet, (host: string) => readonly string[]>()

/**
 * Accounts that hold a host (lower case, as in the URL) in the epoch that commits count for now: both crawl it, or the one there is. While the
 * next epoch has not begun its leases are not fixed, so the running epoch's are used. Empty where nobody holds it, and where the charter has no
 * leases: then it is free for all.
 */
export function hostHolders(state: LedgerState, host: string): readonly string[] {
  const set = state.charter.epoch.leases === 'none' ? undefined : leaseSet(state)
  if (set === undefined) return []
  const known = finders.get(set.set) ?? holdersIn(state, set.epoch)
  finders.set(set.set, known)
  return known(host)
}

/** What of a host's pace is `account`'s. Somebody who is not among those who share it comes last, and asks as if it were one of them. */
export function paceShare(state: LedgerState, host: string, account: string): PaceShare {
  const holders = hostHolders(state, host)
  const sharers = holders.length > 0 ? holders : gatherers(state)
  const place = sharers.indexOf(account)
  return place === -1 ? { times: sharers.length + 1, place: sharers.length } : { times: sharers.length, place }
}

/** Any of those who gather may be at a host that is free for all, and none knows which. */
function gatherers(state: LedgerState): string[] {
  const epoch = committingEpoch(state)
  const all = [...state.contributors.values()]
  return all.filter((one) => !one.isSubject && one.revoked === null && one.joinedEpoch < epoch).map(({ account }) => account)
}

function leaseSet(state: LedgerState): { epoch: number; set: LeaseSet } | undefined {
  const epoch = state.leases.has(committingEpoch(state)) ? committingEpoch(state) : (state.epoch?.number ?? 0)
  const set = state.leases.get(epoch)
  return set && { epoch, set }
}

/** Whether `account` shares the lease of the URL's host, or nobody holds it. */
export function holdsLease(state: LedgerState, account: string, url: string): boolean {
  return onLease(hostHolders(state, hostOf(url)), account)
}

/** Whether `account` is to fetch `url` now: it shares the lease and the URL's hash bit is its own, or nobody holds the host. */
export function isAssigned(state: LedgerState, account: string, url: string): boolean {
  return assigned({ url, holders: hostHolders(state, hostOf(url)), account })
}

function hostOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) throw new InvalidInputError('BAD_URL', 'not a URL')
  return parsed.host
}
