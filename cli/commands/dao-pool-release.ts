import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { askAgain, blocksProtocol } from '../../core/mesh/index.ts'
import { isRecipient, requiredPurposes } from '../../dao/consent/index.ts'
import { REPLY_BYTES } from '../../dao/batches/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { lastFinalEpoch, ledgerYear, type LedgerState, readStatisticsFile, seatedValidators } from '../../dao/ledger/index.ts'
import type { Assembling, PoolContribution } from '../../dao/pool-release/index.ts'
import { groupsNamed } from '../../dao/pool-statistics/index.ts'
import { epsilonLeft, epsilonName } from '../../dao/rewards/index.ts'
import {
  type CID,
  did,
  MAX_FEED_BYTES,
  MAX_MEMBERS,
  peerFromDid,
  type PoolStatistics,
  poolTermsOf,
  PURPOSES,
  type Purpose,
} from '../../schemas/wire/index.ts'
import { type Flags, numberFlag, print, printable, printJson, type Run, say } from '../program/index.ts'
import {
  canaryKeyIn,
  fileSink,
  getBytes,
  keepRelease,
  replayPool,
  type ReplayedPool,
  secureBytes,
  systemClock,
  untilStopped,
} from '../wiring/index.ts'
import { GROUPS } from './dao-pool-statistics.ts'
import { meet, operatorSession, type OperatorSession, policyInForce } from './operator-session.ts'

const ORDER_SECONDS = 86_400

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await operatorSession(flags, 'releases a pool')
  const { folder, operator, assembler, state, write } = session
  const room = await openPoolReleases()
  const policy = policyInForce(session)
  const asked = askedFor(flags)
  const notify = notifyOf(flags)
  await nameLogged(path.resolve(String(flags['out'])), state.poolReleases)
  const ready = await readyFor(session, asked)
  const { name, out, bundleFile } = placeOf(session, flags)
  // it gets its name when the log names it: of a bundle that no log names, no withdrawal would ever be told
  const unlogged = `${bundleFile}.unlogged`
  // the log may have it, and the copy read here is what a quorum has cosigned: the one bundle of a logged release must not be written over
  if (existsSync(unlogged))
    throw new RefusedError(
      'FILE_EXISTS',
      `${unlogged} waits for the log, which does not show ${name} yet: run this again in a moment, or delete it where the log is not to have it`,
    )
  const canaryKey = await canaryKeyIn(folder)
  const at = Math.floor(systemClock.now() / 1000)
  const { orders, terms } = await ordersFor(session, flags, { ...asked, name, ready, canaryKey, at })
  const counting = countingFor(session, flags, { order: room.ordersCid(orders), people: ready.length })

  await mkdir(out, { recursive: true })
  const members = [...new Set(ready.flatMap(({ committee }) => committee?.members ?? policy.policy.committee.members))]
  // the service holds all sealed chunks, as keyholders do
  await using met = await meet(session, [operator.did, ...members], stop.signal)
  // a purpose that the pool cannot do without takes away the rest
  const ends = [...new Set([...asked.purposes, ...requiredPurposes(policy.policy)])]
  const withdrawn = await WithdrawnNow.read(session, ends)
  const throughEpoch = lastFinalEpoch(state)
  const made = await room.assemblePoolRelease({
    mesh: met.mesh,
    clock: systemClock,
    signer: assembler,
    operator,
    committee: policy.policy.committee,
    // the service is connected to owners under the veto
    ownerVia: peerFromDid(operator.did),
    epoch: throughEpoch,
    orders,
    contributions: ready,
    policy: { cid: policy.cid, value: policy.policy },
    terms,
    statistics: newestCounts(session.pool),
    ...(counting && { counting }),
    readChunks: room.chunkReader({
      holders: [operator.did, ...members],
      ask: async (holder, cids, signal) =>
        (
          await askAgain(
            met.mesh,
            peerFromDid(holder),
            blocksProtocol,
            { cids: [...cids] },
            { bytes: REPLY_BYTES, ...(signal && { signal }) },
          )
        ).blocks,
      reconnect: (holder) => met.dial(holder),
      signal: stop.signal,
    }),
    known: () => ({
      isEnded: (one) =>
        room.isEndedInLedger(one, asked.purposes, withdrawn.state) ||
        withdrawn.isGone(room.contributionOf({ manifest: one.cid, subject: one.manifest.subject })),
      withdrawals: withdrawn.all,
      at,
    }),
    refresh: () => withdrawn.refresh(),
    canaryKey,
    random: { bytes: secureBytes },
    about: {
      title: state.charter.title || state.charter.name,
      contact: state.charter.contact,
      redaction: [...new Set(ready.map(({ manifest }) => manifest.redaction ?? manifest.schema))].join(' ').slice(0, 64),
      throughEpoch,
      previous: state.poolReleases.at(-1)?.release ?? null,
      tokensAtMost: room.tokensAtMost(state, session.pool.files, throughEpoch),
    },
    sink: fileSink(unlogged),
    signal: stop.signal,
    onProgress: ({ step, contributions: done, of }) => process.stderr.isTTY && say(`${step} ${done} of ${of}`),
  })
  await keepRelease(folder, { ...made, secret: { ...made.secret, ...(notify !== undefined && { notify }) } })
  const { release } = made
  await writeFile(path.join(out, 'release.cbor'), release.bytes)
  await writeFile(path.join(out, 'release.json'), `${JSON.stringify(room.describePoolRelease(release), null, 2)}\n`)
  await writeFile(path.join(out, 'licence.jsonld'), made.licence)
  await writeFile(path.join(out, 'ai-act-53-1-d.json'), made.aiAct)
  await write('release', room.releaseEntry(release)).catch(async (thrown: unknown) => {
    if (thrown instanceof RefusedError) await rm(unlogged, { force: true })
    else
      say(
        `quern: the log may not have it, so ${unlogged} is for nobody yet; run this again with --name ${name}: what the log has gets its name`,
      )
    throw thrown
  })
  await rename(unlogged, bundleFile)
  const left = made.left.map(({ manifest, code }) => ({ manifest: manifest.toString(), code }))
  const counts = release.value.counts ?? null
  if (flags['json'] === true) printJson({ release: release.cid.toString(), name, bundle: bundleFile, ...made.report, counts, left })
  else {
    if (counting && counts === null)
      say(
        `quern: fewer than ${counting.minPeople} people are left, so nothing of them is counted in public; ${made.isPaid ? 'the ε was spent before the last of them withdrew' : 'no ε was spent'}`,
      )
    for (const { manifest, code } of left) say(`quern: left out ${manifest} [${code}]`)
    print(printable(`${release.cid.toString()}: ${made.report.rows} rows of ${made.report.people} people for ${asked.trainer}, in ${out}`))
  }
  return 0
}

