/**
 * Puts a release together: keys from k keyholders, every contribution read twice as a stream (once to count, once to write), several at once and
 * taken in one order, and at the end a look at the withdrawals again, before anything counts as written. Plain text is never on a disk; keys and
 * counts are what memory holds.
 */
import { codeOf, FatalError, RefusedError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { CompactRange } from '../log/index.ts'
import type { ByteSource } from '../pool-statistics/index.ts'
import type { ActivityEvent } from '../../schemas/activity/index.ts'
import { type CID, type ConsentPolicy, type PoolStatistics, type PoolTerms, type Purpose, utf8 } from '../../schemas/wire/index.ts'
import { generateAgeIdentity, sealStream } from '../custody/index.ts'
import { Cells, MAX_OF_ONE, published, quasiOf } from './anonymise.ts'
import { closingFiles, type Line, noticeOfDuties, packLines } from './bundle.ts'
import { makeCanaries } from './canaries.ts'
import { canaryKeyOf, personOf } from './derive.ts'
import { type About, type Described, describeRelease, type Report } from './describe-release.ts'
import { describePoolRelease } from './manifest.ts'
import { memberLines } from './members.ts'
import { HolderTurns } from './holder-turns.ts'
import { inOrder } from './in-order.ts'
import { batchesOf, type ChunkBatch, eventsOf, type Keys, keysOf, type Opening, readBatch, type ReadChunks } from './open-contribution.ts'
import { oneOrder, ordersCid, type ReadOrder } from './order.ts'
import { type CountingTerms, PeopleCounts, type PersonCounts } from './people-counts.ts'
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

/** As many questions for keys as a keyholder answers one peer at once; and what of the contributions is in memory together. */
const AT_ONCE = 4

export interface Assembling extends Omit<Opening, 'order' | 'purpose' | 'turns' | 'replyTo'> {
  /** One, or several of the same terms where one does not name all contributions. */
  orders: readonly ReadOrder[]
  contributions: readonly PoolContribution[]
  policy: { cid: CID; value: ConsentPolicy }
  terms: PoolTerms
  /** The newest counts of the pool that the ledger has published. */
  statistics: PoolStatistics | null
  /** Has those in the release counted in public. `pay` spends the ε in the log: awaited once, before anything is counted for good. None: nothing is spent. */
  counting?: CountingTerms & { pay: () => Promise<void> }
  readChunks: ReadChunks
  known: () => KnownWithdrawals
  /** Brings `known` up to date: awaited before it is asked for the last time. */
  refresh?: () => Promise<void>
  canaryKey: Uint8Array
  random: ByteSource
  about: About
  sink: BundleSink
  /** Signs the manifest: the operator, which in this version is the assembler. */
  operator: Signer
  onProgress?: (done: { step: 'keys' | 'write'; contributions: number; of: number }) => void
}

export interface Assembled extends Described {
  left: LeftOut[]
  /** Whether ε was spent: also where so many withdrew after that, that those in it are not counted in public. */
  isPaid: boolean
}

interface Opened {
  contribution: PoolContribution
  subject: string
  keys: Keys
  person: string
}

/** What came of counting one: its keys and what it holds, or why it is left out. */
type Counted = (Opened & { found: Cells; counts: PersonCounts | undefined }) | { contribution: PoolContribution; code: string }

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
 * Throws RefusedError TOO_FEW_PEOPLE when fewer than k people are left whose rows can be published, FatalError HOLDERS_AWAY where nobody
 * answers who holds a chunk, and whatever sink and clock throw. A contribution that cannot be opened is named in `left` and does not stop the others.
 */
export async function assemblePoolRelease(input: Assembling): Promise<Assembled> {
  const { orders, policy, terms, random, known, onProgress } = input
  const order = oneOrder(orders)
  const orderOf = new Map(orders.flatMap(({ value, bytes }) => value.manifests.map((manifest) => [String(manifest), bytes] as const)))
  const { selected, left } = selectContributions(order, input.contributions, { policy: policy.cid, isEnded: known().isEnded })
  const secret = random.bytes(32)
  const months = monthsUpTo(order.at)
  const cells = new Cells()
  const people = input.counting && new PeopleCounts(input.counting)
  let payment: Promise<void> | undefined
  let opened: Opened[] = []
  const leave = (manifest: CID, code: string): void => void left.push({ manifest, code })

  const turns = new HolderTurns()
  const replyTo = await generateAgeIdentity()

  for await (const one of inOrder(selected.entries(), AT_ONCE, count)) {
    if ('code' in one) {
      leave(one.contribution.cid, one.code)
      continue
    }
    const { found, counts, ...kept } = one
    try {
      // only of what could be read to its end
      cells.take(found)
      if (counts) people?.take(kept.person, counts)
      opened.push(kept)
    } catch (thrown) {
      leave(one.contribution.cid, reasonOf(thrown))
    }
  }
  // in an order that says nothing: neither of the log nor of who offered first
  opened.sort((a, b) => (a.person < b.person ? -1 : 1))

  for (;;) {
    dropEnded()
    const attempt = await write().catch((thrown: unknown) => {
      if (!(thrown instanceof GoneMeanwhile)) throw thrown
      // its chunks went after they were counted, as those of whoever withdraws do: the others are written anew
      dropOne(thrown.opened, thrown.code)
      return undefined
    })
    if (attempt === undefined) continue
    try {
      await input.refresh?.()
      if (Math.floor(input.clock.now() / 1000) > order.expires)
        throw new RefusedError('ORDER_EXPIRED', 'the order ended while the release was put together; begin again')
      if (!opened.some((one) => endedBy(one) !== undefined)) {
        await attempt.bundle.close()
        return { ...attempt.made, left, isPaid: payment !== undefined }
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
    people?.drop(one.person)
    leave(one.contribution.cid, code)
  }

  function dropEnded(): void {
    for (const one of opened) {
      const code = endedBy(one)
      if (code !== undefined) dropOne(one, code)
    }
  }

  /** Why it may not be in what is published now: somebody withdrew, or the consent ended by itself, since the keys were given. */
  function endedBy({ contribution, keys: { expires } }: Opened): string | undefined {
    if (known().isEnded(contribution)) return 'WITHDRAWN'
    return expires !== null && Math.floor(input.clock.now() / 1000) >= expires ? 'EXPIRED' : undefined
  }

  async function count([i, contribution]: [number, PoolContribution], done: AbortSignal): Promise<Counted> {
    const signal = input.signal === undefined ? done : AbortSignal.any([input.signal, done])
    signal.throwIfAborted()
    onProgress?.({ step: 'keys', contributions: i, of: selected.length })
    if (known().isEnded(contribution)) return { contribution, code: 'WITHDRAWN' }
    const { cid, manifest, committee = input.committee } = contribution
    const { subject } = manifest
    const person = personOf(secret, subject)
    try {
      const asked = {
        turns,
        replyTo,
        committee,
        order: orderOf.get(String(cid)) as Uint8Array,
        purpose: order.purposes[0] as Purpose,
        signal,
      }
      const keys = await keysOf(manifest, { ...input, ...asked })
      const found = new Cells(MAX_OF_ONE)
      const counter = people?.counter()
      for (const batch of batchesOf(manifest))
        for (const events of eventsOf(batch, await readBatch(batch, input.readChunks, signal), keys)) {
          for (const event of events) found.add(person, quasiOf(event))
          counter?.add(events)
        }
      return { contribution, subject, keys, person, found, counts: counter?.counts() }
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof FatalError) throw thrown
      return { contribution, code: reasonOf(thrown) }
    }
  }

  async function write() {
    const plan = cells.plan(terms.kAnonymity)
    const members = opened.map(({ contribution, subject, person }) => ({ manifest: contribution.cid, subject, person }))
    const releaseKey = canaryKeyOf(input.canaryKey, order)
    const canaries = makeCanaries({ releaseKey, secret, count: order.canaries.count }, plan.classes)
    if (cells.people < terms.kAnonymity || plan.levels.size === 0)
      throw new RefusedError(
        'TOO_FEW_PEOPLE',
        `${cells.people} people are left; nothing is released that fewer than ${terms.kAnonymity} share`,
        {
          detail: { people: cells.people, k: terms.kAnonymity, left: left.map(({ manifest, code }) => [String(manifest), code]) },
        },
      )
    // what was paid stays paid where all of it is written anew; of what is thrown away nobody sees the counts
    if (people?.areEnough === true) await (payment ??= input.counting?.pay())
    const counts = people?.areEnough === true ? people.published(random) : undefined
    const report: Report = { people: opened.length, rows: 0, generalised: 0, suppressed: 0, canaries: [...canaries.values()].flat().length }
    const root = new CompactRange()
    const bundle = await input.sink.open()
    let made: Described | undefined
    const byPerson = new Map(opened.map((one) => [one.person, one]))
    // a generator that waits for a chunk does not hear that nobody wants its lines any more
    const over = new AbortController()
    const lines = async function* (): AsyncGenerator<Line> {
      const persons = [...byPerson.keys(), ...canaries.keys()].toSorted()
      // chunks of the next are on their way while those of one are written
      await using ahead = inOrder(batchesOfAll(persons.flatMap((person) => byPerson.get(person) ?? [])), AT_ONCE, (batch, done) =>
        readAgain(batch, AbortSignal.any([done, over.signal])),
      )
      for (const [i, person] of persons.entries()) {
        input.signal?.throwIfAborted()
        onProgress?.({ step: 'write', contributions: i, of: persons.length })
        for (const line of canaries.get(person) ?? []) yield { person, line }
        const one = byPerson.get(person)
        if (one === undefined) continue
        for await (const event of eventsAgain(one, ahead)) {
          const row = published(quasiOf(event), plan)
          report.rows += row === undefined ? 0 : 1
          report.suppressed += row === undefined ? 1 : 0
          report.generalised += row?.generalised === true ? 1 : 0
          if (row !== undefined) yield { person, line: rowLine(person, event, row.quasi) }
        }
      }
    }
    const archive = async function* (): AsyncGenerator<Uint8Array> {
      yield* packLines(lines(), (hash) => root.append(hash))
      const { deleteWithinDays } = terms
      const list = memberLines({ secret, members }, canaries.keys())
      made = describeRelease({
        ...input,
        order: { value: order, cid: ordersCid(orders) },
        months,
        secret: { secret, members },
        members: list,
        report,
        rows: root.root(),
        tombstones: known(),
        counts,
      })
      yield* closingFiles({
        notice: noticeOfDuties({ ...order, deleteWithinDays, canaries: report.canaries, withdrawal: policy.value.withdrawal.effect }),
        licence: made.licence,
        manifest: made.release.bytes,
        readable: pretty(describePoolRelease(made.release)),
        aiAct: made.aiAct,
        members: list,
        report: pretty(report),
      })
    }
    try {
      for await (const piece of sealStream(archive(), order.recipient)) await bundle.write(piece)
    } catch (thrown) {
      over.abort(thrown)
      await bundle.discard()
      throw thrown
    }
    return { bundle, made: made as unknown as Described }
  }

  async function readAgain({ one, batch }: BatchOfOne, done: AbortSignal): Promise<Uint8Array[]> {
    const signal = input.signal === undefined ? done : AbortSignal.any([input.signal, done])
    return readBatch(batch, input.readChunks, signal).catch((thrown: unknown) => {
      signal.throwIfAborted()
      throw goneMeanwhile(one, thrown)
    })
  }

  /** Takes its batches from those that are read ahead, whose order is that of the people. */
  async function* eventsAgain(one: Opened, ahead: AsyncIterator<Uint8Array[], void>): AsyncGenerator<ActivityEvent> {
    for (const batch of batchesOf(one.contribution.manifest)) {
      const { value: sealed } = await ahead.next()
      try {
        for (const events of eventsOf(batch, sealed as Uint8Array[], one.keys)) yield* events
      } catch (thrown) {
        throw goneMeanwhile(one, thrown)
      }
    }
  }
}

interface BatchOfOne {
  one: Opened
  batch: ChunkBatch
}

function* batchesOfAll(all: readonly Opened[]): Generator<BatchOfOne> {
  for (const one of all) for (const batch of batchesOf(one.contribution.manifest)) yield { one, batch }
}

const goneMeanwhile = (one: Opened, thrown: unknown): unknown =>
  thrown instanceof FatalError ? thrown : new GoneMeanwhile(one, reasonOf(thrown))

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
