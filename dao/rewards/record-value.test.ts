import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { charter as charterShape, type Charter, PPM, sha256, SKETCH_BYTES, u32 } from '../../schemas/wire/index.ts'
import {
  advanceHosts,
  type BatchToValue,
  type EpochToValue,
  freshnessPpm,
  type HostFacts,
  hostClass,
  NoveltyIndex,
  recordValues,
  type ValueRow,
  type ValuesOfEpoch,
} from './index.ts'
import { testCharter } from '../../tests/support/charter.ts'

/** Rules under which nothing but tokens and quality counts, so that each test turns on one factor. */
const plain = testCharter({ value: { hostContributors: 0, hostEpochs: 0, hostRecords: 1_000_000 }, epoch: { leases: 'none' } })
const established: HostFacts = { ema: 0n, contributors: ['a', 'b', 'c'], epochs: 4, draws: 0, fails: 0 }

let made = 0
/** A sketch like no other, or near `like` with `equal` lanes in common. */
function sketch(like?: Uint8Array, equal = 0): Uint8Array {
  const bytes = new Uint8Array(SKETCH_BYTES)
  for (let i = 0; i < SKETCH_BYTES; i += 32) bytes.set(sha256(u32(++made)), i)
  if (like) bytes.set(like.subarray(0, equal * 4))
  return bytes
}
const rowOf = (over: Partial<ValueRow> = {}): ValueRow => ({
  tokens: 1000,
  quality: PPM,
  language: 'en',
  host: 'www.example.org',
  contentDigest: sha256(u32(++made)),
  ...over,
})
function batchOf(rows: ValueRow[], over: Partial<BatchToValue> & { each?: Uint8Array[] } = {}): BatchToValue {
  const { each, ...rest } = over
  return {
    contributor: 'did:key:one',
    rows,
    sketches: new Uint8Array(Buffer.concat(each ?? rows.map(() => sketch()))),
    ageHours: 0,
    ...rest,
  }
}
function valued(batches: BatchToValue[], over: Partial<EpochToValue> = {}): ValuesOfEpoch {
  return recordValues({ charter: plain, batches, novelty: new NoveltyIndex(), hosts: new Map(), holders: () => [], ...over })
}
const valueOf = (row: Partial<ValueRow>, charter: Charter = plain, over: Partial<BatchToValue> = {}): number =>
  valued([batchOf([rowOf(row)], over)], { charter }).values[0]?.[0]?.value ?? -1
const all = ({ values }: ValuesOfEpoch): number[][] => values.map((batch) => batch.map((r) => r.value))

describe('the value of a record', () => {
  it('counts a thousand per token, between the smallest and the largest number', () => {
    expect([49, 50, 51, 4096, 9999].map((tokens) => valueOf({ tokens }))).toEqual([0, 50_000, 51_000, 4_096_000, 4_096_000])
  })

  it('is floored after every factor, in the order of the formula', () => {
    const charter = testCharter({
      ...plain,
      demand: { defaultPpm: 333_333, rules: [] },
      value: { ...plain.value, hostContributors: 1, hostNewPpm: 777_777 },
    })
    const step = (v: number, ppm: number): number => Math.floor((v * ppm) / PPM)
    const right = step(step(step(step(51_000, 123_457), 333_333), PPM - Math.floor((100 * PPM) / 1440)), 777_777)
    expect(valueOf({ tokens: 51, quality: 123_457 }, charter, { ageHours: 100 })).toBe(right)
  })

  it('falls with age to one half, then to nothing', () => {
    expect([0, 360, 720, 721].map((hours) => freshnessPpm(hours, plain))).toEqual([PPM, 750_000, 500_000, 0])
  })

  it('follows the first demand rule that fits', () => {
    const rules = [
      { language: 'de', host: 'example.org', ppm: 4 * PPM },
      { language: null, host: 'example.org', ppm: 2 * PPM },
      { language: 'de', host: null, ppm: 3 * PPM },
    ]
    const charter = testCharter({ ...plain, demand: { defaultPpm: 0, rules } })
    const of = (language: string, host: string): number => valueOf({ language, host }, charter) / 1_000_000
    expect([of('de', 'example.org'), of('en', 'www.example.org'), of('de', 'other.example'), of('en', 'notexample.org')]).toEqual([
      4, 2, 3, 0,
    ])
  })

  it('refuses sketches that are not one per row', () => {
    expect(() => valued([{ ...batchOf([rowOf()]), sketches: new Uint8Array(5) }])).toThrow(RangeError)
  })
})

