/** What a rule may look at, and how it says no. */
import type { CID, EntryOf, EntryType } from '../../schemas/wire/index.ts'
import type { Engine } from './engine.ts'
import type { LedgerFiles, LedgerState } from './types.ts'

export interface View {
  state: LedgerState
  files: LedgerFiles
  /** Log index that the entry has, or would get. */
  index: number
  engine: Engine
}

export interface Refusal {
  code: string
  message: string
}

export const refuse = (code: string, message: string): Refusal => ({ code, message })

/** One entry type: which files its judgement reads, whether it is legal now, and what it changes. `apply` runs only after `check` found nothing. */
export interface Rule<T extends EntryType> {
  needs?(entry: EntryOf<T>, view: View): CID[]
  check(entry: EntryOf<T>, view: View): Refusal | undefined
  apply(entry: EntryOf<T>, view: View): void
  /** Runs instead of `apply` when `check` refused an entry that is in the log all the same; for what an audit should still name. */
  note?(entry: EntryOf<T>, view: View, refusal: Refusal): void
}
