import { utf8 } from '../../schemas/wire/index.ts'
import { byHash } from './lowest-hash.ts'

/** Who runs an account, as far as the ledger knows; null where it does not. */
export interface Standing {
  operator: string | null
  asn: number | null
}
export interface Seat extends Standing {
  account: string
}
const UNKNOWN: Standing = { operator: null, asn: null }

/**
 * The validators that test one contributor this epoch (incentives reference 2.2): the K lowest SHA-256("quern/committee/v1\0" ‖ beacon ‖
 * contributor ‖ validator), accounts as their ASCII bytes. `full` independence passes over a validator that shares operator or ASN with the
 * contributor or with one already chosen; `none` (local rules) compares nothing. Accounts in draw order.
 */
export function committeeOf(
  beacon: Uint8Array,
  contributor: string,
  validators: readonly Seat[],
  K: number,
  independence: 'full' | 'none',
  contributorFacts: Standing = UNKNOWN,
): string[] {
  const chosen: Seat[] = []
  for (const seat of byHash(validators, (v) => v.account, utf8('quern/committee/v1\0'), beacon, utf8(contributor))) {
    if (chosen.length >= K) break
    if (seat.account === contributor) continue
    if (independence === 'full' && [contributorFacts, ...chosen].some((other) => related(seat, other))) continue
    chosen.push(seat)
  }
  return chosen.map((v) => v.account)
}

function related(a: Standing, b: Standing): boolean {
  return (a.operator !== null && a.operator === b.operator) || (a.asn !== null && a.asn === b.asn)
}
