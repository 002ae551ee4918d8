/**
 * What a ledger would have paid had some things been otherwise. The log stays as it is: the same batches, leases, beacons, committees and draws,
 * valued and closed again by the ledger's own code. Another run of a world cannot answer that, because another beacon gives other leases, and
 * with them everybody other pages.
 */
import { NO_VALUES } from '../../dao/rewards/index.ts'
import { closeEpoch } from '../../dao/ledger/close-epoch.ts'
import { Engine } from '../../dao/ledger/engine.ts'
import { type BatchState, type EpochState, type LedgerFiles, type LedgerState, leftOf } from '../../dao/ledger/index.ts'
import { newContributor } from '../../dao/ledger/state.ts'
import { type DrawResult, sha256, utf8 } from '../../schemas/wire/index.ts'

/** What the fold knew of an epoch while it was open; it forgets most of it later. */
export interface Past {
  epoch: EpochState
  charter: LedgerState['charter']
  leases: LedgerState['leases']
  times: LedgerState['times']
  /** What the ledger had learned by the end of the epoch. */
  hosts: LedgerState['hosts']
  bases: LedgerState['bases']
}

export interface Otherwise {
  /** Whether a batch is there at all; all are when not given. */
  counts?: (batch: BatchState) => boolean
  /** What a validator says of a record it drew. */
  says?: (result: DrawResult) => DrawResult
  /** The ledger learns of hosts and expected fail rates what it learned in fact: what is left is what the change itself moves. */
  learnsTheSame?: boolean
}

/** To be called when an epoch became final, before the next one opens. */
export function remember(state: LedgerState): Past {
  const { epoch, charter, leases, times, hosts, bases } = state
  if (epoch?.phase !== 'close') throw new Error('an epoch is remembered when it has closed')
  return { epoch, charter, leases: new Map(leases), times: new Map(times), hosts, bases }
}

let worlds = 0

/** The state after the same epochs, otherwise. `past` holds every epoch from the first on; fraud proofs and retractions are not played again. */
export function whatIf(
  actual: LedgerState,
  files: LedgerFiles,
  past: readonly Past[],
  { counts, says, learnsTheSame }: Otherwise = {},
): LedgerState {
  if (actual.frauds.some(({ valid }) => valid)) throw new Error('a ledger with proven frauds cannot be asked')
  const first = past[0]?.charter ?? actual.charter
  // results are remembered by the root of the log they follow from: an imagined log needs roots of its own
  const world = worlds++
  const tree = { rootAt: (size: number) => sha256(utf8(`what if ${world} ${size}`)) } as LedgerState['tree']
  const state: LedgerState = {
    ...actual,
    tree,
    validators: new Map([...actual.validators].map(([account, seat]) => [account, { ...seat, strikes: 0, active: true }])),
    contributors: new Map(
      [...actual.contributors.values()].map(({ account, joinedAt, joinedEpoch }) => [
        account,
        newContributor(account, false, joinedAt, joinedEpoch, first.credibility.startPpm, first.contributors.quota?.newcomer ?? null),
      ]),
    ),
    batches: new Map(
      [...actual.batches].map(([key, batch]) => [key, { ...batch, values: null, hosts: null, settled: null, voided: null, deferrals: 0 }]),
    ),
    hosts: new Map(),
    bases: first.credibility.basePpm,
    leases: new Map(past.flatMap(({ leases }) => [...leases])),
    times: new Map(past.flatMap(({ times }) => [...times])),
    results: [],
  }
  const engine = new Engine()
  for (const { epoch: was, charter, hosts, bases } of past) {
    const result = actual.results.find(({ epoch }) => epoch === was.number)
    if (!result) throw new Error(`epoch ${was.number} has no result`)
    state.charter = charter
    const batches = was.batches.filter((key) => counts?.(state.batches.get(key) as BatchState) ?? true)
    const epoch: EpochState = {
      ...was,
      batches,
      values: new Map(),
      reports: told(was, says),
      deferred: new Set(),
      reasons: new Map(),
      table: null,
    }
    state.epoch = epoch
    for (const key of batches) Object.assign(state.batches.get(key) as BatchState, { epoch: was.number })
    const view = { state, files, engine, index: result.closeIndex }
    const valued = engine.valueEpoch(view, epoch)
    for (const one of valued.batches) Object.assign(state.batches.get(one.key) as BatchState, { values: one.values, hosts: one.hosts })
    for (const key of batches) epoch.values.set(key, state.batches.get(key)?.values ?? NO_VALUES)
    epoch.hostMass = valued.hostMass
    closeEpoch(view, epoch)
    if (learnsTheSame) Object.assign(state, { hosts, bases })
    state.results.push({ ...result, rows: epoch.table?.rows ?? [], batches, values: epoch.values, reasons: epoch.reasons })
  }
  return state
}

function told({ reports }: EpochState, says: Otherwise['says']): EpochState['reports'] {
  if (says === undefined) return reports
  return new Map(
    [...reports].map(([validator, report]) => [
      validator,
      { ...report, contributions: report.contributions.map((one) => ({ ...one, results: one.results.map(says) })) },
    ]),
  )
}

/** By account: what is left of its points, of all epochs, as if everything had vested by now. */
export function payOf(state: LedgerState): Map<string, bigint> {
  return new Map(
    [...state.contributors.values()].map(({ account, points }) => [
      account,
      [...points.values()].reduce((sum, one) => sum + leftOf(one), 0n),
    ]),
  )
}
