/** What every duty of a validator works with. The ledger's state is the follower's, what waits to be logged the outbox's; a duty keeps only its own. */
import type { DaoLink, Outbox } from '../../dao/follower/index.ts'
import type { EpochState, LedgerState, ValidatorState } from '../../dao/ledger/index.ts'
import type { Web } from '../../core/web/index.ts'
import type { PoliteWeb } from '../manners/index.ts'
import type { ValidatorOptions, ValidatorProgress } from './options.ts'

export interface Desk {
  options: ValidatorOptions
  /** Our account. */
  me: string
  /** Ends the role. */
  signal: AbortSignal
  link: DaoLink
  outbox: Outbox
  /** As folded now. */
  state: () => LedgerState
  /** Takes another step soon. */
  wake: () => void
  /** The web by the charter as it is now, asked politely: one host's pauses are kept whatever the duty. */
  politely: (web: Web) => PoliteWeb
  say: (what: ValidatorProgress['what'], epoch: number, count: number) => void
}

/** An epoch in which we have duties, and our seat. */
export interface OnDuty {
  epoch: EpochState
  seat: ValidatorState
}
