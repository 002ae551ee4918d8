/**
 * Withdrawals as a set that only grows: its meaning is the same in whatever order they came, and whether they came before or after the receipt.
 * A tombstone counts only against receipts of the subject that signed it.
 */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  type ConsentReceipt,
  MAX_WITHDRAWAL_BYTES,
  type Purpose,
  shaped,
  toHex,
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

/** What was withdrawn of one receipt. */
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
  add({ receipt, subject, scope }: Pick<Withdrawal, 'receipt' | 'subject' | 'scope'>): boolean {
    const key = keyOf(receipt, subject)
    const known = this.#scopes.get(key)
    if (includesScope(known, scope)) return false
    this.#scopes.set(key, joinScopes(known, scope))
    return true
  }

  get size(): number {
    return this.#scopes.size
  }

  /** What the subject withdrew of the receipt with this hash; undefined for nothing. */
  scopeOf(receipt: Uint8Array, subject: string): Scope | undefined {
    return this.#scopes.get(keyOf(receipt, subject))
  }

  /**
   * The purposes of a receipt that still hold: none after a withdrawal of all. `hashes`: its own, and those of the receipts it renewed, because what
   * was withdrawn of a contribution once is not given again for it.
   */
  remaining(receipt: Pick<ConsentReceipt, 'purposes' | 'subject'>, hashes: readonly Uint8Array[]): Purpose[] {
    const scopes = hashes.flatMap((hash) => this.scopeOf(hash, receipt.subject) ?? [])
    return receipt.purposes.filter((one) => !scopes.some((scope) => scope === 'all' || scope.has(one)))
  }
}

const keyOf = (receipt: Uint8Array, subject: string): string => `${toHex(receipt)} ${subject}`
