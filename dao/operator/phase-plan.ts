/** When the operator's service ends a phase: as soon as everyone it can see is done, or at the charter's limit. A choice, not a rule: `mayAdvance` is the rule. */
import { quorumOf } from '../../schemas/wire/index.ts'
import { holdersNeeded, isLive, type LedgerState, seatedValidators } from '../ledger/index.ts'

export interface PhaseView {
  /** Accounts that said they have nothing more to do in this phase. */
  ready: ReadonlySet<string>
  /** Contributors connected now; a vanished one is not waited for. */
  connected: ReadonlySet<string>
  /** Since we saw the phase begin. */
  elapsedMs: number
}

/** Whether nothing is left to wait for before the first epoch: enough seats and contributors. */
export function mayOpen(state: LedgerState): boolean {
  const { charter } = state
  return seatedValidators(state).length >= charter.validators.minimum && state.contributors.size >= charter.contributors.minimum
}

/** Whether to end the current phase. Gathering never ends without a commitment: an empty epoch proves nothing. */
export function isPhaseDone(state: LedgerState, view: PhaseView): boolean {
  const { epoch, charter } = state
  if (epoch === null) return mayOpen(state)
  const { elapsedMs } = view
  const late = elapsedMs >= charter.epoch[epoch.phase].maxSeconds * 1000
  const seats = seatedValidators(state).map((seat) => seat.statement.validator)
  switch (epoch.phase) {
    case 'gather': {
      const waiting = [...state.contributors.values()].filter(
        (c) => !c.revoked && view.connected.has(c.account) && !view.ready.has(c.account),
      )
      return hasWork(state) && (late || waiting.length === 0)
    }
    case 'reveal': {
      const need = quorumOf(charter, seats.length)
      const short = [...state.batches.values()].some(
        (b) => b.epoch === epoch.number && !b.voided && b.retracted === null && b.available.size < need,
      )
      const held = [...state.contributions.values()].every(
        (c) => c.epoch !== epoch.number || !isLive(c) || c.available.size >= holdersNeeded(state, c, seats.length),
      )
      return late || (openCommits(state) === 0 && !short && held)
    }
    case 'beacon':
      return late || seats.every((seat) => epoch.beaconReveals.has(seat))
    case 'test':
      return late || seats.every((seat) => epoch.reportCommits.has(seat))
    case 'report':
      return late || [...epoch.reportCommits.keys()].every((seat) => epoch.reports.has(seat))
    case 'probe':
      return true
    default:
      return state.results.at(-1)?.epoch === epoch.number && state.results.at(-1)?.final === true
  }
}

/** Whether the epoch under way has anything to test: a commitment that may be revealed, or a batch that an earlier cut moved here. */
export function hasWork(state: LedgerState): boolean {
  return openCommits(state) + carried(state) > 0
}

/** Commitments of this epoch or earlier that may still be revealed. */
function openCommits(state: LedgerState): number {
  const number = state.epoch?.number ?? 0
  return [...state.commits.values()].filter((commit) => commit.epoch <= number).length
}

/** Batches that an earlier cut moved here. */
function carried(state: LedgerState): number {
  const number = state.epoch?.number
  const contributions = [...state.contributions.values()].filter((one) => one.epoch === number && isLive(one))
  return [...state.batches.values()].filter((batch) => batch.epoch === number).length + contributions.length
}
