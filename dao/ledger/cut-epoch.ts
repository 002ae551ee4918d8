import { quorumOf } from '../../schemas/wire/index.ts'
import { seatedValidators } from './seats.ts'
import type { BatchState, EpochState, LedgerState } from './types.ts'

/**
 * The cut: reveals of this epoch are over. A batch counts when a quorum of the validators seated now said before that they serve it; else it
 * moves to the next epoch, once. Commits that were not revealed are void.
 */
export function cutEpoch(state: LedgerState, epoch: EpochState, index: number, time: number): void {
  epoch.cut = index
  epoch.roster = seatedValidators(state).map((seat) => seat.statement.validator)
  const times = state.times.get(epoch.number)
  if (times) times.cut = time
  const need = quorumOf(state.charter, epoch.roster.length)
  const counted: BatchState[] = []
  for (const batch of state.batches.values()) {
    if (batch.epoch !== epoch.number || batch.dropped || batch.retracted !== null || batch.voided !== null) continue
    if (state.contributors.get(batch.contributor)?.revoked) continue
    if (epoch.roster.filter((account) => batch.available.has(account)).length >= need) counted.push(batch)
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
