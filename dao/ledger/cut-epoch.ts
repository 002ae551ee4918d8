import { quorumOf } from '../../schemas/wire/index.ts'
import { seatedValidators } from './seats.ts'
import { isContribution, mayEarn, deliveries } from './deliveries.ts'
import type { BatchState, EpochState, LedgerState, PoolContribution, Delivery } from './types.ts'

/**
 * The cut: reveals of this epoch are over. A batch counts when a quorum of the validators seated now said before that they serve it; else it
 * moves to the next epoch, once. Commits that were not revealed are void.
 */
export function cutEpoch(state: LedgerState, epoch: EpochState, index: number, time: number): void {
  epoch.cut = index
  epoch.roster = seatedValidators(state).map((seat) => seat.statement.validator)
  const times = state.times.get(epoch.number)
  if (times) times.cut = time
  const counted: Delivery[] = []
  for (const batch of deliveries(state)) {
    if (batch.epoch !== epoch.number || batch.dropped || !mayEarn(batch)) continue
    if (state.contributors.get(batch.contributor)?.revoked) continue
    if (epoch.roster.filter((account) => batch.available.has(account)).length >= holdersNeeded(state, batch, epoch.roster.length))
      counted.push(batch)
    else if (batch.moved) batch.dropped = true
    else {
      batch.moved = true
      batch.epoch++
    }
  }
  counted.sort((a, b) => a.commitIndex - b.commitIndex)
  epoch.batches = counted.map((batch) => batch.manifestCid.toString())
  for (const [at, commit] of state.commits) if (commit.epoch <= epoch.number) state.commits.delete(at)
}

/** Of a batch a quorum of those seated; of a contribution a quorum of its keyholders, and never fewer than open it. */
export function holdersNeeded(state: LedgerState, one: BatchState | PoolContribution, seats: number): number {
  if (!isContribution(one)) return quorumOf(state.charter, seats)
  const { k, members } = one.committee
  return Math.max(k, Math.floor((2 * members.length) / 3) + 1)
}
