/** Every entry type's rule, in one table. */
import type { Entry, EntryType } from '../../schemas/wire/index.ts'
import * as admission from './rules-admission.ts'
import * as closing from './rules-closing.ts'
import { budgetSpend } from './rules-budget.ts'
import * as contribution from './rules-contribution.ts'
import { fraudProof } from './rules-fraud.ts'
import { epochPhase } from './rules-phases.ts'
import * as records from './rules-records.ts'
import { poolStatistics } from './rules-statistics.ts'
import { takeover } from './rules-terms.ts'
import { custodyReshare } from './rules-reshare.ts'
import * as testing from './rules-testing.ts'
import { consentWithdrawn } from './rules-withdrawal.ts'
import type { Rule } from './view.ts'

const rules: { [T in EntryType]: Rule<T> } = {
  genesis: admission.genesis,
  roster: admission.roster,
  charter: admission.charter,
  'contributor.join': admission.join,
  'contribution.commit': contribution.commit,
  'contribution.reveal': contribution.reveal,
  'contribution.available': contribution.available,
  retract: contribution.retract,
  'beacon.reveal': testing.beaconReveal,
  'probe.commit': testing.probeCommit,
  'probe.reveal': testing.probeReveal,
  'report.commit': testing.reportCommit,
  'report.reveal': testing.reportReveal,
  'epoch.phase': epochPhase,
  'epoch.close': closing.epochClose,
  'epoch.attest': closing.epochAttest,
  'epoch.dispute': closing.epochDispute,
  'fraud.proof': fraudProof,
  appeal: records.appeal,
  complaint: records.complaint,
  optout: records.optout,
  'consent.withdrawn': consentWithdrawn,
  'custody.reshare': custodyReshare,
  'budget.spend': budgetSpend,
  'pool.statistics': poolStatistics,
  release: records.release,
  revenue: records.revenue,
  payout: records.payout,
  anchor: records.anchor,
  takeover: takeover,
}

/** The rule of an entry's own type. */
export function ruleOf<E extends Entry>(entry: E): Rule<E['t']> {
  return rules[entry.t] as unknown as Rule<E['t']>
}
