import { beforeEach, describe, expect, it } from 'vitest'
import { MemoryKv } from '../../core/kv/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { dealCounts, FeatureCounter, type Gathering, gatherRound, LAYOUT_1, signRound } from '../../dao/pool-statistics/index.ts'
import { cborCid, type CID, type CountShare, peerFromDid, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { fill, keyholders, LEDGER, NOW, operator, poolPolicy, stranger } from '../../tests/support/pool-world.ts'
import { CountDesk, type CountView } from './count-desk.ts'
import { PaperBox } from './papers.ts'
import type { ShareRow } from './share-row.ts'
import { Withdrawals } from './withdrawals.ts'

const { policy } = poolPolicy()
const holders = keyholders()
const PEOPLE = 6
const manifestOf = (n: number): CID => rawCid(utf8(`person ${n}`))
const counts = new FeatureCounter(LAYOUT_1).vector()
/** Dealt once for all tests: what is asked is what becomes of the parts. */
const dealt = Array.from({ length: PEOPLE }, (_, n) => dealCounts(counts, new SeededBytes(`deal ${n}`)))

/** One aggregator over a store of its own; `desk` is begun anew by a restart. */
interface Aggregator {
  signer: Signer
  kv: MemoryKv
  papers: PaperBox
  rows: Map<string, ShareRow>
  withdrawals: Withdrawals
  desk: CountDesk
}

let now = NOW
let paid = new Map<string, number>()
let inPool = new Set<string>()
let aggregators: Aggregator[]
/** Accounts that do not answer. */
let away = new Set<string>()
let asked: string[] = []
let draws = 0
/** Called before a step reaches anybody. */
let before: (what: string) => Promise<void> | void = () => undefined

const view: CountView = {
  facts: (manifest) =>
    inPool.has(manifest.toString()) ? { subject: `did:${manifest.toString()}`, policy, beacon: fill(42), cutAt: NOW - 100 } : undefined,
  isPaid: (round, ppm) => (paid.get(round.toString()) ?? 0) >= ppm,
  minPeople: () => 5,
}

function begin(one: Omit<Aggregator, 'desk'>): CountDesk {
  const table = {
    get: (manifest: CID) => one.rows.get(manifest.toString()),
    rows: function* () {
      yield* one.rows.values()
    },
  }
  const clock = { now: () => now * 1000 }
  const random = new SeededBytes(`noise ${one.signer.did} ${draws++}`)
  return new CountDesk({ ...one, clock, random, ledger: LEDGER, operator: operator.did, view, table })
}

async function take({ papers, rows }: Aggregator, n: number, share: CountShare): Promise<void> {
  const manifest = manifestOf(n)
  const row = {
    manifest,
    receipts: [fill(n)],
    current: true,
    paperKey: fill(n + 1),
    at: NOW - 100,
    expires: NOW + 1000,
  } as unknown as ShareRow
  rows.set(manifest.toString(), row)
  await papers.putCounts(manifest, row.paperKey, share)
}

beforeEach(async () => {
  ;[now, paid, away, asked, before] = [NOW, new Map(), new Set(), [], () => undefined]
  inPool = new Set(Array.from({ length: PEOPLE }, (_, n) => manifestOf(n).toString()))
  aggregators = []
  for (const [seat, signer] of holders.slice(0, 3).entries()) {
    const kv = new MemoryKv()
    const one = { signer, kv, papers: new PaperBox(kv), rows: new Map<string, ShareRow>(), withdrawals: await Withdrawals.open(kv) }
    aggregators.push({ ...one, desk: begin(one) })
    for (let n = 0; n < PEOPLE; n++) await take(aggregators[seat] as Aggregator, n, dealt[n]?.[seat] as CountShare)
  }
})

const draft = {
  dao: LEDGER,
  groups: ['people', 'types'],
  epsilonPpm: 1_000_000,
  minPeople: 5,
  aggregators: holders.slice(0, 3).map(({ did }) => did),
  gatherer: stranger.did,
  at: NOW,
  expires: NOW + 600,
}
const roundOf = (changes: object = {}, by = operator): Uint8Array => signRound({ ...draft, ...changes }, by)

/** As the operator asks, over no network. */
function gather(round: Uint8Array, { by = stranger, ...more }: Partial<Gathering> & { by?: Signer } = {}) {
  const mesh: Gathering['mesh'] = {
    ask: async (peer, _, query) => {
      const { step } = query as Parameters<CountDesk['answer']>[0]
      await before(step.what)
      const one = aggregators.find(({ signer }) => peerFromDid(signer.did) === peer)
      if (one === undefined || away.has(one.signer.did)) throw new RetryableError('NOT_CONNECTED', 'away')
      asked.push(step.what)
      const answer = await one.desk
        .answer(query as Parameters<CountDesk['answer']>[0], peerFromDid(by.did))
        .catch((thrown: { code: string }) => ({ ok: false as const, code: thrown.code, message: '' }))
      return (
        answer.ok ? { status: 'said', bytes: answer.bytes } : { status: 'refused', code: answer.code, message: answer.message }
      ) as never
    },
  }
  const pay = async (): Promise<void> => void paid.set(cidOf(round), 1_000_000)
  return gatherRound({ mesh, round, pay, ...more })
}
const cidOf = (round: Uint8Array): string => cborCid(round).toString()
const refusedWith = (...codes: string[]) => ({
  code: 'AGGREGATOR_MISSING',
  detail: { faults: Object.fromEntries(codes.map((code, seat) => [holders[seat]?.did as string, code])) },
})

describe('three aggregators', () => {
  it('sum who all three hold, when it was paid for, and say the same however often they are asked', async () => {
    const round = roundOf()
    await expect(gather(round, { pay: () => Promise.resolve() })).rejects.toMatchObject(refusedWith('NOT_PAID', 'NOT_PAID', 'NOT_PAID'))
    let lists: readonly Uint8Array[] = []
    const first = await gather(round, { onReady: async (said) => void (lists = said) })
    expect(first).toMatchObject({
      counted: { people: PEOPLE, forged: [], partly: 0 },
      statistics: { noises: 3, minPeople: 5, groups: { length: 2 } },
    })
    // nothing is drawn twice, also over a restart
    for (const one of aggregators) one.desk = begin(one)
    expect((await gather(round, { lists })).statistics).toEqual(first.statistics)
    expect((await gather(round)).statistics).toEqual(first.statistics)
  })

  it('say nothing of nearly the same people for one payment', async () => {
    const round = roundOf()
    await gather(round)
    inPool.delete(manifestOf(0).toString())
    await expect(gather(round)).rejects.toMatchObject(refusedWith('CLOSED', 'CLOSED', 'CLOSED'))
  })

  it('leave out who withdrew, whose consent has expired, and who never came into the pool', async () => {
    const left = manifestOf(1).toString()
    for (const { rows } of aggregators) rows.delete(left)
    expect((await gather(roundOf())).counted).toEqual({ people: PEOPLE - 1, forged: [], partly: 0 })
    // a withdrawal that one of them has heard is enough
    const one = aggregators[0] as Aggregator
    one.withdrawals.learn({ manifest: manifestOf(2), subject: `did:${manifestOf(2).toString()}`, scope: 'all' })
    await expect(gather(roundOf({ at: NOW + 1 }))).rejects.toMatchObject({ code: 'TOO_FEW_PEOPLE', detail: { partly: 1 } })
    now += 999
    inPool.delete(manifestOf(3).toString())
    await expect(gather(roundOf({ at: NOW + 2, expires: NOW + 9999 }))).rejects.toMatchObject({ code: 'TOO_FEW_PEOPLE' })
    now += 1
    await expect(gather(roundOf({ at: NOW + 3, expires: NOW + 9999 }))).rejects.toMatchObject({
      code: 'TOO_FEW_PEOPLE',
      detail: { partly: 0 },
    })
    expect(paid.size).toBe(1)
  })

  it('leave out whose counts are none that one person may have', async () => {
    const forged = dealCounts(counts.with(0, 1_000_000), new SeededBytes('forged'))
    for (const [seat, one] of aggregators.entries()) await take(one, 0, forged[seat] as CountShare)
    expect((await gather(roundOf())).counted).toEqual({ people: PEOPLE - 1, forged: [manifestOf(0).toString()], partly: 0 })
    // parts of two dealings of one person are no whole
    await take(aggregators[1] as Aggregator, 0, dealt[0]?.[1] as CountShare)
    expect((await gather(roundOf({ at: NOW + 1 }))).counted).toEqual({ people: PEOPLE - 1, forged: [], partly: 1 })
  })

  it('keep what they have summed over a crash and over a withdrawal that comes between, and cost nothing again', async () => {
    const round = roundOf()
    const third = aggregators[2] as Aggregator
    before = (what) => void (what === 'sum' && away.add(third.signer.did))
    let lists: readonly Uint8Array[] | undefined
    const attempt = () => gather(round, { lists, onReady: async (said) => void (lists = said) })
    await expect(attempt()).rejects.toMatchObject({ detail: { faults: { [third.signer.did]: 'NOT_CONNECTED' } } })
    expect(lists).toHaveLength(3)
    before = () => undefined
    away.clear()
    third.desk = begin(third)
    inPool.delete(manifestOf(4).toString())
    third.rows.delete(manifestOf(4).toString())
    asked = []
    const made = await gather(round, { lists, pay: () => Promise.reject(new Error('paid twice')) })
    expect(made).toMatchObject({ counted: null, statistics: { noises: 3 } })
    expect(asked).not.toContain('list')
  })

  it('finish a round of which one has lost its sum, and one in which two asked at once', async () => {
    const round = roundOf()
    const third = aggregators[2] as Aggregator
    let lists: readonly Uint8Array[] = []
    before = (what) => void (what === 'sum' && away.add(third.signer.did))
    await expect(gather(round, { onReady: async (said) => void (lists = said) })).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    away.clear()
    // the third was asked to sum others meanwhile; then it lost its disk
    const pause = before
    before = (what) => void (what === 'ready' && [0, 1].forEach((seat) => away.add(holders[seat]?.did as string)))
    inPool.delete(manifestOf(0).toString())
    await expect(gather(round)).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    inPool.add(manifestOf(0).toString())
    away.clear()
    before = () => undefined
    expect(await gather(round, { lists })).toMatchObject({ counted: null })
    before = pause
    const again = roundOf({ at: NOW + 1 })
    await expect(gather(again, { onReady: async (said) => void (lists = said) })).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    away.clear()
    before = () => undefined
    for (const key of await third.kv.keys('count-round/')) await third.kv.delete(key)
    expect(await gather(again, { lists, pay: () => Promise.reject(new Error('paid twice')) })).toMatchObject({ counted: null })
  })

  it('list people anew where one of them withdrew before anything was said, and tell so where it was', async () => {
    const round = roundOf()
    const third = aggregators[2] as Aggregator
    let lists: readonly Uint8Array[] = []
    before = (what) => void (what === 'sum' && holders.forEach(({ did }) => away.add(did)))
    await expect(gather(round, { onReady: async (said) => void (lists = said) })).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    away.clear()
    before = (what) => void (what === 'sum' && away.add(third.signer.did))
    inPool.delete(manifestOf(0).toString())
    for (const key of await third.kv.keys('count-round/')) await third.kv.delete(key)
    await expect(gather(round, { lists, onReady: async (said) => void (lists = said) })).rejects.toMatchObject({
      code: 'AGGREGATOR_MISSING',
    })
    away.clear()
    before = () => undefined
    inPool.delete(manifestOf(1).toString())
    inPool.add(manifestOf(0).toString())
    for (const key of await third.kv.keys('count-round/')) await third.kv.delete(key)
    const closed = { detail: { faults: { [holders[0]?.did as string]: 'CLOSED', [holders[1]?.did as string]: 'CLOSED' } } }
    await expect(gather(round, { lists })).rejects.toMatchObject(closed)
  })

  it('count nobody whose parts came after the cut, whenever our log learnt of it', async () => {
    for (const { rows } of aggregators) {
      const name = manifestOf(1).toString()
      rows.set(name, { ...(rows.get(name) as ShareRow), at: NOW - 99 })
    }
    expect((await gather(roundOf())).counted).toEqual({ people: PEOPLE - 1, forged: [], partly: 0 })
  })

  it('let a step lie whose asker has given up', async () => {
    const [{ desk }] = aggregators as [Aggregator]
    const query = { round: roundOf(), step: { what: 'list' as const, said: [] } }
    const given = new AbortController()
    given.abort()
    expect(await desk.answer(query, peerFromDid(stranger.did), given.signal)).toMatchObject({ code: 'TOO_LATE' })
    expect(await desk.answer(query, peerFromDid(stranger.did))).toMatchObject({ ok: true })
  })

  it('sum nobody who goes between the list and the sum, but those who stay', async () => {
    const round = roundOf()
    before = (what) => void (what === 'ready' && inPool.delete(manifestOf(5).toString()))
    await expect(gather(round)).rejects.toMatchObject(refusedWith('LIST_CHANGED', 'LIST_CHANGED', 'LIST_CHANGED'))
    expect(await gather(round)).toMatchObject({ counted: { people: PEOPLE - 1, partly: 0 } })
  })

  it.each<[string, string, object, Signer?]>([
    ['of another ledger', 'ROUND_NOT_OURS', { dao: `${LEDGER}x` }],
    ['asked by another than it names', 'NOT_CALLER', {}, operator],
    ['that has expired', 'EXPIRED', { expires: NOW }],
    ['that is open for longer than a week and a day', 'TOO_LONG', { expires: NOW + 8 * 86_400 + 1 }],
    ['of fewer people than the charter has', 'TOO_FEW_PEOPLE', { minPeople: 4 }],
  ])('answer no round %s', async (_, code, changes, by) => {
    await expect(gather(roundOf(changes), by && { by })).rejects.toMatchObject(refusedWith(code, code, code))
    expect(paid.size).toBe(0)
  })

  it('answer no round that names others, or in another order than the policy does', async () => {
    const [a, b, c, d] = holders.map(({ did }) => did)
    const one = aggregators[0] as Aggregator
    const query = (round: Uint8Array) => ({ round, step: { what: 'list' as const, said: [] } })
    const peer = peerFromDid(stranger.did)
    expect(await one.desk.answer(query(roundOf({ aggregators: [b, c, d] })), peer)).toMatchObject({ code: 'NOT_AGGREGATOR' })
    const turned = await one.desk.answer(query(roundOf({ aggregators: [b, a, c] })), peer)
    expect(turned).toMatchObject({ ok: true })
    await expect(gather(roundOf({ aggregators: [b, a, c] }))).rejects.toMatchObject({ code: 'TOO_FEW_PEOPLE' })
    expect(await one.desk.answer(query(roundOf({}, stranger)), peer)).toMatchObject({ code: 'ROUND_NOT_OURS' })
  })

  it('sign only what their own sum is in, and only when they have said it', async () => {
    const round = roundOf()
    const heard: Record<string, Uint8Array[]> = {}
    const step = (what: 'list' | 'ready' | 'sum' | 'sign', said: Uint8Array[]) =>
      Promise.all(aggregators.map(({ desk }) => desk.answer({ round, step: { what, said } }, peerFromDid(stranger.did))))
    const bytesOf = (answers: Awaited<ReturnType<typeof step>>) => answers.map((one) => (one.ok ? one.bytes : utf8(one.code)))
    heard['list'] = bytesOf(await step('list', []))
    paid.set(cidOf(round), 1_000_000)
    expect(await step('sum', [])).toMatchObject([{ code: 'NOT_READY' }, { code: 'NOT_READY' }, { code: 'NOT_READY' }])
    heard['ready'] = bytesOf(await step('ready', heard['list']))
    expect(await step('sign', heard['ready'])).toMatchObject([{ code: 'OTHER_SUM' }, { code: 'OTHER_SUM' }, { code: 'OTHER_SUM' }])
    await expect(step('sum', heard['ready'].slice(0, 2))).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    heard['sum'] = bytesOf(await step('sum', heard['ready']))
    const [x, y, z] = heard['sum'] as [Uint8Array, Uint8Array, Uint8Array]
    const [first] = aggregators as [Aggregator]
    const swapped = { round, step: { what: 'sign' as const, said: [y, x, z] } }
    expect(await first.desk.answer(swapped, peerFromDid(stranger.did))).toMatchObject({ code: 'OTHER_SUM' })
    const cut = { round, step: { what: 'sign' as const, said: [x, y, y] } }
    await expect(first.desk.answer(cut, peerFromDid(stranger.did))).rejects.toMatchObject({ code: 'AGGREGATOR_MISSING' })
    expect(await step('sign', [x, y, z])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }])
  })

  it('keep no sum of a round that is over', async () => {
    await gather(roundOf())
    const { desk, kv } = aggregators[0] as Aggregator
    await desk.tidy()
    expect(await kv.keys('count-round/')).toHaveLength(1)
    now += 600 + 86_399
    await desk.tidy()
    expect(await kv.keys('count-round/')).toHaveLength(1)
    now += 1
    await desk.tidy()
    expect(await kv.keys('count-round/')).toHaveLength(0)
  })

  it('keep nothing that they cannot read', async () => {
    const { desk, kv } = aggregators[0] as Aggregator
    await gather(roundOf())
    await kv.put('count-round/00', utf8('torn'))
    await desk.tidy()
    expect(await kv.keys('count-round/')).toHaveLength(1)
  })
})

describe('a part of counts', () => {
  it('goes with the papers, and is unreadable without the key of its row', async () => {
    const { papers, kv } = aggregators[0] as Aggregator
    const manifest = manifestOf(0)
    expect(await papers.countsOf(manifest, fill(1))).toEqual(dealt[0]?.[0])
    expect(await papers.countsOf(manifest, fill(9))).toBeUndefined()
    const stored = Buffer.concat(await Promise.all((await kv.keys('')).map(async (key) => Buffer.from((await kv.get(key)) ?? []))))
    expect(stored.includes(Buffer.from(dealt[0]?.[0]?.words.subarray(0, 64) ?? []))).toBe(false)
    await papers.delete(manifest)
    expect(await papers.countsOf(manifest, fill(1))).toBeUndefined()
    expect(await kv.keys('counts/')).toHaveLength(PEOPLE - 1)
  })
})
