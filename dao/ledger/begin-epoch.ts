import { activateCharter } from './rules-admission.ts'
import { byAccount } from './seats.ts'
import { newEpoch } from './state.ts'
import type { LedgerState } from './types.ts'

/** How many epochs of lease sets and dates are kept: a batch moves on a few times at most. */
const KEPT_EPOCHS = 8
const NO_BEACON = new Uint8Array(32)

/** Opens an epoch's gathering: the charter that counts from it comes into force, and who may hold leases is fixed. */
export function beginEpoch(state: LedgerState, number: number, index: number, time: number): void {
  activateCharter(state, number)
  const last = state.results.at(-1)
  const accounts = [...state.contributors.values()]
    // later joiners could have ground an account against the beacon, which was fixed after the cut
    .filter(({ revoked, isSubject, joinedAt }) => revoked === null && !isSubject && (last === undefined || joinedAt < last.cut))
    .map((contributor) => contributor.account)
  state.leases.set(number, { seed: last?.beacon ?? NO_BEACON, accounts: accounts.toSorted(byAccount) })
  state.times.set(number, { gather: time, cut: 0 })
  for (const kept of [state.leases, state.times]) for (const old of kept.keys()) if (old <= number - KEPT_EPOCHS) kept.delete(old)
  state.epoch = newEpoch(number, 'gather', index, time)
}
