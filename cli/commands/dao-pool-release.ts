import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'
import { askAgain, blocksProtocol, openLibp2pMesh } from '../../core/mesh/index.ts'
import { isRecipient, readPolicy, requiredPurposes } from '../../dao/consent/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { lastFinalEpoch, readStatisticsFile, seatedValidators } from '../../dao/ledger/index.ts'
import {
  did,
  MAX_FEED_BYTES,
  MAX_MEMBERS,
  peerFromDid,
  type PoolStatistics,
  poolTermsOf,
  PURPOSES,
  type Purpose,
} from '../../schemas/wire/index.ts'
import { type Flags, numberFlag, print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'
import {
  assemblerKey,
  canaryKeyIn,
  daoFolder,
  fileSink,
  getBytes,
  httpBase,
  operatorWriter,
  isPrivateDao,
  isPublicMultiaddr,
  keepRelease,
  learnDao,
  logger,
  replayPool,
  type ReplayedPool,
  resolveDao,
  secureBytes,
  systemClock,
  untilStopped,
} from '../wiring/index.ts'

const ORDER_SECONDS = 86_400

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const folder = daoFolder(settingOf('home', flags) as string)
  const base = httpBase(`http://${settingOf('http', flags)}`)
  const operator = await openKeyFile(path.join(folder, 'keys', 'identity.key'))
  const room = await openPoolReleases()
  let now = await replayPool(path.join(folder, 'log'))
  const { state } = now.ledger
  if (operator.did !== state.operator)
    throw new RefusedError('NOT_THE_OPERATOR', `only the operator releases a pool; ${folder} holds another key`)
  const policyBytes = state.charter.consent === null ? undefined : now.files.read(state.charter.consent)
  const policy = policyBytes && readPolicy(policyBytes)
  if (!policy?.ok) throw new RefusedError('NO_POOL', 'this DAO has no personal pool; "quern dao pool open" opens one')

  const asked = askedFor(flags)
  const isSeated = seatedValidators(state).some(({ statement }) => statement.validator === asked.trainer)
  if (!isRecipient(policy.policy, 'trainer', asked.trainer, isSeated))
    throw new RefusedError('TRAINER_NOT_NAMED', `nobody consented to ${asked.trainer}; the policy names the trainers that there may be`)
  const notify = notifyOf(flags)
  const throughEpoch = lastFinalEpoch(state)
  const terms = poolTermsOf(state.charter)
  const contributions = room.contributionsOf(state, throughEpoch)
  const ready = contributions.filter((one) => one.vested && !room.isEndedInLedger(one, asked.purposes, state))
  if (ready.length === 0)
    throw new RefusedError('NOTHING_TO_RELEASE', 'no contribution to the pool has vested points and a consent for these purposes')
  const ordinal = `-pool-${state.poolReleases.length + 1}`
  const name = typeof flags['name'] === 'string' ? flags['name'] : `${state.charter.name.slice(0, 64 - ordinal.length)}${ordinal}`
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new UsageError('BAD_NAME', `${name} is no name of a release: up to 64 letters, digits, dots, dashes and underscores`)
  if (state.releases.some((one) => one.name === name) || state.poolReleases.some((one) => one.name === name))
    throw new RefusedError('NAME_USED', `${name} is a release of this DAO already; give another --name`)
  const out = path.resolve(String(flags['out']))
  const bundleFile = path.join(out, `${name}.age`)
  // it gets its name when the log names it: of a bundle that no log names, no withdrawal would ever be told
  const unlogged = `${bundleFile}.unlogged`
  if (existsSync(bundleFile)) throw new RefusedError('FILE_EXISTS', `${bundleFile} is there already; give another --out or --name`)
  if (ready.length > MAX_MEMBERS)
    throw new RefusedError('TOO_MANY_CONTRIBUTIONS', `one release takes ${MAX_MEMBERS} contributions, and ${ready.length} are ready`)
  const assembler = await assemblerKey(folder)
  if (!isRecipient(policy.policy, 'assembler', assembler.did, false))
    throw new RefusedError(
      'ASSEMBLER_NOT_NAMED',
      `the policy names another assembler than the key in ${folder}, ${assembler.did}; keyholders would refuse`,
    )
  const canaryKey = await canaryKeyIn(folder)
  const at = Math.floor(systemClock.now() / 1000)
  const signed = room.signOrders(
    {
      dao: state.id,
      name,
      ...asked,
      manifests: ready.map(({ cid }) => cid),
      assembler: assembler.did,
      at,
      expires: at + ORDER_SECONDS,
      deleteWithinDays: terms.deleteWithinDays,
      canaries: numberFlag(flags, 'canaries', 24),
      canaryKey,
    },
    operator,
  )
  const given = {
    dao: state.id,
    operator: operator.did,
    assembler: assembler.did,
    now: at,
    deleteWithinDays: terms.deleteWithinDays,
    canaryKey,
  }
  const orders = signed.map((bytes) => ({ value: room.readOrder(bytes, given), bytes }))

  await mkdir(out, { recursive: true })
  const addresses = await resolveDao(base)
  const privateNetwork = isPrivateDao(addresses)
  await using mesh = await openLibp2pMesh({ signer: assembler, clock: systemClock, listen: [], privateNetwork })
  const dialable = (all: string[]): string[] => (privateNetwork ? all : all.filter(isPublicMultiaddr))
  // the service holds all sealed chunks, as keyholders do
  await mesh.connect(dialable(addresses), { signal: stop.signal })
  const { known } = await learnDao(addresses, { logger: await logger('error'), signal: stop.signal })
  const members = [...new Set(ready.flatMap(({ committee }) => committee?.members ?? policy.policy.committee.members))]
  const dial = async (holder: string): Promise<void> => {
    const where = holder === operator.did ? addresses : known.find(({ did: account }) => account === holder)?.addresses
    if (where !== undefined) await mesh.connect(dialable(where), { signal: stop.signal })
  }
  for (const holder of members) await dial(holder).catch(() => say(`quern: keyholder ${holder} does not answer`))
  // the service knows what no quorum has cosigned yet: a withdrawal counts from then on
  const withdrawalsNow = async (): Promise<readonly Uint8Array[]> => {
    const feed = room.readFeed(await getBytes(base, '/v1/pool/withdrawals', MAX_FEED_BYTES))
    if (!feed.ok || feed.value.by !== operator.did || feed.value.dao !== state.id)
      throw new RefusedError('NOT_OUR_SERVICE', `${base} does not serve the withdrawals of ${state.id}; give its address with --http`)
    return feed.value.withdrawals
  }
  let said = await withdrawalsNow()
  // a purpose that the pool cannot do without takes away the rest
  const ends = [...new Set([...asked.purposes, ...requiredPurposes(policy.policy)])]
  // asked for every contribution, and signatures take their time
  let gone: { of: typeof said; past: number; what: Set<string> } | undefined
  const isWithdrawnSince = (what: string): boolean => {
    const past = now.withdrawals.length
    if (gone?.of !== said || gone.past !== past) {
      const since = room.withdrawalsIn(said.slice(past)).filter((one) => room.isOf(one, ends))
      gone = { of: said, past, what: new Set(since.map(room.contributionOf)) }
    }
    return gone.what.has(what)
  }
  const made = await room.assemblePoolRelease({
    mesh,
    clock: systemClock,
    signer: assembler,
    operator,
    committee: policy.policy.committee,
    // the service is connected to owners under the veto
    ownerVia: peerFromDid(operator.did),
    epoch: throughEpoch,
    orders,
    contributions,
    policy: { cid: policy.cid, value: policy.policy },
    terms,
    statistics: newestCounts(now),
    readChunk: room.chunkReader({
      holders: [operator.did, ...members],
      ask: async (holder, cid) =>
        (await askAgain(mesh, peerFromDid(holder), blocksProtocol, { cids: [cid] }, { signal: stop.signal })).blocks[0] ?? undefined,
      reconnect: (holder) => dial(holder),
      signal: stop.signal,
    }),
    known: () => ({
      isEnded: (one) =>
        room.isEndedInLedger(one, asked.purposes, now.ledger.state) ||
        isWithdrawnSince(room.contributionOf({ manifest: one.cid, subject: one.manifest.subject })),
      withdrawals: said.length > now.withdrawals.length ? said : now.withdrawals,
      at,
    }),
    refresh: async () => {
      now = await replayPool(path.join(folder, 'log'))
      said = await withdrawalsNow()
    },
    canaryKey,
    random: { bytes: secureBytes },
    about: {
      title: state.charter.title || state.charter.name,
      contact: state.charter.contact,
      redaction: [...new Set(ready.map(({ manifest }) => manifest.schema))].join(' ').slice(0, 64),
      throughEpoch,
      previous: state.poolReleases.at(-1)?.release ?? null,
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
  await operatorWriter(
    base,
    state.id,
    operator,
  )('release', room.releaseEntry(release)).catch(async (thrown: unknown) => {
    if (thrown instanceof RefusedError) await rm(unlogged, { force: true })
    else say(`quern: the log may not have it, so ${unlogged} is for nobody; delete it, and run this again`)
    throw thrown
  })
  await rename(unlogged, bundleFile)
  const left = made.left.map(({ manifest, code }) => ({ manifest: manifest.toString(), code }))
  if (flags['json'] === true) printJson({ release: release.cid.toString(), name, bundle: bundleFile, ...made.report, left })
  else {
    for (const { manifest, code } of left) say(`quern: left out ${manifest} [${code}]`)
    print(printable(`${release.cid.toString()}: ${made.report.rows} rows of ${made.report.people} people for ${asked.trainer}, in ${out}`))
  }
  return 0
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
