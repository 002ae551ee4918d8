/** The close: tallies, credibility, points and duties of an epoch, as one table that everybody recomputes. */
import { Lru } from '../../schemas/cache/index.ts'
import { cborCid, encode, PPM, toHex } from '../../schemas/wire/index.ts'
import { leafHash, rootOfLeaves } from '../log/index.ts'
import { advanceHosts, afterStrike, capUnvested, type HostBook, nextQuota, type Bases } from '../rewards/index.ts'
import { attestedOf } from './attested.ts'
import { ATTESTED, type ContributorClose, judgeContributor, judgePool } from './judge-contributor.ts'
import { isHeard } from './judge-chunks.ts'
import { judgeDuties, type ValidatorClose } from './judge-duties.ts'
import { nextBases, newsOfHosts } from './learn-hosts.ts'
import { byAccount } from './seats.ts'
import { deliveryOf, isContribution } from './deliveries.ts'
import type { EpochPoints, EpochState, EpochTable, LedgerState, TableRow } from './types.ts'
import { contributorsOf } from './value-epoch.ts'
import { lastFinalEpoch } from './vesting.ts'
import type { View } from './view.ts'

export interface ClosedEpoch {
  contributors: ContributorClose[]
  validators: ValidatorClose[]
  /** Contributions to the pool, by manifest. */
  attested: ReadonlySet<string>
  hosts: HostBook
  bases: Bases
  table: EpochTable
}

const closedEpochs = new Lru<string, ClosedEpoch>(64)

/** The table of the open epoch: pure in the state at the `close` entry. */
function computeClose(state: LedgerState, epoch: EpochState): ClosedEpoch {
  const accounts = contributorsOf(state, epoch).toSorted(byAccount)
  const pool = judgePool(state, epoch, accounts)
  const claiming = accounts.map((account) => judgeContributor(state, epoch, account, pool))
  const closes = new Map(claiming.map((one) => [one.account, one]))
  const attested = attestedOf(state, pool.attested, (account, key) => (closes.get(account)?.pointsPerBatch.get(key) ?? 0n) > 0n)
  // only whose claim fell is another's than it was
  const fallen = new Set([...pool.attested.difference(attested)].map((key) => state.contributions.get(key)?.contributor))
  const contributors = claiming.map((one) =>
    fallen.has(one.account) ? judgeContributor(state, epoch, one.account, { ...pool, attested }) : one,
  )
  const validators = judgeDuties(state, epoch, contributors)
  const rows = [...contributors.map(({ row }) => row), ...validators.map(({ row }) => row)].toSorted(
    (a, b) => byAccount(a.account, b.account) || byAccount(a.role, b.role),
  )
  return {
    contributors,
    validators,
    attested,
    hosts: advanceHosts(state.hosts, newsOfHosts(state, epoch, contributors), state.charter),
    bases: nextBases(state, epoch, contributors),
    table: tableOf(rows),
  }
}

/** Rows sorted by account bytes as the file, CID and root that `epoch.close` states. */
export function tableOf(rows: TableRow[]): EpochTable {
  const bytes = encode(rows)
  return { rows, bytes, cid: cborCid(bytes), root: rootOfLeaves(rows.map((row) => leafHash(encode(row)))) }
}

export function closeEpoch({ state, index }: View, epoch: EpochState): void {
  if (state.light) return
  const key = toHex(state.tree.rootAt(index) ?? new Uint8Array())
  const closed = closedEpochs.recall(key, () => computeClose(state, epoch))
  for (const one of closed.contributors) settle(state, epoch, one, closed.attested)
  for (const { account, struck } of closed.validators) strike(state, account, struck)
  state.hosts = closed.hosts
  state.bases = closed.bases
  epoch.table = closed.table
  epoch.reasons = new Map(closed.contributors.map((one) => [one.account, one.reasons]))
}

function strike(state: LedgerState, account: string, struck: boolean): void {
  const seat = state.validators.get(account)
  if (!seat) return
  const after = afterStrike(seat.strikes, struck, state.charter)
  seat.strikes = after.strikes
  if (after.suspended) seat.active = false
}

/**
 * What a light fold takes from the table that `epoch.close` states: who was struck, which decides seats and so quorums, and what each
 * contributor's standing is now. It learns no points per batch.
 */
export function closeLightly(state: LedgerState, epoch: EpochState, rows: readonly TableRow[]): void {
  const attested = new Set(rows.flatMap(({ account, note }) => (note === ATTESTED ? [account] : [])))
  for (const row of rows) {
    if (row.role === 'validator') strike(state, row.account, row.note?.startsWith('strike') === true)
    const contributor = row.role === 'contributor' ? state.contributors.get(row.account) : undefined
    if (!contributor) continue
    if (row.note === 'no quorum' || row.note === 'escalated') {
      epoch.deferred.add(row.account)
      continue
    }
    contributor.credibility = row.credibility
    if (!isHeard(state, { keys: keysOf(state, epoch, row.account), draws: row.draws, note: row.note })) continue
    contributor.epochs++
    if (contributor.quota !== null) contributor.quota = nextQuota(contributor.quota, row.credibility, row.note === 'void T1', state.charter)
  }
  for (const key of epoch.batches) {
    const batch = deliveryOf(state, key)
    if (!batch) continue
    if (epoch.deferred.has(batch.contributor)) {
      batch.epoch = epoch.number + 1
      continue
    }
    batch.settled = epoch.number
    if (isContribution(batch)) batch.attested = attested.has(batch.contributor)
  }
}

const keysOf = (state: LedgerState, epoch: EpochState, account: string): string[] =>
  epoch.batches.filter((key) => deliveryOf(state, key)?.contributor === account)

function settle(state: LedgerState, epoch: EpochState, close: ContributorClose, attested: ReadonlySet<string>): void {
  const contributor = state.contributors.get(close.account)
  if (!contributor) return
  if (close.deferred) {
    epoch.deferred.add(close.account)
    for (const key of close.batches) {
      const batch = deliveryOf(state, key)
      if (!batch || batch.voided) continue
      batch.epoch = epoch.number + 1
      batch.deferrals = close.deferred === 'escalated' ? Math.max(batch.deferrals + 1, close.fullSetAt) : batch.deferrals + 1
    }
    return
  }
  for (const key of close.batches) {
    const batch = deliveryOf(state, key)
    if (!batch) continue
    batch.settled = epoch.number
    if (isContribution(batch)) batch.attested = attested.has(key)
  }
  for (const [key, values] of close.cutValues) epoch.values.set(key, values)
  contributor.credibility = close.credibility
  contributor.tallies = close.tallies
  if (close.heard) {
    contributor.epochs++
    contributor.quota = contributor.quota === null ? null : nextQuota(contributor.quota, close.credibility, close.voided, state.charter)
  }
  capUnvested(contributor.points, lastFinalEpoch(state), close.credibility, state.charter)
  const earned: EpochPoints = {
    points: BigInt(close.row.points),
    cap: PPM,
    void: close.points === 0n ? close.row.note : null,
    batches: close.pointsPerBatch,
    vestsWith: epoch.number + state.charter.vestingEpochs,
  }
  contributor.points.set(epoch.number, earned)
}