/** Where a stop came between the log and its name, or the log's answer was lost: the bundle of a release that the log names is the trainer's. */
export async function nameLogged(out: string, logged: readonly { name: string }[]): Promise<void> {
  for (const { name } of logged) {
    const bundle = path.join(out, `${name}.age`)
    if (!existsSync(`${bundle}.unlogged`) || existsSync(bundle)) continue
    await rename(`${bundle}.unlogged`, bundle)
    say(`quern: the log has ${name}, whose bundle had not got its name: ${bundle}`)
  }
}

type Asked = ReturnType<typeof askedFor>

/** Contributions that may be in it, as the log knows them. Throws RefusedError with what keeps any from being released. */
async function readyFor(session: OperatorSession, { trainer, purposes }: Asked): Promise<PoolContribution[]> {
  const { state, pool, folder, assembler } = session
  const { contributionsOf, isEndedInLedger } = await openPoolReleases()
  const { policy } = policyInForce(session)
  const isSeated = seatedValidators(state).some(({ statement }) => statement.validator === trainer)
  if (!isRecipient(policy, 'trainer', trainer, isSeated))
    throw new RefusedError('TRAINER_NOT_NAMED', `nobody consented to ${trainer}; the policy names the trainers that there may be`)
  const vested = contributionsOf(state, pool.files, lastFinalEpoch(state))
  const ready = vested.filter((one) => !isEndedInLedger(one, purposes, state))
  if (ready.length === 0)
    throw new RefusedError('NOTHING_TO_RELEASE', 'no contribution to the pool has vested points and a consent for these purposes')
  if (ready.length > MAX_MEMBERS)
    throw new RefusedError('TOO_MANY_CONTRIBUTIONS', `one release takes ${MAX_MEMBERS} contributions, and ${ready.length} are ready`)
  if (!isRecipient(policy, 'assembler', assembler.did, false))
    throw new RefusedError(
      'ASSEMBLER_NOT_NAMED',
      `the policy names another assembler than the key in ${folder}, ${assembler.did}; keyholders would refuse`,
    )
  return ready
}

