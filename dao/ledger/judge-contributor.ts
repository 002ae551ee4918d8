/** One contributor's epoch: what its committee found, and what its records earn. */
import { type Check, PPM } from '../../schemas/wire/index.ts'
import {
  contributorOutcome,
  countedValue,
  type DrawnOnHosts,
  escalates,
  type FreshReport,
  hostClass,
  hostKey,
  isCut,
  keptOf,
  type LeftOut,
  leftOutCuts,
  mulDiv,
  type Outcome,
  outliers,
  points,
  NO_VALUES,
  type RecordValue,
  RowValues,
  reportQuorum,
  splitLargestRemainder,
  type Tally,
  wmedian,
} from '../rewards/index.ts'
import { claimsIn } from './attested.ts'
import { type ChunkVerdicts, isHeard, judgeChunks, LEFT_OUT, PARTLY_LEFT_OUT, says } from './judge-chunks.ts'
import { severityOf } from './severity.ts'
import { isContribution, mayEarn, recordsIn, deliveryOf, withdrawnAt } from './deliveries.ts'
import type { BatchState, EpochState, LedgerState, OutcomeReasons, PoolContribution, TableRow } from './types.ts'
import { deferralsOf, MAX_DEFERRALS } from './value-epoch.ts'

/** Honest chunks pass: what is expected of them is what the ledger expects of pages that never change. */
const POOL_CLASS = 0
const WITHDRAWN = 'withdrawn'
const UNOPENED = 'unopened'
/** It counts for more, not for less: told in the table, so that whoever follows lightly knows. */
export const ATTESTED = 'attested'

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
  /** Whether anything was learned of it; where not, its standing is what it was. */
  heard: boolean
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
  cutValues: Map<string, RowValues>
  row: TableRow
}

/** What the epoch's reports say of its contributions to the pool, all contributors together. */
export interface PoolVerdicts {
  of: ReadonlyMap<string, ChunkVerdicts>
  /** Manifests that count as attested. */
  attested: ReadonlySet<string>
}

/** Chunks and mails first, as if every claim counted. */
export function judgePool(state: LedgerState, epoch: EpochState, accounts: readonly string[]): PoolVerdicts {
  const weightOf = weightsOf(epoch)
  const of = new Map(
    accounts.map((account) => [account, judgeChunks(state, epoch, { account, committee: epoch.committees.get(account) ?? [], weightOf })]),
  )
  return { of, attested: claimsIn(state, epoch, of) }
}

/** Only the roster is heard: what somebody found who was suspended since is forgotten with the seat. */
function weightsOf({ roster }: EpochState): (validator: string) => number {
  const seated = new Set(roster)
  return (validator) => (seated.has(validator) ? PPM : 0)
}

