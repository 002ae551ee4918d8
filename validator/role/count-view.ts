/** What an aggregator asks of its ledger, answered from the folded state as it is at that moment. */
import { isLive, type PoolContribution } from '../../dao/ledger/index.ts'
import { poolView, type PoolViewOptions } from '../../dao/pool-access/index.ts'
import { isPaid } from '../../dao/rewards/index.ts'
import { poolTermsOf } from '../../schemas/wire/index.ts'
import type { CountView } from '../keyholder/index.ts'

export function countView({ state, files }: PoolViewOptions): CountView {
  const view = poolView({ state, files })
  // of the epoch that settled it, and of no other: one that was put off would have its proof asked at a second point
  const settledBy = ({ settled }: PoolContribution) => state().results.find((result) => result.epoch === settled)
  return {
    facts: (manifest) => {
      const one = state().contributions.get(manifest.toString())
      const epoch = one && isLive(one) ? settledBy(one) : undefined
      const policy = one && view.policy(one.manifest.policy)
      return one === undefined || epoch === undefined || policy === undefined
        ? undefined
        : { subject: one.manifest.subject, policy, beacon: epoch.beacon, cutAt: epoch.cutAt }
    },
    isPaid: (round, epsilonPpm) => isPaid(state().spent, round, epsilonPpm),
    minPeople: () => poolTermsOf(state().charter).minPeople,
  }
}
