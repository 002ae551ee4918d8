/** The tombstones a keyholder knows: on disk before they are obeyed. */
import type { Kv } from '../../core/effects/index.ts'
import { includesScope, readWithdrawal, requiredPurposes, Tombstones } from '../../dao/consent/index.ts'
import { type CID, type ConsentPolicy, encode, type Withdrawal } from '../../schemas/wire/index.ts'

/** Tombstones of contributions that nobody deposited here are kept too, for they may come later; so many of them, and then no more. */
export const MAX_UNMATCHED = 65_536

/** A withdrawal as the fold of the log knows it: its signature was checked there. */
export type LoggedWithdrawal = Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>

export class Withdrawals {
  readonly #kv: Kv
  readonly #manifests = new Map<string, CID>()
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
      if (read?.ok === true) withdrawals.learn(read.value)
      if (key.endsWith('/unmatched')) withdrawals.#unmatched++
    }
    return withdrawals
  }

  /** Contributions that something was withdrawn of. */
  get manifests(): CID[] {
    return [...this.#manifests.values()]
  }

  /** On disk when it resolves. False where the room for withdrawals of unknown contributions is used up: the ledger can still log it. */
  async add(withdrawal: Withdrawal, matched: boolean): Promise<boolean> {
    const { manifest, subject, scope } = withdrawal
    if (includesScope(this.tombstones.scopeOf(manifest, subject), scope)) return true
    if (!matched && this.#unmatched >= MAX_UNMATCHED) return false
    if (!matched) this.#unmatched++
    const what = scope === 'all' ? 'all' : scope.toSorted().join('+')
    await this.#kv.put(`tombstone/${manifest.toString()}/${subject}/${what}${matched ? '' : '/unmatched'}`, encode(withdrawal))
    this.learn(withdrawal)
    return true
  }

  /** One that the log holds: it is there after a restart as well, so our own disk need not remember it, and room for it has no end. */
  learn(withdrawal: LoggedWithdrawal): void {
    this.tombstones.add(withdrawal)
    this.#manifests.set(withdrawal.manifest.toString(), withdrawal.manifest)
  }

  /**
   * Whether a withdrawal ends this contribution: of all, or of a needed purpose. While the policy is not known, nobody can say which purposes it
   * needs: then no key is given, and nothing is deleted for good either.
   */
  ends(manifest: CID, subject: string, policy: ConsentPolicy | undefined): boolean {
    const scope = this.tombstones.scopeOf(manifest, subject)
    return scope === 'all' || (scope !== undefined && policy !== undefined && requiredPurposes(policy).some((one) => scope.has(one)))
  }
}