export function judgeContributor(state: LedgerState, epoch: EpochState, account: string, pool: PoolVerdicts): ContributorClose {
  const { charter } = state
  const contributor = state.contributors.get(account)
  const batches = epoch.batches.flatMap((key) => {
    const batch = deliveryOf(state, key)
    return batch?.contributor === account ? [{ key, batch }] : []
  })
  const committee = epoch.committees.get(account) ?? []
  const weights = new Map(epoch.roster.map((validator) => [validator, PPM]))
  const weightOf = weightsOf(epoch)
  const chunks = pool.of.get(account) as ChunkVerdicts
  const reportsWhere = (counts: Counts): FreshReport[] =>
    committee.flatMap((validator) => freshReport(state, epoch, { validator, account, counts }))
  const reports = reportsWhere((key, check) => says(state, chunks, key, check))
  const before = contributor?.tallies ?? new Map<string, Tally>()
  const mPrev = contributor?.credibility ?? PPM
  const outcome = contributorOutcome({ charter, tallies: before, reports, mPrev, bases: state.bases, weights })
  // whoever shuts some testers out must not be able to have them struck: rates are compared of what each could open
  const opened = batches.some(({ batch }) => isContribution(batch))
    ? ratesOf(
        reportsWhere((_key, check) => check !== 'D2'),
        weightOf,
      )
    : outcome
  const apart = outliers(opened.freshRates, opened.freshMed, charter)
  const isFullSet = deferralsOf(state, epoch, account) >= MAX_DEFERRALS
  const isTestable = batches.some(({ batch }) => mayEarn(batch))
  const standing = batches.filter(({ key, batch }) => mayEarn(batch) && !chunks.unopened.has(key))
  const leftOut = leftOutCuts(
    committee.flatMap((validator) => drawnOnHosts(state, epoch, { validator, account })),
    weightOf,
  )
  const cuts: Cuts = { hosts: together(outcome.hostCuts, leftOut, batches), rows: chunks.failed, attested: pool.attested }
  const fraud = contributor?.revoked
  const found: Found = { outcome, chunks, leftOut }
  const why = zeroNote(fraud ?? null, batches, found)
  const keys = batches.map(({ key }) => key)
  const heard = isHeard(state, { keys, draws: outcome.draws, note: why })
  const base: Omit<ContributorClose, 'row' | 'deferred' | 'points' | 'pointsPerBatch' | 'cutValues'> = {
    account,
    batches: keys,
    fullSetAt: MAX_DEFERRALS,
    heard,
    credibility: mPrev,
    tallies: before,
    voided: false,
    outliers: apart,
    reports,
    reasons: reasonsOf(epoch, account, committee, outcome, {
      before: mPrev,
      apart,
      mails: mailsOf(batches, chunks, pool.attested),
      leftOut,
    }),
  }
  const nothing = { points: 0n, pointsPerBatch: new Map<string, bigint>(), cutValues: new Map<string, RowValues>() }
  const rowOf = (facts: Partial<TableRow>): TableRow => ({
    account,
    role: 'contributor',
    records: standing.reduce((sum, { batch }) => sum + recordsIn(batch), 0),
    value: valueOf(epoch, standing, { ...cuts, hosts: new Map() }).toString(),
    credibility: mPrev,
    draws: outcome.draws,
    fails: outcome.fails,
    points: '0',
    note: null,
    ...facts,
  })

  // a proof needs no quorum: whoever was revoked or void of all its batches is settled at once
  const isTested = epoch.roster.length === 0 || reportQuorum(committee, new Set(reports.map((report) => report.validator)), charter)
  if (!fraud && isTestable && !isTested) {
    const note = 'no quorum'
    const deferred = isFullSet ? null : note
    return { ...base, ...nothing, deferred, row: rowOf({ note }) }
  }
  const escalating = escalates(apart.length, reports.length, charter) && committee.length < fullSetSize(epoch, account)
  if (!fraud && isTestable && escalating) return { ...base, ...nothing, deferred: 'escalated', row: rowOf({ note: 'escalated' }) }

  const m = fraud ? 0 : heard ? outcome.m : mPrev
  const settled = { ...base, deferred: null, credibility: m, tallies: heard ? outcome.tallies : before, voided: outcome.voided }
  const value = valueOf(epoch, standing, cuts)
  if (why !== null) return { ...settled, ...nothing, row: rowOf({ credibility: m, value: value.toString(), note: why }) }
  const earned = points(value, m)
  const pointsPerBatch = splitLargestRemainder(
    earned,
    standing.map((one) => ({ id: one.key, weight: valueOf(epoch, [one], cuts) })),
  )
  const isAttested = earned > 0n && standing.some(({ key }) => pool.attested.has(key))
  const note = partlyNote(batches, found) ?? (isAttested ? ATTESTED : null)
  return {
    ...settled,
    points: earned,
    pointsPerBatch,
    cutValues: cutValues(epoch, standing, cuts),
    row: rowOf({ credibility: m, value: value.toString(), points: earned.toString(), note }),
  }
}

interface Found {
  outcome: Outcome
  chunks: ChunkVerdicts
  leftOut: LeftOut
}

