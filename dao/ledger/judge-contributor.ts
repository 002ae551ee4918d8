/** One contributor's epoch: what its committee found, and what its records earn. */
import { PPM } from '../../schemas/wire/index.ts'
import {
  contributorOutcome,
  countedValue,
  escalates,
  type FreshReport,
  hostClass,
  hostKey,
  mulDiv,
  type Outcome,
  outliers,
  points,
  type RecordValue,
  reportQuorum,
  splitLargestRemainder,
  type Tally,
} from '../rewards/index.ts'
import { severityOf } from './severity.ts'
import { isContribution, mayEarn, recordsIn, deliveryOf, withdrawnAt } from './deliveries.ts'
import type { BatchState, EpochState, LedgerState, OutcomeReasons, PoolContribution, TableRow } from './types.ts'
import { deferralsOf, MAX_DEFERRALS } from './value-epoch.ts'

/** Honest chunks pass: what is expected of them is what the ledger expects of pages that never change. */
const POOL_CLASS = 0
const WITHDRAWN = 'withdrawn'

interface Judged {
  key: string
  batch: BatchState | PoolContribution
}

export interface ContributorClose {
  account: string
  /** Its counted batches, in commit order. */
  batches: string[]
  /** Why the batches move on instead of earning now; null when they are settled. */
  deferred: 'no quorum' | 'escalated' | null
  /** Deferrals from which on the whole roster tests. */
  fullSetAt: number
  credibility: number
  tallies: ReadonlyMap<string, Tally>
  voided: boolean
  /** Validators that stand apart on it. */
  outliers: string[]
  reports: FreshReport[]
  reasons: OutcomeReasons
  points: bigint
  pointsPerBatch: Map<string, bigint>
  /** Values after host cuts, for batches where a cut changed any. */
  cutValues: Map<string, RecordValue[]>
  row: TableRow
}

export function judgeContributor(state: LedgerState, epoch: EpochState, account: string): ContributorClose {
  const { charter } = state
  const contributor = state.contributors.get(account)
  const batches = epoch.batches.flatMap((key) => {
    const batch = deliveryOf(state, key)
    return batch?.contributor === account ? [{ key, batch }] : []
  })
  const committee = epoch.committees.get(account) ?? []
  const reports = committee.flatMap((validator) => freshReport(state, epoch, validator, account))
  const before = contributor?.tallies ?? new Map<string, Tally>()
  const mPrev = contributor?.credibility ?? PPM
  // only the roster is heard: what somebody found who was suspended since is forgotten with the seat
  const weights = new Map(epoch.roster.map((validator) => [validator, PPM]))
  const outcome = contributorOutcome({ charter, tallies: before, reports, mPrev, bases: state.bases, weights })
  const apart = outliers(outcome.freshRates, outcome.freshMed, charter)
  const isFullSet = deferralsOf(state, epoch, account) >= MAX_DEFERRALS
  const standing = batches.filter(({ batch }) => mayEarn(batch))
  const base: Omit<ContributorClose, 'row' | 'deferred' | 'points' | 'pointsPerBatch' | 'cutValues'> = {
    account,
    batches: batches.map(({ key }) => key),
    fullSetAt: MAX_DEFERRALS,
    credibility: mPrev,
    tallies: before,
    voided: false,
    outliers: apart,
    reports,
    reasons: reasonsOf(epoch, account, committee, outcome, { before: mPrev, apart }),
  }
  const nothing = { points: 0n, pointsPerBatch: new Map<string, bigint>(), cutValues: new Map<string, RecordValue[]>() }
  const rowOf = (facts: Partial<TableRow>): TableRow => ({
    account,
    role: 'contributor',
    records: standing.reduce((sum, { batch }) => sum + recordsIn(batch), 0),
    value: valueOf(epoch, standing, new Map()).toString(),
    credibility: mPrev,
    draws: outcome.draws,
    fails: outcome.fails,
    points: '0',
    note: null,
    ...facts,
  })

  const fraud = contributor?.revoked
  // a proof needs no quorum: whoever was revoked or void of all its batches is settled at once
  const isTested = epoch.roster.length === 0 || reportQuorum(committee, new Set(reports.map((report) => report.validator)), charter)
  if (!fraud && standing.length > 0 && !isTested) {
    const note = 'no quorum'
    const deferred = isFullSet ? null : note
    return { ...base, ...nothing, deferred, row: rowOf({ note }) }
  }
  const escalating = escalates(apart.length, reports.length, charter) && committee.length < fullSetSize(epoch, account)
  if (!fraud && standing.length > 0 && escalating) return { ...base, ...nothing, deferred: 'escalated', row: rowOf({ note: 'escalated' }) }

  const m = fraud ? 0 : outcome.m
  const settled = { ...base, deferred: null, credibility: m, tallies: outcome.tallies, voided: outcome.voided }
  const why = zeroNote(fraud ?? null, batches, outcome)
  const value = valueOf(epoch, standing, outcome.hostCuts)
  if (why !== null) return { ...settled, ...nothing, row: rowOf({ credibility: m, value: value.toString(), note: why }) }
  const earned = points(value, m)
  const pointsPerBatch = splitLargestRemainder(
    earned,
    standing.map((one) => ({ id: one.key, weight: valueOf(epoch, [one], outcome.hostCuts) })),
  )
  return {
    ...settled,
    points: earned,
    pointsPerBatch,
    cutValues: cutValues(epoch, standing, outcome.hostCuts),
    row: rowOf({ credibility: m, value: value.toString(), points: earned.toString(), note: partlyNote(batches, outcome) }),
  }
}

