import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf, RefusedError } from '../../core/errors/index.ts'
import { writeFileDurably } from '../../core/home/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { openCustody } from '../../dao/index.ts'
import { type CustodyFact, custodyOf, seatedValidators } from '../../dao/ledger/index.ts'
import { readPolicy } from '../../dao/consent/index.ts'
import { nextCommittee } from '../../dao/pool-policy/index.ts'
import { bytesUpTo, encode, parse, peerFromDid } from '../../schemas/wire/index.ts'
import { type Flags, listOf, numberFlag, print, printable, printJson, type Run, say } from '../program/index.ts'
import { type OperatorWriter, type ReplayedPool, systemClock, untilStopped } from '../wiring/index.ts'
import { meet, type Met, operatorSession } from './operator-session.ts'

/** What every new member signed, kept until the log has it: from then on keyholders follow by themselves. */
const prepared = z.strictObject({ v: z.literal(1), order: bytesUpTo(8192), ready: z.array(bytesUpTo(1024)).max(32) })

interface Outcome {
  contribution: string
  health: string
  from: string[]
  to: string[] | null
  /** `sound`: nothing to do. `due`: with --dry-run. `reshared`, or the code of why not. */
  outcome: string
  faults: Record<string, string>
}

/** Exit 3 when a contribution that needs it could not be given to others. */
export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await operatorSession(flags, 'orders a reshare')
  const { folder, pool, operator, state, write } = session
  const waiting = path.join(folder, 'pool-reshares')
  if (flags['dryRun'] !== true) await finish(waiting, write)
  const facts = custodyOf(state)
  if (facts.length === 0) throw new RefusedError('NO_CONTRIBUTIONS', 'nothing is in the pool')
  await using stack = new AsyncDisposableStack()
  let met: Met | undefined
  const meetThem = async (): Promise<Mesh> => {
    const seats = seatedValidators(state).map((seat) => seat.statement.validator)
    met ??= stack.use(await meet(session, [...facts.flatMap(({ one }) => one.committee.members), ...seats], stop.signal))
    return met.mesh
  }
  const outcomes: Outcome[] = []
  for (const fact of facts) {
    stop.signal.throwIfAborted()
    const one = await reshare(fact, { pool, operator, flags, meet: meetThem, write, waiting, signal: stop.signal })
    outcomes.push(one)
    if (flags['json'] !== true) print(printable(inWords(one)))
  }
  if (flags['json'] === true) printJson({ contributions: outcomes })
  return outcomes.every(({ outcome }) => ['sound', 'due', 'reshared'].includes(outcome)) ? 0 : 3
}

interface Resharing {
  pool: ReplayedPool
  operator: Signer
  flags: Flags
  meet: () => Promise<Mesh>
  write: OperatorWriter
  waiting: string
  signal: AbortSignal
}

async function reshare(
  { one, live, health }: CustodyFact,
  { pool, operator, flags, meet: meetThem, write, waiting, signal }: Resharing,
): Promise<Outcome> {
  const { commitReshare, prepareReshare } = await openCustody()
  const { state } = pool.ledger
  const from = one.committee
  const contribution = one.manifestCid.toString()
  const said = { contribution, health, from: from.members, faults: {} }
  const to = target(one.manifest.policy, { live, from, pool, flags })
  if (to === undefined) return { ...said, to: null, outcome: 'sound' }
  if (flags['dryRun'] === true) return { ...said, to: to.members, outcome: 'due' }
  const mesh = await meetThem()
  const reached = mesh.peers()
  const dealers = from.members.flatMap((member, i) => (reached.includes(peerFromDid(member)) ? [i + 1] : [])).slice(0, from.k)
  if (dealers.length < from.k)
    return { ...said, to: to.members, outcome: 'TOO_FEW_DEALERS', faults: { [contribution]: `${dealers.length} of ${from.k} answer` } }
  const at = Math.floor(systemClock.now() / 1000)
  const draft = { v: 1, dao: state.id, manifest: one.manifestCid, generation: one.generation, from, to, dealers, at, by: operator.did }
  const order = encode(signObject('reshare-order', draft, operator))
  const ready = await prepareReshare(mesh, order, signal).catch((error: unknown) => ({ error }))
  if ('error' in ready) {
    const { error } = ready
    return { ...said, to: to.members, outcome: codeOf(error), faults: faultsOf(error) }
  }
  const file = path.join(waiting, `${contribution}.${one.generation}.cbor`)
  await mkdir(waiting, { recursive: true })
  await writeFileDurably(file, encode({ v: 1, order, ready }))
  // the log decides: whoever is away now changes over when it reads it there
  await write('custody.reshare', { order, ready })
  await rm(file)
  const { faults } = await commitReshare(mesh, order, ready, signal)
  return { ...said, to: to.members, outcome: 'reshared', faults: Object.fromEntries(faults) }
}

/** Where the shares go; undefined where they may stay. Members that lost their seat are replaced by seated ones that the policy allows. */
function target(
  policy: CustodyFact['one']['manifest']['policy'],
  { live, from, pool, flags }: { live: string[]; from: { k: number; members: string[] }; pool: ReplayedPool; flags: Flags },
): { k: number; members: string[] } | undefined {
  const bytes = pool.files.read(policy)
  const read = bytes && readPolicy(bytes)
  if (!read?.ok) throw new RefusedError('NO_POLICY', `the policy ${policy.toString()} is not among the ledger's files`)
  const seats = seatedValidators(pool.ledger.state).map(({ statement }) => ({
    account: statement.validator,
    operator: statement.operator,
  }))
  const members = listOf(flags['members'] as string | undefined)
  if (members.length === 0 && live.length === from.members.length && flags['refresh'] !== true) return undefined
  return nextCommittee({ from, live, seats, policy: read.policy, members, k: numberFlag(flags, 'k', 0) })
}

/** What an earlier run prepared and could not write: every new member waits for it. */
async function finish(waiting: string, write: Resharing['write']): Promise<void> {
  if (!existsSync(waiting)) return
  for (const name of await readdir(waiting)) {
    const file = path.join(waiting, name)
    const { order, ready } = parse(prepared, new Uint8Array(await readFile(file)), 64_000)
    await write('custody.reshare', { order, ready }).catch((error: unknown) => {
      // it is in the log, or too late for it: then the old shares count as before
      if (!['OTHER_GENERATION', 'UNKNOWN', 'NOT_SEATED'].includes(codeOf(error))) throw error
      say(`quern: ${name} [${codeOf(error)}]`)
    })
    await rm(file)
  }
}

const faultsOf = (error: unknown): Record<string, string> =>
  (error as { detail?: { faults?: Record<string, string> } }).detail?.faults ?? {}

function inWords({ contribution, health, from, to, outcome, faults }: Outcome): string {
  const what =
    outcome === 'sound'
      ? 'stays where it is'
      : outcome === 'reshared'
        ? `its shares lie with ${String(to?.length)} keyholders from here on`
        : outcome === 'due'
          ? `would go from ${from.length} to ${String(to?.length)} keyholders`
          : `not reshared [${outcome}]`
  return [`${contribution}  ${health}; ${what}`, ...Object.entries(faults).map(([account, code]) => `  ${account}: ${code}`)].join('\n')
}
