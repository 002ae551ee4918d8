/** The tombstones a keyholder knows: on disk before they are obeyed. */
import type { Kv } from '../../core/effects/index.ts'
import { includesScope, readWithdrawal, requiredPurposes, Tombstones } from '../../dao/consent/index.ts'
import { type ConsentPolicy, encode, toHex, type Withdrawal } from '../../schemas/wire/index.ts'
import type { ShareRow } from './share-row.ts'

/** Tombstones of receipts that nobody deposited here are kept too, for the receipt may come later; so many of them, and then no more. */
export const MAX_UNMATCHED = 65_536

/** A withdrawal as the fold of the log knows it: its signature was checked there. */
export type LoggedWithdrawal = Pick<Withdrawal, 'receipt' | 'subject' | 'scope'>

export class Withdrawals {
  readonly #kv: Kv
  readonly #receipts = new Map<string, Uint8Array>()
  readonly tombstones = new Tombstones()
  #unmatched = 0

  private constructor(kv: Kv) {
    this.#kv = kv
  }

  static async open(kv: Kv): Promise<Withdrawals> {
    const withdrawals = new Withdrawals(kv)
    for (const key of await kv.keys('tombstone/')) {
      const bytes = await kv.get(key)
      const read = bytes && readWithdrawal(bytes)
      if (read?.ok === true) withdrawals.#know(read.value)
      if (key.endsWith('/unmatched')) withdrawals.#unmatched++
    }
    return withdrawals
  }

  /** Receipts that something was withdrawn of. */
  get receipts(): Uint8Array[] {
    return [...this.#receipts.values()]
  }

  /** On disk when it resolves. False where the room for withdrawals of unknown receipts is used up: the ledger can still log it. */
  async add(withdrawal: Withdrawal, matched: boolean): Promise<boolean> {
    if (includesScope(this.tombstones.scopeOf(withdrawal.receipt, withdrawal.subject), withdrawal.scope)) return true
    if (!matched && this.#unmatched >= MAX_UNMATCHED) return false
    if (!matched) this.#unmatched++
    const scope = withdrawal.scope === 'all' ? 'all' : withdrawal.scope.toSorted().join('+')
    const key = `tombstone/${toHex(withdrawal.receipt)}/${withdrawal.subject}/${scope}${matched ? '' : '/unmatched'}`
    await this.#kv.put(key, encode(withdrawal))
    this.#know(withdrawal)
    return true
  }

  /** One that the log holds: it is there after a restart as well, so our own disk need not remember it, and room for it has no end. */
  learn(withdrawal: LoggedWithdrawal): void {
    this.#know(withdrawal)
  }

  /**
   * Whether a withdrawal ends this contribution: of all, or of a needed purpose, of the receipt that counts or of one it renewed. While the policy is
   * not known, nobody can say which purposes it needs: then no key is given, and nothing is deleted for good either.
   */
  ends({ receipts }: Pick<ShareRow, 'receipts'>, subject: string, policy: ConsentPolicy | undefined): boolean {
    return receipts.some((hash) => {
      const scope = this.tombstones.scopeOf(hash, subject)
      return scope === 'all' || (scope !== undefined && policy !== undefined && requiredPurposes(policy).some((one) => scope.has(one)))
    })
  }

  #know(withdrawal: LoggedWithdrawal): void {
    this.tombstones.add(withdrawal)
    this.#receipts.set(toHex(withdrawal.receipt), withdrawal.receipt)
  }
}
