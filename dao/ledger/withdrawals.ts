/** Every withdrawal of the log, in its order: the one place where the fold knows of them. What they took away is asked here, and stored nowhere else. */
import { equalBytes, type Purpose, type Withdrawal } from '../../schemas/wire/index.ts'
import { includesScope, joinScopes, type Scope } from '../consent/index.ts'

/** Whose consent ended, wholly or for some purposes: the receipt's hash and the subject that signed it. `by` wrote the entry. */
export interface LoggedWithdrawal extends Pick<Withdrawal, 'receipt' | 'subject' | 'scope'> {
  index: number
  by: string
}

export class LoggedWithdrawals {
  readonly #list: LoggedWithdrawal[] = []
  readonly #bySubject = new Map<string, LoggedWithdrawal[]>()

  /** One whose signature was checked. */
  add(one: LoggedWithdrawal): void {
    this.#list.push(one)
    const known = this.#bySubject.get(one.subject)
    if (known === undefined) this.#bySubject.set(one.subject, [one])
    else known.push(one)
  }

  get count(): number {
    return this.#list.length
  }

  /** Those from the n-th on, oldest first. */
  since(n: number): LoggedWithdrawal[] {
    return this.#list.slice(n)
  }

  /** Of one subject, oldest first. */
  of(subject: string): readonly LoggedWithdrawal[] {
    return this.#bySubject.get(subject) ?? []
  }

  /** Whether the log says as much already, of this receipt by this subject. */
  covers({ receipt, subject, scope }: Pick<Withdrawal, 'receipt' | 'subject' | 'scope'>): boolean {
    return includesScope(this.#scopeOf(receipt, subject), scope)
  }

  /**
   * Purposes that a contribution is no longer for: all that its subject withdrew after committing to it, whatever receipt was named, because a
   * receipt's hash tells nobody here which contribution it was given for.
   */
  purposesGone({ contributor, commitIndex }: { contributor: string; commitIndex: number }): Set<Purpose> {
    const later = this.of(contributor).filter(({ index }) => index > commitIndex)
    return new Set(later.flatMap(({ scope }) => (scope === 'all' ? [] : scope)))
  }

  #scopeOf(receipt: Uint8Array, subject: string): Scope | undefined {
    let scope: Scope | undefined
    for (const one of this.of(subject)) if (equalBytes(one.receipt, receipt)) scope = joinScopes(scope, one.scope)
    return scope
  }
}
