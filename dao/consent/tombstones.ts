/**
 * Withdrawals as a set that only grows: its meaning is the same in whatever order they came, and whether they came before or after the receipt.
 * A tombstone counts for one contribution, whichever receipt it is held under, and only for the subject that signed it.
 */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type CID,
  type ConsentReceipt,
  MAX_WITHDRAWAL_BYTES,
  type Purpose,
  shaped,
  type Withdrawal,
  withdrawal,
} from '../../schemas/wire/index.ts'
import type { ConsentProblem } from './policy.ts'

export function signWithdrawal(draft: Omit<Withdrawal, 'v' | 'subject' | 's'>, subject: Signer): Withdrawal {
  return shaped(withdrawal, signObject('withdrawal', { v: 1, ...draft, subject: subject.did }, subject))
}

/** Reads a withdrawal from a stranger's bytes; the codes of `verifyObject`. */
export function readWithdrawal(bytes: Uint8Array): { ok: true; value: Withdrawal } | ({ ok: false } & ConsentProblem) {
  return verifyObject(withdrawal, bytes, 'withdrawal', 'subject', MAX_WITHDRAWAL_BYTES)
}

/** What becomes of a withdrawal that came by gossip: strangers sign as much as they like, so only that of an account which joined is carried on. */
export function gossipVerdict(bytes: Uint8Array, hasJoined: (account: string) => boolean): 'accept' | 'ignore' | 'reject' {
  const read = readWithdrawal(bytes)
  if (!read.ok) return 'reject'
  return hasJoined(read.value.subject) ? 'accept' : 'ignore'
}

/** What was withdrawn of one contribution. */
export type Scope = 'all' | ReadonlySet<Purpose>

/** Scopes add up. */
export function joinScopes(known: Scope | undefined, more: Withdrawal['scope']): Scope {
  return known === 'all' || more === 'all' ? 'all' : new Set([...(known ?? []), ...more])
}

/** Whether what was withdrawn says as much as this already. */
export function includesScope(known: Scope | undefined, asked: Withdrawal['scope']): boolean {
  return known === 'all' || (known !== undefined && asked !== 'all' && asked.every((one) => known.has(one)))
}

export class Tombstones {
  readonly #scopes = new Map<string, Scope>()

  /** Adds one whose signature was checked. True when it said something new. */
  add({ manifest, subject, scope }: Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>): boolean {
    const key = keyOf(manifest, subject)
    const known = this.#scopes.get(key)
    if (includesScope(known, scope)) return false
    this.#scopes.set(key, joinScopes(known, scope))
    return true
  }

  get size(): number {
    return this.#scopes.size
  }

  /** What the subject withdrew of this contribution; undefined for nothing. */
  scopeOf(manifest: CID, subject: string): Scope | undefined {
    return this.#scopes.get(keyOf(manifest, subject))
  }

  /** The purposes of a receipt that still hold: what was withdrawn of its contribution once is not given again for it, by no later receipt. */
  remaining({ manifest, purposes, subject }: Pick<ConsentReceipt, 'manifest' | 'purposes' | 'subject'>): Purpose[] {
    const scope = this.#scopes.get(keyOf(manifest, subject))
    return purposes.filter((one) => scope !== 'all' && scope?.has(one) !== true)
  }
}

const keyOf = (manifest: CID | string, subject: string): string => `${manifest.toString()} ${subject}`
