import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { ledgerYear } from '../../dao/ledger/index.ts'
import { epsilonLeft } from '../../dao/rewards/index.ts'
import { MAX_POOL_RELEASE_BYTES, poolTermsOf, type PoolStatistics } from '../../schemas/wire/index.ts'
import { print, printable, printJson, type Run, table } from '../program/index.ts'
import { readAtMost } from '../wiring/index.ts'
import { replayPool } from '../wiring/index.ts'

/** What a release says about its people, and what the pool may still say this year. */
export const run: Run = async ([manifest], flags) => {
  const log = flags['log']
  if (manifest === undefined && typeof log !== 'string')
    throw new UsageError('NOTHING_ASKED', 'give a release’s manifest (release.cbor), a copy of the log with --log, or both')
  const statistics = manifest === undefined ? undefined : await statisticsIn(manifest)
  const budget = typeof log === 'string' ? await budgetIn(log) : undefined
  if (flags['json'] === true) printJson({ ...(statistics !== undefined && { statistics }), ...(budget && { budget }) })
  else {
    if (statistics === null)
      print('The release counts nothing in public: it has fewer people than may be counted, or no budget was spent on it.')
    else if (statistics) print(printable(inWords(statistics)))
    if (budget)
      print(`budget of ${budget.year ?? 'a year that nobody has stated'}: ${budget.spentPpm} of ${budget.yearlyPpm} millionths of ε spent`)
  }
  return 0
}

async function statisticsIn(file: string): Promise<PoolStatistics | null> {
  const read = (await openPoolReleases()).readPoolRelease(await readAtMost(file, MAX_POOL_RELEASE_BYTES))
  if (!read.ok) throw new InvalidInputError(read.code, `${file}: ${read.message}`)
  return read.value.statistics
}

async function budgetIn(log: string) {
  const { state } = (await replayPool(log)).ledger
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

function inWords({ groups, epsilonPpm, noises, minPeople }: PoolStatistics): string {
  const rows = groups.flatMap(({ name, bins, counts }) =>
    bins.flatMap((bin, i) => (counts[i] == null ? [] : [[name, bin, String(counts[i])]])),
  )
  return `${table(rows.length === 0 ? [['nothing', 'reaches', 'the least count']] : rows, 2)}\n\nPeople, with discrete Laplace noise (ε ${epsilonPpm} millionths, added ${noises} times). Counts below ${minPeople} are not told.`
}
