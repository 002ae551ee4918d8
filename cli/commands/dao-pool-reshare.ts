import { z } from 'zod'
import { RefusedError, RetryableError } from '../../core/errors/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { type CustodyFact, custodyOf, resharesIn, seatedValidators } from '../../dao/ledger/index.ts'
import { poolView } from '../../dao/pool-access/index.ts'
import {
  dealersOf,
  type HoldersView,
  type LogReshare,
  nextHolders,
  ReshareBook,
  reshareOne,
  type Wish,
} from '../../dao/pool-custody/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { type Flags, listOf, numberFlag, print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'
import { awaitReshares, daoFolder, getJson, httpBase, resharesFolder, systemClock, untilStopped } from '../wiring/index.ts'
import { meet, type Met, type OperatorSession, operatorSession } from './operator-session.ts'

interface Outcome {
  contribution: string
  health: string
  from: string[]
  to: string[] | null
  /** `sound`: nothing to do. `due`: with --dry-run. `reshared`; `finished`: by an earlier order, whatever is wished now; or the code of why not. */
  outcome: string
  faults: Record<string, string>
}

const DOING = 'orders a reshare'

/** Exit 3 when a contribution that needs it could not be given to others. */
export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  if (flags['dryRun'] === true)
    return tell(await operatorSession(flags, DOING), flags, () => Promise.resolve({ outcome: 'due', faults: {} }))
  // from here on the service gives nothing to others, and what it gave is looked at below
  await using kv = await awaitReshares(resharesFolder(daoFolder(settingOf('home', flags) as string)), stop.signal)
  const book = new ReshareBook(kv)
  const session = await upToDate(flags, stop.signal)
  const { operator, state, write } = session
  const log: LogReshare = (prepared) => write('custody.reshare', prepared)
  for (const { contribution, outcome } of await book.finish(log, Math.floor(systemClock.now() / 1000)))
    if (outcome !== 'logged') say(`quern: ${contribution} [${outcome}]`)
  await using stack = new AsyncDisposableStack()
  let met: Met | undefined
  const meetThem = async (): Promise<Mesh> => {
    const seats = seatedValidators(state).map((seat) => seat.statement.validator)
    met ??= stack.use(await meet(session, [...custodyOf(state).flatMap(({ one }) => one.committee.members), ...seats], stop.signal))
    return met.mesh
  }
  return await tell(session, flags, async ({ one }, to) => {
    stop.signal.throwIfAborted()
    const mesh = await meetThem()
    const { k, members } = one.committee
    const answers = (account: string): boolean => mesh.peers().includes(peerFromDid(account))
    const dealers = dealersOf(one.committee, answers)
    if (dealers === undefined) {
      const contribution = one.manifestCid.toString()
      return { outcome: 'TOO_FEW_DEALERS', faults: { [contribution]: `${members.filter(answers).length} of ${k} answer` } }
    }
    return reshareOne({ one, to, dealers, mesh, operator, ledger: state.id, clock: systemClock, book, log, signal: stop.signal })
  })
}

/** Decides about every contribution, has `deed` done where something is due, and says what came of it: the exit code. */
async function tell(
  { pool, state }: OperatorSession,
  flags: Flags,
  deed: (fact: CustodyFact, to: { k: number; members: string[] }) => Promise<Pick<Outcome, 'outcome' | 'faults'>>,
): Promise<number> {
  const facts = custodyOf(state)
  if (facts.length === 0) throw new RefusedError('NO_CONTRIBUTIONS', 'nothing is in the pool')
  const seats = seatedValidators(state).map(({ statement: { validator, operator } }) => ({ account: validator, operator }))
  const named = poolView({ state: () => state, files: pool.files })
  // who answers is not known before anybody is met, and who is silent for long the service knows
  const view: HoldersView = { seats, policy: (cid) => named.policy(cid), gone: new Set(), answers: () => true }
  const members = listOf(flags['members'] as string | undefined)
  const wish: Wish = { members, refresh: flags['refresh'] === true, k: numberFlag(flags, 'k', 0) }
  const outcomes: Outcome[] = []
  for (const fact of facts) {
    const { one, health } = fact
    const to = nextHolders(fact, view, wish)
    const done = to === undefined ? { outcome: 'sound', faults: {} } : await deed(fact, to)
    const said = { contribution: one.manifestCid.toString(), health, from: fact.one.committee.members, to: to?.members ?? null, ...done }
    outcomes.push(said)
    if (flags['json'] !== true) print(printable(inWords(said)))
  }
  if (flags['json'] === true) printJson({ contributions: outcomes })
  return outcomes.every(({ outcome }) => ['sound', 'due', 'reshared', 'finished'].includes(outcome)) ? 0 : 3
}

const standing = z.object({ reshares: z.int().nonnegative() })
const PATIENCE_MS = 30_000

/**
 * Reads the log until the published checkpoint covers every reshare that the service knows of: an order by an older state would take the place of the
 * newer shares at whoever has not changed over yet. Throws RetryableError CHECKPOINT_BEHIND, and what `operatorSession` and asking the service do.
 */
async function upToDate(flags: Flags, signal: AbortSignal): Promise<OperatorSession> {
  const { reshares } = standing.parse(await getJson(httpBase(`http://${settingOf('http', flags)}`), '/v1/pool/keyholders'))
  const until = systemClock.now() + PATIENCE_MS
  for (;;) {
    const session = await operatorSession(flags, DOING)
    if (resharesIn(session.state) >= reshares) return session
    if (systemClock.now() > until)
      throw new RetryableError(
        'CHECKPOINT_BEHIND',
        'too few validators have cosigned the newest reshares yet; run it again when they are there',
      )
    // each try reads the whole log again
    await systemClock.sleep(5000, signal)
  }
}

function inWords({ contribution, health, from, to, outcome, faults }: Outcome): string {
  const what =
    outcome === 'sound'
      ? 'stays where it is'
      : outcome === 'reshared'
        ? `its shares lie with ${String(to?.length)} keyholders from here on`
        : outcome === 'finished'
          ? 'what an earlier run ordered is finished; run it again for more'
          : outcome === 'due'
            ? `would go from ${from.length} to ${String(to?.length)} keyholders`
            : `not reshared [${outcome}]`
  return [`${contribution}  ${health}; ${what}`, ...Object.entries(faults).map(([account, code]) => `  ${account}: ${code}`)].join('\n')
}
