import { codeOf, FatalError, RefusedError } from '../../core/errors/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { openPoolStatistics } from '../../dao/index.ts'
import { ledgerYear, type LedgerState, peopleToCount } from '../../dao/ledger/index.ts'
import type { Gathered } from '../../dao/pool-statistics/index.ts'
import { epsilonName, isPaid } from '../../dao/rewards/index.ts'
import { cborCid, poolTermsOf, ROUND_SECONDS } from '../../schemas/wire/index.ts'
import { type Flags, numberFlag, print, printable, printJson, type Run, say } from '../program/index.ts'
import { type KeptRound, RoundFolder, systemClock, untilStopped } from '../wiring/index.ts'
import { meet, operatorSession, type OperatorSession, policyInForce } from './operator-session.ts'
import { inWords } from './pool-statistics.ts'

const AGAIN_MS = 500
/** What an aggregator says until it has read the log to where we are, or of a list that is not today's. */
const PASSING = new Set(['NOT_PAID', 'LIST_CHANGED', 'CALL_TIMEOUT', 'CALL_RESET'])
/** What is counted where nobody says. */
export const GROUPS = ['people', 'years', 'languages', 'types', 'sources']

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await operatorSession(flags, 'orders statistics')
  const { folder, state, write } = session
  await using rounds = await RoundFolder.open(folder)
  const now = Math.floor(systemClock.now() / 1000)
  const begun = await begunRound(rounds, { state, flags, now })
  const round = begun ?? (await newRound(session, flags, now))
  // once for all attempts of this run: our copy of the log does not move
  let isPaidFor = isPaid(state.spent, round.id, round.value.epsilonPpm)
  if (begun) say(`going on with the round ${begun.id.toString()}, which ${isPaidFor ? 'costs nothing more' : 'is not paid yet'}`)
  const pay = async (): Promise<void> => {
    if (isPaidFor) return
    const year = ledgerYear(state)
    if (year === null) throw new RefusedError('NO_TIME', 'no cosignature has said what year it is; a DAO without validators counts nothing')
    await rounds.keep(round.bytes)
    await write('budget.spend', { budget: epsilonName(year, round.id), amount: String(round.value.epsilonPpm) }).catch(
      async (error: unknown) => {
        // paid by an attempt that stopped before our copy of the log had it
        if (codeOf(error) === 'REPEATED') return
        if (error instanceof RefusedError) await rounds.forget(round.id)
        throw error
      },
    )
    isPaidFor = true
  }
  await using met = await meet(session, round.value.aggregators, stop.signal)
  const gathered = await gather({ mesh: met.mesh, round, rounds, pay, seconds: numberFlag(flags, 'wait', 120), signal: stop.signal })
  const statistics = cborCid(gathered.file)
  await write('pool.statistics', { round: round.id, statistics }, [gathered.file]).catch((error: unknown) => {
    if (codeOf(error) !== 'REPEATED') throw error
  })
  const { counted } = gathered
  if (flags['json'] === true)
    printJson({
      round: round.id.toString(),
      statistics: statistics.toString(),
      epsilonPpm: round.value.epsilonPpm,
      ...counted,
      counts: gathered.statistics,
    })
  else {
    for (const manifest of counted?.forged ?? []) say(`quern: left out ${manifest}: its counts are none that one person may have`)
    if (counted !== null && counted.partly > 0)
      say(`quern: ${counted.partly} contributions are not held by all three aggregators, and not counted`)
    print(printable(inWords(gathered.statistics)))
    print(`${statistics.toString()}: published in the log`)
  }
  return 0
}

interface Begun {
  state: LedgerState
  flags: Flags
  now: number
}