/** Withdrawn, or nothing that most of its committee could open. */
const isClosed = ({ key, batch }: Judged, { unopened }: ChunkVerdicts): boolean => withdrawnAt(batch) !== null || unopened.has(key)
const closedNote = (batches: readonly Judged[]): string => (batches.some(({ batch }) => withdrawnAt(batch) !== null) ? WITHDRAWN : UNOPENED)

/** Why the whole epoch earns nothing, as the table says it; null when it earns. */
function zeroNote(fraud: { check: string } | null, batches: readonly Judged[], { outcome, chunks, leftOut }: Found): string | null {
  if (fraud) return `fraud ${fraud.check}`
  const s2 = batches.find(({ batch }) => batch.voided && severityOf(batch.voided.check) === 'S2')
  if (s2) return `void S2 ${s2.batch.voided?.check}`
  const s1 = batches.find(({ batch }) => batch.voided)
  if (s1 && batches.every(({ batch }) => batch.voided !== null)) return `void S1 ${s1.batch.voided?.check}`
  if (batches.length > 0 && batches.every((one) => isClosed(one, chunks))) return closedNote(batches)
  if (outcome.draws === 0 && isCut(leftOut)) return LEFT_OUT
  return outcome.voided ? 'void T1' : null
}

/** What an epoch that earns lost all the same. */
function partlyNote(batches: readonly Judged[], { outcome: { hostCuts }, chunks, leftOut }: Found): string | null {
  const partly = batches.find(({ batch }) => batch.voided !== null)?.batch.voided
  if (partly) return `void S1 ${partly.check}`
  if (batches.some((one) => isClosed(one, chunks))) return closedNote(batches)
  if (hostCuts.size > 0) return `cut ${hostCuts.size} hosts`
  return isCut(leftOut) ? PARTLY_LEFT_OUT : null
}

/** Whether a result on a contribution is looked at. */
type Counts = (key: string, check: Check | null) => boolean

function freshReport(
  state: LedgerState,
  epoch: EpochState,
  { validator, account, counts }: { validator: string; account: string; counts: Counts },
): FreshReport[] {
  const said = epoch.reports.get(validator)?.contributions.find((contribution) => contribution.contributor === account)
  if (!said) return []
  const draws = said.results.flatMap(({ manifest, row, pass, check }): FreshReport['draws'] => {
    if (pass === null) return []
    const key = manifest.toString()
    if (state.contributions.has(key)) return counts(key, check) ? [{ host: null, class: POOL_CLASS, pass }] : []
    const host = state.batches.get(key)?.hosts?.[row] ?? ''
    return [{ host, class: hostClass(state.hosts.get(hostKey(host)), state.bases, state.charter), pass }]
  })
  return [{ validator, draws }]
}

/** All it drew of pages, also what it left out. */
function drawnOnHosts(
  state: LedgerState,
  epoch: EpochState,
  { validator, account }: { validator: string; account: string },
): DrawnOnHosts[] {
  const said = epoch.reports.get(validator)?.contributions.find((contribution) => contribution.contributor === account)
  if (!said) return []
  const draws = said.results.flatMap(({ manifest, row, pass }) => {
    const host = state.batches.get(manifest.toString())?.hosts?.[row]
    return host === undefined ? [] : [{ host, isLeftOut: pass === null }]
  })
  return [{ validator, draws }]
}

/** Whoever is cut twice keeps a part of the part. */
function together(hostCuts: ReadonlyMap<string, number>, leftOut: LeftOut, batches: readonly Judged[]): ReadonlyMap<string, number> {
  if (!isCut(leftOut)) return hostCuts
  const hosts = new Set(batches.flatMap(({ batch }) => (isContribution(batch) ? [] : (batch.hosts ?? []).map(hostKey))))
  return new Map([...hosts].map((host) => [host, mulDiv(hostCuts.get(host) ?? PPM, keptOf(leftOut, host), PPM)]))
}

