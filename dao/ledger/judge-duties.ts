/** What each validator of the roster owed the epoch, and whether it stood apart. */
import { PPM } from '../../schemas/wire/index.ts'
import { dutyWeight } from '../rewards/index.ts'
import type { ContributorClose } from './judge-contributor.ts'
import type { EpochState, LedgerState, TableRow } from './types.ts'

export interface ValidatorClose {
  account: string
  struck: boolean
  row: TableRow
}

/**
 * `reported` and `revealed` are this epoch's; `attested` is the epoch before (this one's attestations come after the table).
 * A missing beacon preimage, a missing or void report, and standing apart on a contributor are a strike each epoch.
 */
export function judgeDuties(state: LedgerState, epoch: EpochState, contributors: readonly ContributorClose[]): ValidatorClose[] {
  const before = state.results.find((result) => result.epoch === epoch.number - 1)
  return epoch.roster.map((account) => {
    const assigned = [...epoch.committees.values()].some((committee) => committee.includes(account))
    const revealed = epoch.beaconReveals.has(account)
    const reported = !assigned || epoch.reports.has(account)
    const attested = before === undefined || !before.roster.includes(account) || before.attestedBy.includes(account)
    const apart = contributors.filter((one) => one.deferred === null && one.outliers.includes(account))
    const struck = apart.length > 0 || !revealed || !reported
    const results = (epoch.reports.get(account)?.contributions ?? []).flatMap((contribution) => contribution.results)
    const note =
      apart.length > 0 ? 'strike: apart' : !reported ? 'strike: no report' : !revealed ? 'strike: no beacon' : attested ? null : 'no attest'
    const row: TableRow = {
      account,
      role: 'validator',
      records: 0,
      value: '0',
      credibility: PPM,
      draws: results.length,
      fails: results.filter(({ pass }) => pass === false).length,
      points: dutyWeight({ reported, revealed, attested, struck }).toString(),
      note,
    }
    return { account, struck, row }
  })
}
