/** Every withdrawal of the log, in its order: the one place where the fold knows of them. What they took away is asked here, and stored nowhere else. */
import type { CID, Purpose, Withdrawal } from '../../schemas/wire/index.ts'
import { includesScope, joinScopes, type Scope } from '../consent/index.ts'

/** Whose consent to which contribution ended, wholly or for some purposes. `by` wrote the entry. */
export interface LoggedWithdrawal extends Pick<Withdrawal, 'manifest' | 'subject' | 'scope'> {
  index: number
  by: string
}

/** A contribution as it is asked about here. */
interface Asked {
  manifestCid: CID
  contributor: string
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

  /** Whether the log says as much already, of this contribution by this subject. */
  covers({ manifest, subject, scope }: Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>): boolean {
    return includesScope(this.#scopeOf(manifest, subject), scope)
  }

  /** Purposes that a contribution is no longer for, besides a withdrawal of all. */
  purposesGone({ manifestCid, contributor }: Asked): Set<Purpose> {
    const named = this.of(contributor).filter(({ manifest }) => manifest.equals(manifestCid))
    return new Set(named.flatMap(({ scope }) => (scope === 'all' ? [] : scope)))
  }

  /** Whether all, or a purpose that it cannot do without, was withdrawn of a contribution. */
  ends(one: Asked & { required: readonly Purpose[] }): boolean {
    const scope = this.#scopeOf(one.manifestCid, one.contributor)
    return scope === 'all' || one.required.some((purpose) => scope?.has(purpose) === true)
  }

  #scopeOf(named: CID, subject: string): Scope | undefined {
    let scope: Scope | undefined
    for (const { manifest, scope: more } of this.of(subject)) if (manifest.equals(named)) scope = joinScopes(scope, more)
    return scope
  }
}
