/**
 * Puts a release together: keys from k keyholders, every contribution read twice as a stream (once to count, once to write), and at the end a
 * look at the withdrawals again, before anything counts as written. Plain text is never on a disk; keys and counts are what memory holds.
 */
import { codeOf, RefusedError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { ByteSource } from '../pool-statistics/index.ts'
import type { ConsentPolicy, PoolStatistics } from '../../schemas/wire/index.ts'
import {
  cborCid,
  type CID,
  compareBytes,
  type CompleteOrder,
  encode,
  MAX_RELEASE_SECRET_BYTES,
  merkleRootOfHashes,
  merkleTreeHash,
  parse,
  type PoolReleaseSecret,
  poolReleaseSecret,
  sha256,
  type PoolTerms,
  type Purpose,
  utf8,
} from '../../schemas/wire/index.ts'
import { sealStream } from '../custody/index.ts'
import { describePoolAiAct } from './ai-act.ts'
import { Cells, published, quasiOf } from './anonymise.ts'
import { closingFiles, memberLines, noticeOfDuties, packLines } from './bundle.ts'
import { makeCanaries } from './canaries.ts'
import { canaryKeyOf, personOf } from './derive.ts'
import { describeLicence } from './licence.ts'
import { describePoolRelease, type NamedRelease, signPoolRelease } from './manifest.ts'
import { membershipRoot } from './membership.ts'
import { tombstoneRoot } from './notices.ts'
import { eventsOf, type Keys, keysOf, type Opening, type ReadChunk } from './open-contribution.ts'
import { rowLine } from './row.ts'
import { type LeftOut, type PoolContribution, selectContributions } from './select.ts'

/** Withdrawals as the ledger knows them now: asked for more than once. */
export interface KnownWithdrawals {
  isEnded: (one: PoolContribution) => boolean
  /** Signed bytes of all of them, in the order of the log. */
  withdrawals: readonly Uint8Array[]
  /** Unix seconds. */
  at: number
}

/** Where the age file goes. `open` begins anew, over what was begun before; what was not closed never was. */
export interface BundleSink {
  open(): Promise<{ write(piece: Uint8Array): Promise<void>; close(): Promise<void>; discard(): Promise<void> }>
}

export interface Assembling extends Omit<Opening, 'order' | 'purpose'> {
  /** As `readOrder` took it, and its bytes. */
  order: { value: CompleteOrder; bytes: Uint8Array }
  contributions: readonly PoolContribution[]
  policy: { cid: CID; value: ConsentPolicy }
  terms: PoolTerms
  /** Counts of the pool that the ledger has published; of those in the release nobody counts anything in public. */
  statistics: PoolStatistics | null
  readChunk: ReadChunk
  known: () => KnownWithdrawals
  /** Brings `known` up to date: awaited before it is asked for the last time. */
  refresh?: () => Promise<void>
  canaryKey: Uint8Array
  random: ByteSource
  about: { title: string; contact: string; redaction: string; throughEpoch: number; previous: CID | null }
  sink: BundleSink
  /** Signs the manifest: the operator, which in this version is the assembler. */
  operator: Signer
  onProgress?: (done: { step: 'keys' | 'count' | 'write'; contributions: number; of: number }) => void
}

export interface Assembled {
  release: NamedRelease
  /** Kept by the operator alone. */
  secret: PoolReleaseSecret
  licence: Uint8Array
  aiAct: Uint8Array
  left: LeftOut[]
  report: Report
}

/** Exact numbers, for operator and trainer. */
export interface Report {
  people: number
  rows: number
  generalised: number
  suppressed: number
  canaries: number
}

interface Opened {
  contribution: PoolContribution
  keys: Keys
  person: string
}

/** A contribution that was read once could not be read a second time. */
class GoneMeanwhile extends Error {
  readonly opened: Opened
  readonly code: string

  constructor(opened: Opened, code: string) {
    super(code)
    this.opened = opened
    this.code = code
  }
}

/**
 * Throws RefusedError TOO_FEW_PEOPLE when fewer than k people are left whose rows can be published, and whatever sink and clock throw. A
 * contribution that cannot be opened is named in `left` and does not stop the others.
 */
export async function assemblePoolRelease(input: Assembling): Promise<Assembled> {
  const { order, policy, terms, random, known, onProgress } = input
  const { selected, left } = selectContributions(order.value, input.contributions, { policy: policy.cid, isEnded: known().isEnded })
  const secret = random.bytes(32)
  const months = monthsUpTo(order.value.at)
  const cells = new Cells()
  let opened: Opened[] = []
  const leave = (manifest: CID, code: string): void => void left.push({ manifest, code })

  for (const [i, contribution] of selected.entries()) {
    input.signal?.throwIfAborted()
    onProgress?.({ step: 'keys', contributions: i, of: selected.length })
    if (known().isEnded(contribution)) {
      leave(contribution.cid, 'WITHDRAWN')
      continue
    }
    const person = personOf(secret, contribution.manifest.subject)
    try {
      opened.push({ contribution, person, ...(await count(contribution, person)) })
    } catch (thrown) {
      input.signal?.throwIfAborted()
      cells.drop(person)
      leave(contribution.cid, reasonOf(thrown))
    }
  }
  // in an order that says nothing: neither of the log nor of who offered first
  opened.sort((a, b) => (a.person < b.person ? -1 : 1))

  for (;;) {
    dropWithdrawn()
    const attempt = await write().catch((thrown: unknown) => {
      if (!(thrown instanceof GoneMeanwhile)) throw thrown
      // its chunks went after they were counted, as those of whoever withdraws do: the others are written anew
      dropOne(thrown.opened, thrown.code)
      return undefined
    })
    if (attempt === undefined) continue
    try {
      await input.refresh?.()
      if (Math.floor(input.clock.now() / 1000) > order.value.expires)
        throw new RefusedError('ORDER_EXPIRED', 'the order ended while the release was put together; begin again')
      if (!opened.some(({ contribution }) => known().isEnded(contribution))) {
        await attempt.bundle.close()
        return { ...attempt.made, left }
      }
    } catch (thrown) {
      await attempt.bundle.discard()
      throw thrown
    }
    // it was in what was written: all of that goes
    await attempt.bundle.discard()
  }

  function dropOne(one: Opened, code: string): void {
    opened = opened.filter((other) => other !== one)
    cells.drop(one.person)
    leave(one.contribution.cid, code)
  }

  function dropWithdrawn(): void {
    const { isEnded } = known()
    for (const one of opened.filter(({ contribution }) => isEnded(contribution))) dropOne(one, 'WITHDRAWN')
  }

  async function count({ manifest }: PoolContribution, person: string): Promise<{ keys: Keys }> {
    const keys = await keysOf(manifest, { ...input, order: order.bytes, purpose: order.value.purposes[0] as Purpose })
    const found = new Cells()
    for await (const events of eventsOf(manifest, keys, input.readChunk)) {
      for (const event of events) found.add(person, quasiOf(event))
    }
    // only of what could be read to its end
    cells.take(found)
    return { keys }
  }

  async function write() {
    const { value } = order
    const plan = cells.plan(terms.kAnonymity)
    const members = opened.map(({ contribution, person }) => ({
      manifest: contribution.cid,
      subject: contribution.manifest.subject,
      receipts: [...contribution.receipts],
      person,
    }))
    const releaseKey = canaryKeyOf(input.canaryKey, value)
    const canaries = makeCanaries({ releaseKey, secret, count: value.canaries.count }, plan.classes)
    if (cells.people < terms.kAnonymity || plan.levels.size === 0)
      throw new RefusedError(
        'TOO_FEW_PEOPLE',
        `${cells.people} people are left; nothing is released that fewer than ${terms.kAnonymity} share`,
        {
          detail: { people: cells.people, k: terms.kAnonymity, left: left.map(({ manifest, code }) => [String(manifest), code]) },
        },
      )
    const report: Report = { people: opened.length, rows: 0, generalised: 0, suppressed: 0, canaries: [...canaries.values()].flat().length }
    const rowHashes: Uint8Array[] = []
    const bundle = await input.sink.open()
    let made: Omit<Assembled, 'left'> | undefined
    const lines = async function* (): AsyncGenerator<string> {
      const people = [...opened.map(({ person }) => person), ...canaries.keys()].toSorted()
      for (const [i, person] of people.entries()) {
        input.signal?.throwIfAborted()
        onProgress?.({ step: 'write', contributions: i, of: people.length })
        yield* canaries.get(person) ?? []
        const one = opened.find((other) => other.person === person)
        if (one === undefined) continue
        for await (const events of readAgain(one))
          for (const event of events) {
            const row = published(quasiOf(event), plan)
            report.rows += row === undefined ? 0 : 1
            report.suppressed += row === undefined ? 1 : 0
            report.generalised += row?.generalised === true ? 1 : 0
            if (row !== undefined) yield rowLine(person, event, row.quasi)
          }
      }
    }
    const archive = async function* (): AsyncGenerator<Uint8Array> {
      yield* packLines(lines(), (hash) => rowHashes.push(hash))
      made = describe(members, report, merkleRootOfHashes(rowHashes))
      const { deleteWithinDays } = terms
      yield* closingFiles({
        notice: noticeOfDuties({ ...value, deleteWithinDays, canaries: report.canaries, withdrawal: policy.value.withdrawal.effect }),
        licence: made.licence,
        manifest: made.release.bytes,
        readable: pretty(describePoolRelease(made.release)),
        aiAct: made.aiAct,
        members: memberLines(members),
        report: pretty(report),
      })
    }
    try {
      for await (const piece of sealStream(archive(), value.recipient)) await bundle.write(piece)
    } catch (thrown) {
      await bundle.discard()
      throw thrown
    }
    return { bundle, made: made as unknown as Omit<Assembled, 'left'> }
  }

  async function* readAgain(one: Opened): ReturnType<typeof eventsOf> {
    try {
      yield* eventsOf(one.contribution.manifest, one.keys, input.readChunk)
    } catch (thrown) {
      input.signal?.throwIfAborted()
      throw new GoneMeanwhile(one, reasonOf(thrown))
    }
  }

  function describe(members: PoolReleaseSecret['members'], report: Report, rows: Uint8Array): Omit<Assembled, 'left'> {
    const { value } = order
    const { about, statistics } = input
    const aiAct = describePoolAiAct({
      ...value,
      ...about,
      ...months,
      policy: policy.value,
      statistics,
      k: terms.kAnonymity,
      canaries: report.canaries,
    })
    const { name, trainer, purposes, dao } = value
    const licence = describeLicence({ dao, name, operator: value.by, trainer, purposes, deleteWithinDays: terms.deleteWithinDays })
    const { withdrawals, at } = known()
    const whole = report.rows + report.suppressed
    const percent = (part: number): number => (whole === 0 ? 0 : Math.round((100 * part) / whole))
    const release = signPoolRelease(
      {
        dao,
        name,
        trainer,
        order: cborCid(order.bytes),
        policies: [policy.cid],
        purposes,
        licence: licence.cid,
        deleteWithinDays: terms.deleteWithinDays,
        statistics,
        contributions: membershipRoot(
          secret,
          members.map(({ manifest }) => manifest),
        ),
        members: sha256(memberLines(members)),
        receipts: merkleTreeHash(members.flatMap(({ receipts }) => receipts).toSorted(compareBytes)),
        tombstones: { ...tombstoneRoot(withdrawals), at },
        rows,
        anonymity: { k: terms.kAnonymity, generalised: percent(report.generalised), suppressed: percent(report.suppressed) },
        canaries: { ...value.canaries, count: report.canaries },
        redaction: about.redaction,
        aiAct: aiAct.cid,
        withdrawal: policy.value.withdrawal.effect.slice(0, 512),
        throughEpoch: about.throughEpoch,
        previous: about.previous,
        at: value.at,
      },
      input.operator,
    )
    return {
      release,
      secret: { v: 1, release: release.cid, secret, members, recipient: value.recipient },
      licence: licence.bytes,
      aiAct: aiAct.bytes,
      report,
    }
  }
}

/** What a keyholder, a chunk or an owner said; of several keyholders what most of them did. */
function reasonOf(thrown: unknown): string {
  const code = codeOf(thrown)
  if (code !== 'NOT_ENOUGH_KEYHOLDERS') return code
  const { faults } = (thrown as { detail: { faults: Record<string, string> } }).detail
  const counts = Map.groupBy(Object.values(faults), (one) => one)
  return [...counts].toSorted((a, b) => b[1].length - a[1].length || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? code
}

/** The ten years up to the order's month, whoever is in it: months of the contributions would say whose these are. Older events are counted together. */
function monthsUpTo(at: number): { from: string; to: string } {
  const to = new Date(at * 1000).toISOString().slice(0, 7)
  return { from: `${String(Number(to.slice(0, 4)) - 9).padStart(4, '0')}-01`, to }
}

const pretty = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 2)}\n`)

/** The bytes of what the operator keeps, and back. */
export const encodeReleaseSecret = (secret: PoolReleaseSecret): Uint8Array => encode(secret)
export const readReleaseSecret = (bytes: Uint8Array): PoolReleaseSecret => parse(poolReleaseSecret, bytes, MAX_RELEASE_SECRET_BYTES)
/** What the log's `release` entry takes. How many records, and whose, is not told: `shares` is the root of the contributions. */
export const releaseEntry = ({ cid, value }: Pick<NamedRelease, 'cid' | 'value'>) => ({
  release: cid,
  name: value.name,
  throughEpoch: value.throughEpoch,
  previous: value.previous,
  shares: value.contributions.root,
  records: 0,
  kind: 'pool' as const,
})
