/**
 * Puts a release together: keys from k keyholders, every contribution read twice as a stream (once to count, once to write), and at the end a
 * look at the withdrawals again, before anything counts as written. Plain text is never on a disk; keys and counts are what memory holds.
 */
import { codeOf, FatalError, RefusedError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { CompactRange } from '../log/index.ts'
import type { ByteSource } from '../pool-statistics/index.ts'
import { type CID, type ConsentPolicy, type PoolStatistics, type PoolTerms, type Purpose, utf8 } from '../../schemas/wire/index.ts'
import { sealStream } from '../custody/index.ts'
import { Cells, MAX_OF_ONE, published, quasiOf } from './anonymise.ts'
import { closingFiles, type Line, noticeOfDuties, packLines } from './bundle.ts'
import { makeCanaries } from './canaries.ts'
import { canaryKeyOf, personOf } from './derive.ts'
import { type About, type Described, describeRelease, type Report } from './describe-release.ts'
import { describePoolRelease } from './manifest.ts'
import { memberLines } from './members.ts'
import { eventsOf, type Keys, keysOf, type Opening, type ReadChunk } from './open-contribution.ts'
import { oneOrder, ordersCid, type ReadOrder } from './order.ts'
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
  /** One, or several of the same terms where one does not name all contributions. */
  orders: readonly ReadOrder[]
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
  about: About
  sink: BundleSink
  /** Signs the manifest: the operator, which in this version is the assembler. */
  operator: Signer
  onProgress?: (done: { step: 'keys' | 'count' | 'write'; contributions: number; of: number }) => void
}

export interface Assembled extends Described {
  left: LeftOut[]
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
 * Throws RefusedError TOO_FEW_PEOPLE when fewer than k people are left whose rows can be published, FatalError HOLDERS_AWAY where nobody
 * answers who holds a chunk, and whatever sink and clock throw. A
 * contribution that cannot be opened is named in `left` and does not stop the others.
 */
export async function assemblePoolRelease(input: Assembling): Promise<Assembled> {
  const { orders, policy, terms, random, known, onProgress } = input
  const order = oneOrder(orders)
  const orderOf = new Map(orders.flatMap(({ value, bytes }) => value.manifests.map((manifest) => [String(manifest), bytes] as const)))
  const { selected, left } = selectContributions(order, input.contributions, { policy: policy.cid, isEnded: known().isEnded })
  const secret = random.bytes(32)
  const months = monthsUpTo(order.at)
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
      if (thrown instanceof FatalError) throw thrown
      cells.drop(person)
      leave(contribution.cid, reasonOf(thrown))
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

  async function count({ cid, manifest, committee = input.committee }: PoolContribution, person: string): Promise<{ keys: Keys }> {
    const bytes = orderOf.get(String(cid)) as Uint8Array
    const keys = await keysOf(manifest, { ...input, committee, order: bytes, purpose: order.purposes[0] as Purpose })
    const found = new Cells(MAX_OF_ONE)
    for await (const events of eventsOf(manifest, keys, input.readChunk)) {
      for (const event of events) found.add(person, quasiOf(event))
    }
    // only of what could be read to its end
    cells.take(found)
    return { keys }
  }

  async function write() {
    const plan = cells.plan(terms.kAnonymity)
    const members = opened.map(({ contribution, person }) => ({
      manifest: contribution.cid,
      subject: contribution.manifest.subject,
      person,
    }))
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
    const report: Report = { people: opened.length, rows: 0, generalised: 0, suppressed: 0, canaries: [...canaries.values()].flat().length }
    const root = new CompactRange()
    const bundle = await input.sink.open()
    let made: Described | undefined
    const byPerson = new Map(opened.map((one) => [one.person, one]))
    const lines = async function* (): AsyncGenerator<Line> {
      const people = [...byPerson.keys(), ...canaries.keys()].toSorted()
      for (const [i, person] of people.entries()) {
        input.signal?.throwIfAborted()
        onProgress?.({ step: 'write', contributions: i, of: people.length })
        for (const line of canaries.get(person) ?? []) yield { person, line }
        const one = byPerson.get(person)
        if (one === undefined) continue
        for await (const events of readAgain(one))
          for (const event of events) {
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
      await bundle.discard()
      throw thrown
    }
    return { bundle, made: made as unknown as Described }
  }

  async function* readAgain(one: Opened): ReturnType<typeof eventsOf> {
    try {
      yield* eventsOf(one.contribution.manifest, one.keys, input.readChunk)
    } catch (thrown) {
      input.signal?.throwIfAborted()
      if (thrown instanceof FatalError) throw thrown
      throw new GoneMeanwhile(one, reasonOf(thrown))
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
