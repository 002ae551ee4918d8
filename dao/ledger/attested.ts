/** Which contributions of an epoch are attested: by their testers' word on the mails, and one account for one of them. */
import { exportMailTermsOf, poolTermsOf, toHex } from '../../schemas/wire/index.ts'
import { reportQuorum } from '../rewards/index.ts'
import { isLive } from './deliveries.ts'
import type { ChunkVerdicts } from './judge-chunks.ts'
import { hasEarned } from './token-book.ts'
import type { EpochState, LedgerState } from './types.ts'

/**
 * Manifests of the epoch that count as attested, in commit order: an account that attests one contribution attests no other subject's, as long as that
 * one lives, and also after its end where it earned. A claim that no quorum looked at takes nobody's place.
 */
export function attestedIn(state: LedgerState, epoch: EpochState, verdicts: ReadonlyMap<string, ChunkVerdicts>): ReadonlySet<string> {
  const attested = new Set<string>()
  // a charter that took mails when they were revealed may take none by now
  if (exportMailTermsOf(poolTermsOf(state.charter)) === undefined) return attested
  const holders = new Map<string, string>()
  for (const one of state.contributions.values())
    if (one.attested === true && one.account !== null && (isLive(one) || hasEarned(state, one)))
      holders.set(toHex(one.account), one.contributor)
  for (const key of epoch.batches) {
    const one = state.contributions.get(key)
    const said = one && verdicts.get(one.contributor)
    if (!one?.account || !isLive(one) || said?.mailed.has(key) !== true || said.unopened.has(key)) continue
    if (!wasHeard(state, epoch, one.contributor)) continue
    const account = toHex(one.account)
    const holder = holders.get(account) ?? one.contributor
    if (holder !== one.contributor) continue
    holders.set(account, holder)
    attested.add(key)
  }
  return attested
}

function wasHeard({ charter }: LedgerState, epoch: EpochState, account: string): boolean {
  const committee = epoch.committees.get(account) ?? []
  const reporters = committee.filter((validator) =>
    epoch.reports.get(validator)?.contributions.some(({ contributor }) => contributor === account),
  )
  return reportQuorum(committee, new Set(reporters), charter)
}