/** The round that is to be gone on with. Throws RefusedError OTHER_ROUND where something else is asked for. */
async function begunRound(rounds: RoundFolder, { state, flags, now }: Begun): Promise<KeptRound | undefined> {
  const open = await rounds.unfinished(now, (id) => state.poolStatistics.some(({ round }) => round.equals(id)))
  if (flags['abandon'] === true) {
    for (const { id } of open) await rounds.forget(id)
    return undefined
  }
  const begun = open.at(-1)
  if (begun === undefined) return undefined
  const { groups, epsilonPpm } = begun.value
  const asked = flags['group'] as string[] | undefined
  const others = asked !== undefined && asked.length > 0 && asked.toSorted().join() !== groups.toSorted().join()
  if (others || numberFlag(flags, 'epsilonPpm', epsilonPpm) !== epsilonPpm)
    throw new RefusedError(
      'OTHER_ROUND',
      `a round of ${groups.join(', ')} for ${epsilonPpm} millionths is under way; run it without --group and --epsilon-ppm to go on with it, or with --abandon to let it go`,
    )
  return begun
}

/** Throws what would be found out only after it was paid. */
async function newRound(session: OperatorSession, flags: Flags, now: number): Promise<KeptRound> {
  const { state, pool, operator, assembler } = session
  const room = await openPoolStatistics()
  const { policy } = policyInForce(session)
  const aggregators = room.aggregatorsOf(policy)
  if (aggregators === undefined)
    throw new RefusedError('TOO_FEW_KEYHOLDERS', 'statistics take three keyholders that sum; open the pool again with --n 3 or more')
  const terms = poolTermsOf(state.charter)
  const people = peopleToCount(state, pool.files, aggregators)
  if (people < terms.minPeople)
    throw new RefusedError('TOO_FEW_PEOPLE', `${people} people can be counted, and counts are published of ${terms.minPeople} or more`)
  const asked = flags['group']
  const bytes = room.signRound(
    {
      dao: state.id,
      groups: Array.isArray(asked) && asked.length > 0 ? (asked as string[]) : GROUPS,
      epsilonPpm: numberFlag(flags, 'epsilonPpm', 1_000_000),
      minPeople: terms.minPeople,
      aggregators,
      gatherer: assembler.did,
      at: now,
      expires: now + ROUND_SECONDS,
    },
    operator,
  )
  const read = room.readRound(bytes)
  if (!read.ok) throw new RefusedError(read.code, read.message)
  return { id: cborCid(bytes), bytes, value: read.value }
}

interface Asking {
  mesh: Mesh
  round: KeptRound
  rounds: RoundFolder
  pay: () => Promise<void>
  /** How long aggregators may take to read in the log that it was paid. */
  seconds: number
  signal: AbortSignal
}

/** Asks until all three have done their part, or one of them says what asking again does not change. */
async function gather({ mesh, round: { id, bytes, value }, rounds, pay, seconds, signal }: Asking): Promise<Gathered> {
  const { gatherRound } = await openPoolStatistics()
  const until = systemClock.now() + seconds * 1000
  for (;;) {
    try {
      const lists = await rounds.lists(id)
      return await gatherRound({ mesh, round: bytes, pay, lists, onReady: (said) => rounds.keepLists(id, said), signal })
    } catch (error) {
      if (codeOf(error) !== 'AGGREGATOR_MISSING') throw error
      const { faults = {} } = (error as { detail: { faults?: Record<string, string> } }).detail
      if (Object.values(faults).every((code) => PASSING.has(code)) && systemClock.now() < until) {
        await systemClock.sleep(AGAIN_MS, signal)
        continue
      }
      const who = Object.entries(faults).map(([account, code]) => `${account} ${code}`)
      throw new FatalError(
        'AGGREGATOR_MISSING',
        `${who.join(', ')}: nothing is published. Run it again when they are back, until ${new Date(value.expires * 1000).toISOString().slice(0, 10)}: it goes on with this round, and no ε is spent again. If it never can, because the charter asks for more people now (TOO_FEW_PEOPLE) or one has summed people of whom another has lost some (CLOSED), --abandon orders and pays another. If one is gone for good, "quern dao pool open" with other keyholders, whom people offer to anew`,
        { cause: error, detail: { round: id.toString(), faults } },
      )
    }
  }
}