/** Why the whole epoch earns nothing, as the table says it; null when it earns. */
function zeroNote(fraud: { check: string } | null, batches: readonly Judged[], outcome: Outcome): string | null {
  if (fraud) return `fraud ${fraud.check}`
  const s2 = batches.find(({ batch }) => batch.voided && severityOf(batch.voided.check) === 'S2')
  if (s2) return `void S2 ${s2.batch.voided?.check}`
  const s1 = batches.find(({ batch }) => batch.voided)
  if (s1 && batches.every(({ batch }) => batch.voided !== null)) return `void S1 ${s1.batch.voided?.check}`
  if (batches.length > 0 && batches.every(({ batch }) => withdrawnAt(batch) !== null)) return WITHDRAWN
  return outcome.voided ? 'void T1' : null
}

/** What an epoch that earns lost all the same. */
function partlyNote(batches: readonly Judged[], { hostCuts }: Outcome): string | null {
  const partly = batches.find(({ batch }) => batch.voided !== null)?.batch.voided
  if (partly) return `void S1 ${partly.check}`
  if (batches.some(({ batch }) => withdrawnAt(batch) !== null)) return WITHDRAWN
  return hostCuts.size > 0 ? `cut ${hostCuts.size} hosts` : null
}

function freshReport(state: LedgerState, epoch: EpochState, validator: string, account: string): FreshReport[] {
  const said = epoch.reports.get(validator)?.contributions.find((contribution) => contribution.contributor === account)
  if (!said) return []
  const draws = said.results.flatMap(({ manifest, row, pass }): FreshReport['draws'] => {
    const contribution = state.contributions.get(manifest.toString())
    // keyholders stop at once: what nobody could open since then says nothing
    if (contribution) return contribution.withdrawn === null ? [{ host: null, class: POOL_CLASS, pass }] : []
    const host = state.batches.get(manifest.toString())?.hosts?.[row] ?? ''
    return [{ host, class: hostClass(state.hosts.get(hostKey(host)), state.bases, state.charter), pass }]
  })
  return [{ validator, draws }]
}

function reasonsOf(
  epoch: EpochState,
  account: string,
  committee: string[],
  { freshRates: rates, freshMed, med, b, n, e, hostCuts }: Outcome,
  more: Pick<OutcomeReasons, 'before' | 'apart'>,
): OutcomeReasons {
  const fails = committee.flatMap((validator) => {
    const said = epoch.reports.get(validator)?.contributions.find((contribution) => contribution.contributor === account)
    return (said?.results ?? []).flatMap(({ manifest, row, check }) => (check === null ? [] : [{ validator, manifest, row, check }]))
  })
  return { committee, rates, freshMed, med, b, n, e, hostCuts: [...hostCuts], fails, ...more }
}

const fullSetSize = (epoch: EpochState, account: string): number => epoch.roster.filter((validator) => validator !== account).length

function valueOf(epoch: EpochState, batches: readonly Judged[], cuts: ReadonlyMap<string, number>): bigint {
  let sum = 0n
  for (const { key, batch } of batches) {
    const values = epoch.values.get(key) ?? []
    const hosts: readonly (string | null)[] = isContribution(batch) ? values.map(() => null) : (batch.hosts ?? [])
    sum += countedValue(
      hosts.map((host) => ({ host })),
      values,
      cuts,
    )
  }
  return sum
}

function cutValues(epoch: EpochState, batches: readonly Judged[], cuts: ReadonlyMap<string, number>): Map<string, RecordValue[]> {
  const out = new Map<string, RecordValue[]>()
  if (cuts.size === 0) return out
  for (const { key, batch } of batches) {
    if (isContribution(batch)) continue
    const values = epoch.values.get(key) ?? []
    out.set(
      key,
      values.map((one, row) => ({ ...one, value: mulDiv(one.value, cuts.get(hostKey(batch.hosts?.[row] ?? '')) ?? PPM, PPM) })),
    )
  }
  return out
}