describe('novelty', () => {
  it('loses value from 38 equal lanes, all of it at 90, whoever comes later', () => {
    const first = sketch()
    const results = [0, 38, 64, 90, 128].map((equal) => {
      const batches = [
        batchOf([rowOf()], { each: [first] }),
        batchOf([rowOf()], { each: [sketch(first, equal)], contributor: 'did:key:two' }),
      ]
      return valued(batches).values[1]?.[0]
    })
    expect(results.map((r) => r?.novelty)).toEqual([0, 38, 64, 90, 128])
    expect(results.map((r) => r?.value)).toEqual([PPM, PPM, 500_000, 0, 0])
  })

  it('gives a copied page nothing, in the same batch, the same epoch or a later one', () => {
    const digest = sha256(u32(99))
    const novelty = new NoveltyIndex()
    const copy = (): BatchToValue => batchOf([rowOf({ contentDigest: digest })])
    const twice = batchOf([rowOf({ contentDigest: digest }), rowOf({ contentDigest: digest })])
    expect(all(valued([twice, copy()], { novelty }))).toEqual([[PPM, 0], [0]])
    expect(all(valued([copy()], { novelty }))).toEqual([[0]])
  })
})

describe('leases', () => {
  const charter = testCharter({ ...plain, epoch: { leases: 'hash' } })
  const pair = ['did:key:one', 'did:key:two']
  const holders = (): string[] => pair

  it('count what others bring from a leased host at four tenths', () => {
    const batches = [...pair, 'did:key:three'].map((contributor) => batchOf([rowOf()], { contributor }))
    expect(all(valued(batches, { charter, holders }))).toEqual([[PPM], [PPM], [400_000]])
    expect(all(valued(batches, { charter: plain, holders }))).toEqual([[PPM], [PPM], [PPM]])
    expect(all(valued(batches, { charter, holders: () => [] }))).toEqual([[PPM], [PPM], [PPM]])
  })

  it('pay both holders for the cross-check of one page in sixteen, and nobody for copying all of them', () => {
    const pages = Array.from({ length: 160 }, () => ({ digest: sha256(u32(++made)), sketch: sketch() }))
    const bring = (contributor: string, count: number): BatchToValue =>
      batchOf(
        pages.slice(0, count).map((p) => rowOf({ contentDigest: p.digest })),
        { contributor, each: pages.slice(0, count).map((p) => p.sketch) },
      )
    const second = (batches: BatchToValue[]): number =>
      (all(valued(batches, { charter, holders }))[1] ?? []).reduce((sum, v) => sum + (v > 0 ? 1 : 0), 0)
    expect(second([bring('did:key:one', 160), bring('did:key:two', 160)])).toBe(10)
    expect(second([bring('did:key:one', 160), bring('did:key:two', 5)])).toBe(1)
    expect(second([bring('did:key:one', 160), bring('did:key:three', 160)])).toBe(0)
  })

  it('do not pay a holder for its own copies, nor for what was there before the epoch', () => {
    const digest = sha256(u32(77))
    const copies = batchOf([rowOf({ contentDigest: digest }), rowOf({ contentDigest: digest })], { contributor: 'did:key:one' })
    expect(all(valued([copies], { charter, holders }))).toEqual([[PPM, 0]])
    const novelty = new NoveltyIndex()
    valued([batchOf([rowOf({ contentDigest: digest })], { contributor: 'did:key:two' })], { charter, holders, novelty })
    expect(all(valued([copies], { charter, holders, novelty }))).toEqual([[0, 0]])
  })
})