/** What it is called and where it goes; neither may be there already. */
function placeOf({ state }: OperatorSession, flags: Flags): { name: string; out: string; bundleFile: string } {
  const ordinal = `-pool-${state.poolReleases.length + 1}`
  const name = typeof flags['name'] === 'string' ? flags['name'] : `${state.charter.name.slice(0, 64 - ordinal.length)}${ordinal}`
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new UsageError('BAD_NAME', `${name} is no name of a release: up to 64 letters, digits, dots, dashes and underscores`)
  if (state.releases.some((one) => one.name === name) || state.poolReleases.some((one) => one.name === name))
    throw new RefusedError('NAME_USED', `${name} is a release of this DAO already; give another --name`)
  const out = path.resolve(String(flags['out']))
  const bundleFile = path.join(out, `${name}.age`)
  if (existsSync(bundleFile)) throw new RefusedError('FILE_EXISTS', `${bundleFile} is there already; give another --out or --name`)
  return { name, out, bundleFile }
}

interface Ordered extends Asked {
  name: string
  ready: readonly PoolContribution[]
  canaryKey: Uint8Array
  /** Unix seconds. */
  at: number
}

/** Signed, and read as every keyholder will read them. */
async function ordersFor({ state, operator, assembler }: OperatorSession, flags: Flags, { ready, ...ordered }: Ordered) {
  const { signOrders, readOrder } = await openPoolReleases()
  const terms = poolTermsOf(state.charter)
  const { at, canaryKey } = ordered
  const common = { dao: state.id, assembler: assembler.did, deleteWithinDays: terms.deleteWithinDays, canaryKey }
  const asked = { ...ordered, ...common, expires: at + ORDER_SECONDS, canaries: numberFlag(flags, 'canaries', 24) }
  const signed = signOrders({ ...asked, manifests: ready.map(({ cid }) => cid) }, operator)
  const orders = signed.map((bytes) => ({ value: readOrder(bytes, { ...common, operator: operator.did, now: at }), bytes }))
  return { orders, terms }
}

/** Withdrawals as they are known while a release is put together: those of our copy of the log, and those that the service tells before any quorum cosigned them. */
class WithdrawnNow {
  readonly #session: OperatorSession
  readonly #ends: readonly Purpose[]
  #pool: ReplayedPool
  #said: readonly Uint8Array[] = []
  /** What was withdrawn that our copy of the log does not know of yet. */
  #gone: ReadonlySet<string> = new Set()

  private constructor(session: OperatorSession, ends: readonly Purpose[]) {
    this.#session = session
    this.#ends = ends
    this.#pool = session.pool
  }

  /** `ends`: withdrawing any of these purposes takes somebody out. Throws RefusedError NOT_OUR_SERVICE, FatalError DAO_UNREACHABLE. */
  static async read(session: OperatorSession, ends: readonly Purpose[]): Promise<WithdrawnNow> {
    const withdrawn = new WithdrawnNow(session, ends)
    await withdrawn.#ask()
    return withdrawn
  }

  get state(): LedgerState {
    return this.#pool.ledger.state
  }

  /** Signed, in the order of the log. */
  get all(): readonly Uint8Array[] {
    return this.#said.length > this.#pool.withdrawals.length ? this.#said : this.#pool.withdrawals
  }

  /** `what`: as `contributionOf` names it. */
  isGone(what: string): boolean {
    return this.#gone.has(what)
  }

  async refresh(): Promise<void> {
    this.#pool = await replayPool(path.join(this.#session.folder, 'log'))
    await this.#ask()
  }

