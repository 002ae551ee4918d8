import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases, openPoolStatistics } from '../../dao/index.ts'
import { ledgerYear, type LedgerState, readStatisticsFile } from '../../dao/ledger/index.ts'
import { spreadOf } from '../../dao/pool-statistics/index.ts'
import { epsilonLeft } from '../../dao/rewards/index.ts'
import { cborCid, encode, equalBytes, MAX_POOL_RELEASE_BYTES, poolTermsOf, type PoolStatistics } from '../../schemas/wire/index.ts'
import { print, printable, printJson, readAtMost, type Run, table } from '../program/index.ts'
import { replayPool, type ReplayedPool } from '../wiring/index.ts'

/** Counts that a log has published, or that a file says; and what the pool may still say this year. */
export const run: Run = async ([file], flags) => {
  const folder = flags['log']
  if (file === undefined && typeof folder !== 'string')
    throw new UsageError(
      'NOTHING_ASKED',
      'give a copy of the log with --log, a file of counts or a release’s manifest (release.cbor), or both',
    )
  const pool = typeof folder === 'string' ? await replayPool(folder) : undefined
  const told = file === undefined ? newestIn(pool as ReplayedPool) : await toldBy(file, pool)
  const budget = pool && budgetIn(pool.ledger.state)
  if (flags['json'] === true) printJson({ ...told, ...(budget && { budget }) })
  else {
    if (told.statistics === null) print(told.why)
    else {
      print(printable(inWords(told.statistics)))
      if (told.published) print(`signed by ${told.published.by.join(', ')}\n${told.published.statistics}, entry ${told.published.index}`)
      else print(told.why)
      if (told.paid !== undefined) print(`paid by entry ${told.paid}`)
    }
    if (budget)
      print(`budget of ${budget.year ?? 'a year that nobody has stated'}: ${budget.spentPpm} of ${budget.yearlyPpm} millionths of ε spent`)
  }
  return 0
}

interface Told {
  /** Whom the counts are of: everybody in the pool when it was counted, or those in one release. */
  of: 'pool' | 'release'
  statistics: PoolStatistics | null
  /** The entry that spent ε on the counts of a release, where a log was looked at. */
  paid?: number
  /** Where a log has them. The fold took the entry: so the operator ordered and paid it, and the three whom a policy names signed. */
  published: { index: number; round: string; statistics: string; by: string[] } | null
  /** What is to be said of counts that no log shows, or that are none. */
  why: string
}

function newestIn({ ledger, files }: ReplayedPool): Told {
  const last = ledger.state.poolStatistics.at(-1)
  if (last === undefined) return { of: 'pool', statistics: null, published: null, why: 'This log has published no counts of a pool.' }
  const read = readStatisticsFile(files, last.statistics)
  if (!read.ok) throw new InvalidInputError(read.refusal.code, read.refusal.message)
  return { of: 'pool', statistics: read.value.statistics, published: publishedBy(last, read.value.round.value.aggregators), why: '' }
}

async function toldBy(file: string, pool: ReplayedPool | undefined): Promise<Told> {
  const bytes = await readAtMost(file, MAX_POOL_RELEASE_BYTES)
  const counts = (await openPoolStatistics()).readStatistics(bytes)
  if (counts.ok) {
    const { statistics, round } = counts.value
    const cid = cborCid(bytes)
    const entry = pool?.ledger.state.poolStatistics.find((one) => one.statistics.equals(cid))
    if (entry !== undefined) return { of: 'pool', statistics, published: publishedBy(entry, round.value.aggregators), why: '' }
    if (pool !== undefined) throw new RefusedError('NOT_PUBLISHED', `${file}: this log has published no such counts, whoever signed them`)
    return {
      of: 'pool',
      statistics,
      published: null,
      why: 'Three keys signed these counts; whether they are the pool’s aggregators, a copy of the log says (--log).',
    }
  }
  const room = await openPoolReleases()
  const read = room.readPoolRelease(bytes)
  if (!read.ok) throw new InvalidInputError(read.code, `${file}: ${read.message}`)
  const entry = pool?.ledger.state.poolReleases.find(({ release }) => release.equals(cborCid(bytes)))
  if (pool !== undefined && entry === undefined)
    throw new RefusedError('NOT_PUBLISHED', `${file}: this log names no such release, whoever signed it`)
  const { statistics, counts: own, order } = read.value
  if (own !== undefined) {
    const fault = room.countsFault(read.value, entry && pool && { releasedAt: entry.index, spent: pool.ledger.state.spent })
    if (fault === 'OTHER_LAYOUT') throw new RefusedError(fault, `${file}: these counts are not of the groups that people are counted in`)
    if (fault !== undefined) throw new RefusedError(fault, `${file}: no entry before the release spends ε on these counts`)
    const paid = pool && room.paymentOf(order, pool.ledger.state.spent)
    return { of: 'release', statistics: own, published: null, ...(paid && { paid: paid.index }), why: OF_RELEASE }
  }
  const published = statistics && pool && sameIn(pool, statistics)
  if (statistics !== null && pool !== undefined && published === undefined)
    throw new RefusedError('NOT_PUBLISHED', `${file}: these counts are not among those that aggregators signed in this log`)
  if (published) return { of: 'pool', statistics, published, why: '' }
  return { of: 'pool', statistics, published: null, why: statistics === null ? 'The release counts nothing in public.' : COPIED }
}

const OF_RELEASE =
  'Of those in the release. Its assembler, who reads every row, counted them and drew the noise: its operator signed that it did, and nobody else can see it.'

const COPIED =
  'As the release repeats them: of everybody in the pool when it was counted. Whether the pool’s aggregators signed them, a copy of the log says (--log).'

/** The entry under which a log has the same counts. */
function sameIn({ ledger, files }: ReplayedPool, statistics: PoolStatistics): Told['published'] | undefined {
  for (const entry of ledger.state.poolStatistics) {
    const read = readStatisticsFile(files, entry.statistics)
    if (read.ok && equalBytes(encode(read.value.statistics), encode(statistics)))
      return publishedBy(entry, read.value.round.value.aggregators)
  }
  return undefined
}

const publishedBy = ({ index, round, statistics }: LedgerState['poolStatistics'][number], by: string[]) => ({
  index,
  round: round.toString(),
  statistics: statistics.toString(),
  by,
})

function budgetIn(state: LedgerState) {
  const year = ledgerYear(state)
  const yearly = poolTermsOf(state.charter).epsilonPpmPerYear
  const { spent, left } = epsilonLeft(state.spent, year ?? 0, yearly)
  return {
    year,
    yearlyPpm: yearly,
    spentPpm: Number(spent),
    leftPpm: Number(left),
    entries: state.spent.map(({ budget, amount }) => ({ budget, amount })),
  }
}

export function inWords({ groups, epsilonPpm, noises, minPeople }: PoolStatistics): string {
  const within = (name: string): string => {
    const group = groups.find((one) => one.name === name) as PoolStatistics['groups'][number]
    return `± ${spreadOf(group, { epsilonPpm, groups: groups.length }, noises)}`
  }
  const rows = groups.flatMap(({ name, bins, counts }) =>
    bins.flatMap((bin, i) => (counts[i] == null ? [] : [[name, bin, String(counts[i]), within(name)]])),
  )
  return `${table(rows.length === 0 ? [['nothing', 'reaches', 'the least count', '']] : rows, 2)}\n\nPeople, with discrete Laplace noise (ε ${epsilonPpm} millionths, added ${noises} times): nineteen of twenty counts are as near to the truth as the last column says. Counts below ${minPeople} are not told.`
}
