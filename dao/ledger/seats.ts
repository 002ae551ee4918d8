/** Who is seated, and how many of them make a word final. */
import { peerFromDid, quorumOf } from '../../schemas/wire/index.ts'
import type { LedgerState, ValidatorState } from './types.ts'

/** Active validators, sorted by account bytes. */
export function seatedValidators(state: LedgerState): ValidatorState[] {
  return [...state.validators.values()]
    .filter((seat) => seat.active)
    .toSorted((a, b) => byAccount(a.statement.validator, b.statement.validator))
}

/** Whether a peer is the operator or a seated validator: who may read what is not public yet. */
export function isOfTheDao(state: LedgerState, peer: string): boolean {
  return peer === peerFromDid(state.operator) || seatedValidators(state).some((seat) => peerFromDid(seat.statement.validator) === peer)
}

/** q = floor(2n/3)+1 of the validators seated now, unless the charter says otherwise; 0 while nobody is seated. */
export function quorum(state: LedgerState): number {
  return quorumOf(state.charter, seatedValidators(state).length)
}

/** ASCII byte order, the order of every list of accounts. did:key strings are ASCII, so code units are bytes. */
export function byAccount(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export const isSeated = (state: LedgerState, account: string): boolean => state.validators.get(account)?.active === true