/** Rates and their median without hosts, which chunks do not have. */
function ratesOf(reports: readonly FreshReport[], weightOf: (validator: string) => number): Pick<Outcome, 'freshRates' | 'freshMed'> {
  const freshRates = reports.flatMap(({ validator, draws }) =>
    draws.length === 0
      ? []
      : [{ validator, rate: mulDiv(draws.filter(({ pass }) => !pass).length, PPM, draws.length), draws: draws.length }],
  )
  const freshMed = wmedian(freshRates.map(({ validator, rate }) => ({ value: rate, weight: weightOf(validator), tie: validator }))) ?? 0
  return { freshRates, freshMed }
}

function reasonsOf(
  epoch: EpochState,
  account: string,
  committee: string[],
  { freshRates: rates, freshMed, med, b, n, e, hostCuts }: Outcome,
  more: Pick<OutcomeReasons, 'before' | 'apart' | 'mails' | 'leftOut'>,
): OutcomeReasons {
  const fails = committee.flatMap((validator) => {
    const said = epoch.reports.get(validator)?.contributions.find((contribution) => contribution.contributor === account)
    return (said?.results ?? []).flatMap(({ manifest, row, check }) => (check === null ? [] : [{ validator, manifest, row, check }]))
  })
  return { committee, rates, freshMed, med, b, n, e, hostCuts: [...hostCuts], fails, ...more }
}

function mailsOf(batches: readonly Judged[], { mails }: ChunkVerdicts, attested: ReadonlySet<string>): OutcomeReasons['mails'] {
  return batches.flatMap(({ key, batch }) => {
    const { heard = 0, said = 0 } = mails.get(key) ?? {}
    return isContribution(batch) && batch.account !== null ? [{ manifest: batch.manifestCid, said, heard, counts: attested.has(key) }] : []
  })
}

const fullSetSize = (epoch: EpochState, account: string): number => epoch.roster.filter((validator) => validator !== account).length

/** What the reports do to values: of hosts they take their part, of single chunks all; attested contributions count as such. */
interface Cuts {
  hosts: ReadonlyMap<string, number>
  rows: ReadonlyMap<string, ReadonlySet<number>>
  attested: ReadonlySet<string>
}

function valueOf(epoch: EpochState, batches: readonly Judged[], cuts: Cuts): bigint {
  let sum = 0n
  for (const one of batches) {
    const { key, batch } = one
    if (isContribution(batch)) for (const { value } of chunkValuesLeft(epoch, one, cuts)) sum += BigInt(value)
    else
      sum += countedValue(
        (batch.hosts ?? []).map((host) => ({ host })),
        [...(epoch.values.get(key) ?? NO_VALUES)],
        cuts.hosts,
      )
  }
  return sum
}

/** A chunk that most of its testers failed is worth nothing, whatever its index says. */
function chunkValuesLeft(epoch: EpochState, { key }: Judged, { rows, attested }: Cuts): RecordValue[] {
  const failed = rows.get(key)
  const isAttested = attested.has(key)
  return (epoch.values.get(key) ?? NO_VALUES).map((one, row) => {
    if (failed?.has(row)) return { ...one, value: 0 }
    return isAttested ? { ...one, value: one.attested ?? one.value } : one
  })
}

function cutValues(epoch: EpochState, batches: readonly Judged[], cuts: Cuts): Map<string, RowValues> {
  const out = new Map<string, RowValues>()
  for (const one of batches) {
    const { key, batch } = one
    if (isContribution(batch)) {
      if ((cuts.rows.get(key)?.size ?? 0) > 0 || cuts.attested.has(key)) out.set(key, new RowValues(chunkValuesLeft(epoch, one, cuts)))
      continue
    }
    if (cuts.hosts.size === 0) continue
    const values = epoch.values.get(key) ?? NO_VALUES
    const keeps = (row: number): number => cuts.hosts.get(hostKey(batch.hosts?.[row] ?? '')) ?? PPM
    out.set(key, new RowValues(values.map((value, row) => ({ ...value, value: mulDiv(value.value, keeps(row), PPM) }))))
  }
  return out
}
