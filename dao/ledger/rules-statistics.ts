/** Counts of the pool: published when the operator ordered and paid the round, and the three whom a policy names first signed what came of it. */
import { aggregatorsOf } from '../pool-statistics/index.ts'
import { isPaid } from '../rewards/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { isLive } from './deliveries.ts'
import { notAnObject, readConsentPolicy, readStatisticsFile } from './parsed-files.ts'
import { notOperator } from './rules-admission.ts'
import type { LedgerFiles, LedgerState } from './types.ts'
import { refuse, type Rule } from './view.ts'

export const poolStatistics: Rule<'pool.statistics'> = {
  needs: ({ a, p }, { state }) => (a === state.operator && notAnObject(p.statistics) === undefined ? [p.statistics] : []),
  check({ a, p }, { state, files }) {
    const wrong = notOperator(state, a) ?? notAnObject(p.statistics)
    if (wrong) return wrong
    if (state.poolStatistics.some(({ round }) => round.equals(p.round)))
      return refuse('REPEATED', 'the counts of this round are in the log')
    const read = readStatisticsFile(files, p.statistics)
    if (!read.ok) return read.refusal
    const { id, value } = read.value.round
    if (!id.equals(p.round)) return refuse('OTHER_ROUND', `the file has the counts of ${id.toString()}`)
    if (value.dao !== state.id || value.by !== state.operator) return refuse('ROUND_NOT_OURS', "the round is not of this ledger's operator")
    if (!isPaid(state.spent, id, value.epsilonPpm)) return refuse('NOT_PAID', 'no budget.spend before this pays for the round')
    if (!policies(state, files).some((named) => named?.every((account, seat) => account === value.aggregators[seat]) === true))
      return refuse(
        'NOT_AGGREGATOR',
        'no policy that is in force, is to be, or that somebody in the pool agreed to names these three first among its keyholders',
      )
    return undefined
  },
  apply: ({ p }, { state, index }) => void state.poolStatistics.push({ index, ...p }),
}

/** The aggregators of the policies that somebody can be counted under: keys of three who have long left say nothing here any more. */
function policies({ charter, pendingCharters, contributions }: LedgerState, files: LedgerFiles): (string[] | undefined)[] {
  const named = [charter, ...pendingCharters.map((pending) => pending.charter)].flatMap(({ consent }) => consent ?? [])
  const agreed = [...contributions.values()].filter(isLive).map(({ manifest }) => manifest.policy)
  const byCid = new Map([...named, ...agreed].map((policy) => [policy.toString(), policy]))
  return [...byCid.values()].map((policy) => aggregatorsBy(policy, files))
}

function aggregatorsBy(policy: CID, files: LedgerFiles): string[] | undefined {
  const read = files.read(policy) === undefined ? undefined : readConsentPolicy(files, policy)
  return read?.ok === true ? aggregatorsOf(read.value) : undefined
}

/** How many people these three may be asked to count, as the log knows it: in the pool, and settled by an epoch, whose beacon their proofs are asked at. */
export function peopleToCount({ contributions }: LedgerState, files: LedgerFiles, aggregators: readonly string[]): number {
  return [...contributions.values()].filter(
    (one) =>
      isLive(one) &&
      one.settled !== null &&
      aggregatorsBy(one.manifest.policy, files)?.every((account, seat) => account === aggregators[seat]) === true,
  ).length
}