describe('hosts', () => {
  it('count a tenth until three contributors brought them over four epochs', () => {
    const charter = testCharter({ ...plain, value: { ...plain.value, hostContributors: 3, hostEpochs: 4 } })
    const of = (facts?: HostFacts): number | undefined =>
      valued([batchOf([rowOf()])], { charter, hosts: new Map(facts ? [['example.org', facts]] : []) }).values[0]?.[0]?.value
    expect(of()).toBe(100_000)
    expect(of({ ...established, contributors: ['a', 'b'] })).toBe(100_000)
    expect(of({ ...established, epochs: 3 })).toBe(100_000)
    expect(of(established)).toBe(PPM)
  })

  it('earn in full up to A, then half, then a quarter, then nothing, shared pro rata', () => {
    const charter = testCharter({ ...plain, value: { ...plain.value, hostRecords: 10 } })
    const total = (rows: number): number =>
      (
        all(
          valued([batchOf(Array.from({ length: rows }, (_, i) => rowOf({ host: i % 2 ? 'a.github.io' : 'b.github.io' })))], { charter }),
        )[0] ?? []
      ).reduce((a, b) => a + b, 0)
    expect([10, 25, 40, 100, 160, 640].map((rows) => Math.round(total(rows) / PPM))).toEqual([10, 18, 25, 40, 55, 55])
  })

  it('that had much before may have much again', () => {
    const charter = testCharter({ ...plain, value: { ...plain.value, hostRecords: 1 } })
    const batches = [batchOf(Array.from({ length: 20 }, () => rowOf()))]
    const sum = (facts: HostFacts): number =>
      (all(valued(batches, { charter, hosts: new Map([['example.org', facts]]) }))[0] ?? []).reduce((a, b) => a + b, 0)
    expect(sum({ ...established, ema: 10_000_000n })).toBe(20 * PPM)
    expect(sum(established)).toBeLessThan(6 * PPM)
  })

  it('pay the same for the same records, in whatever order and under however many identities', () => {
    const charter = testCharter({ ...plain, value: { ...plain.value, hostRecords: 3 } })
    const rows = Array.from({ length: 60 }, (_, i) =>
      rowOf({ tokens: 50 + 61 * i, quality: 1000 * (i + 1), host: `h${i % 3}.example.org` }),
    )
    const rest = rows.map((row) => ({ row, sketch: sketch() }))
    const priced = (parts: number[]): Map<string, number> => {
      const groups = new Map<number, typeof rest>()
      rest.forEach((item, i) => groups.set(parts[i] ?? 0, [...(groups.get(parts[i] ?? 0) ?? []), item]))
      const batches = [...groups].map(([part, items]) =>
        batchOf(
          items.map((x) => x.row),
          { contributor: `did:key:${part}`, each: items.map((x) => x.sketch) },
        ),
      )
      const { values } = valued(batches, { charter })
      return new Map(
        batches.flatMap((batch, b) =>
          batch.rows.map((row, i) => [Buffer.from(row.contentDigest).toString('hex'), values[b]?.[i]?.value ?? -1] as const),
        ),
      )
    }
    const whole = priced(rest.map(() => 0))
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { minLength: 60, maxLength: 60 }), (parts) => {
        const split = priced(parts)
        expect([...whole.keys()].every((key) => whole.get(key) === split.get(key))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('of one contributor cannot lift or sink what the others earn', () => {
    const charter = testCharter({ ...plain, value: { ...plain.value, hostRecords: 1_000_000 } })
    const mine = batchOf([rowOf({ host: 'mine.example' })])
    const flood = batchOf(
      Array.from({ length: 500 }, () => rowOf({ host: 'flood.example' })),
      { contributor: 'did:key:two' },
    )
    expect(valued([mine, flood], { charter }).values[0]).toEqual(valued([mine], { charter }).values[0])
  })
})

describe('the book of hosts', () => {
  const charter = testCharter({})
  const news = (contributors: string[], mass = 800n): Map<string, { mass: bigint; contributors: string[]; draws: number; fails: number }> =>
    new Map([['h', { mass, contributors, draws: 40, fails: 1 }]])

  it('learns who brought a host and how often, and forgets its mass slowly', () => {
    let book = advanceHosts(new Map(), news(['a']), charter)
    book = advanceHosts(book, news(['b', 'a']), charter)
    book = advanceHosts(book, news([]), charter)
    expect(book.get('h')).toEqual({ ema: 263n, contributors: ['a', 'b'], epochs: 2, draws: 105, fails: 1 })
    expect(advanceHosts(book, new Map(), charter).get('h')?.ema).toBe(230n)
  })

  it('drops a host that nothing is left to say of', () => {
    const seen = new Map([['h', { mass: 1n, contributors: [], draws: 0, fails: 0 }]])
    expect(advanceHosts(new Map(), seen, charter).size).toBe(0)
  })

  it('calls a host static or dynamic only once it is established', () => {
    const bases = [10_000, 30_000, 100_000] as const
    const of = (fails: number, over: Partial<HostFacts> = {}): number =>
      hostClass({ ...established, draws: 1000, fails, ...over }, bases, charter)
    expect([of(5), of(30), of(90), of(900)]).toEqual([0, 1, 2, 2])
    expect([of(900, { epochs: 1 }), of(900, { draws: 99 }), hostClass(undefined, bases, charter)]).toEqual([1, 1, 1])
  })
})

it('takes any charter that passes its shape, at the ends of its ranges', () => {
  const most = charterShape.parse({
    ...plain,
    value: { ...plain.value, maxTokens: 1 << 20, hostRecords: 1_000_000_000, freshnessHours: 876_000 },
    demand: { defaultPpm: 4 * PPM, rules: [] },
  })
  expect(valueOf({ tokens: Number.MAX_SAFE_INTEGER }, most, { ageHours: 876_000 })).toBe(1000 * (1 << 20) * 2)
})