  async #ask(): Promise<void> {
    const { contributionOf, readFeed, withdrawalsIn, isOf } = await openPoolReleases()
    const { base, operator, state } = this.#session
    const feed = readFeed(await getBytes(base, '/v1/pool/withdrawals', MAX_FEED_BYTES))
    if (!feed.ok || feed.value.by !== operator.did || feed.value.dao !== state.id)
      throw new RefusedError('NOT_OUR_SERVICE', `${base} does not serve the withdrawals of ${state.id}; give its address with --http`)
    this.#said = feed.value.withdrawals
    // looked at once: it is asked for every contribution, and signatures take their time
    const since = withdrawalsIn(this.#said.slice(this.#pool.withdrawals.length)).filter((one) => isOf(one, this.#ends))
    this.#gone = new Set(since.map(contributionOf))
  }
}

/** Counts of those in it, paid under its order's name: nobody else can draw their noise a second time. Throws RefusedError before anything is spent. */
function countingFor(
  { state, write }: OperatorSession,
  flags: Flags,
  { order, people }: { order: CID; people: number },
): Assembling['counting'] | undefined {
  const named = Array.isArray(flags['group']) ? (flags['group'] as string[]) : []
  if (flags['epsilonPpm'] === undefined) {
    if (named.length > 0) throw new UsageError('EPSILON_MISSING', 'counts cost ε: say how much with --epsilon-ppm')
    return undefined
  }
  const epsilonPpm = numberFlag(flags, 'epsilonPpm', 0)
  const groups = named.length > 0 ? named : GROUPS
  groupsNamed(groups)
  const { minPeople, epsilonPpmPerYear } = poolTermsOf(state.charter)
  if (people < minPeople)
    throw new RefusedError('TOO_FEW_PEOPLE', `${people} people may be in it, and counts are published of ${minPeople} or more`)
  const year = ledgerYear(state)
  if (year === null) throw new RefusedError('NO_TIME', 'no cosignature has said what year it is; a DAO without validators counts nothing')
  const { left } = epsilonLeft(state.spent, year, epsilonPpmPerYear)
  if (epsilonPpm < 1 || BigInt(epsilonPpm) > left)
    throw new RefusedError('BUDGET_SPENT', `${left} millionths of ε are left of ${year}, and ${epsilonPpm} are asked for`)
  const pay = async (): Promise<void> => {
    await write('budget.spend', { budget: epsilonName(year, order), amount: String(epsilonPpm) })
  }
  return { groups, epsilonPpm, minPeople, pay }
}

/** Where the trainer is told of withdrawals. */
function notifyOf({ notify }: Flags): string | undefined {
  if (typeof notify !== 'string') return undefined
  const url = URL.canParse(notify) ? new URL(notify) : undefined
  if ((url?.protocol === 'https:' || url?.protocol === 'http:') && notify.length <= 512) return notify
  throw new UsageError('BAD_FLAG', '--notify takes an address that notices are sent to: https://trainer.example/withdrawn')
}

/** Of everybody in the pool when they were made: the fold took them, so three aggregators signed them. */
function newestCounts({ ledger, files }: ReplayedPool): PoolStatistics | null {
  const last = ledger.state.poolStatistics.at(-1)
  const read = last && readStatisticsFile(files, last.statistics)
  return read?.ok === true ? read.value.statistics : null
}

function askedFor(flags: Flags): { trainer: string; recipient: string; purposes: Purpose[] } {
  const [trainer, recipient] = [flags['trainer'], flags['recipient']]
  const purposes = (Array.isArray(flags['purpose']) ? flags['purpose'] : []) as string[]
  if (!did.safeParse(trainer).success) throw new UsageError('TRAINER_MISSING', 'name the trainer’s account with --trainer did:key:…')
  if (typeof recipient !== 'string') throw new UsageError('RECIPIENT_MISSING', 'give the trainer’s age recipient with --recipient age1pq1…')
  if (purposes.length === 0) throw new UsageError('PURPOSE_MISSING', 'name what it is for with --purpose, once for each')
  const unknown = purposes.find((one) => !PURPOSES.some((known) => known === one))
  if (unknown !== undefined)
    throw new InvalidInputError('PURPOSE_UNKNOWN', `there is no purpose ${unknown}; known are ${PURPOSES.join(', ')}`)
  return { trainer: trainer as string, recipient, purposes: purposes as Purpose[] }
}
