import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import type { ActivityEvent } from '../../schemas/activity/index.ts'
import { type AggregateShare, cborCid, type CID, encode, equalBytes, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { fill, LEDGER, operator, stranger } from '../../tests/support/pool-world.ts'
import {
  addInto,
  binsOf,
  centred,
  clip,
  combinePartials,
  countCentrally,
  dealCounts,
  FeatureCounter,
  poolGroups,
  readRound,
  readShare,
  signRound,
  splitVector,
  sumWithNoise,
} from './index.ts'

const groups = poolGroups({ from: '2025-01', to: '2025-12' })
const aggregators = [70, 71, 72].map((byte) => keyFromSeed(fill(byte)))
const dealer = keyFromSeed(fill(73))
const roundOf = (changes: object = {}): Uint8Array =>
  signRound(
    {
      dao: LEDGER,
      name: '2025-q4',
      groups,
      epsilonPpm: 1_000_000,
      minPeople: 20,
      aggregators: aggregators.map(({ did }) => did),
      at: 1,
      expires: 9e9,
      ...changes,
    },
    operator,
  )
const event = (changes: Partial<ActivityEvent> = {}): ActivityEvent => ({
  id: '0'.repeat(32),
  type: 'Listen',
  time: '2025-03-09',
  actor: 'self',
  object: { kind: 'track', name: 'A song' },
  source: 'spotify',
  ...changes,
})
function vectorOf(...events: ActivityEvent[]): Uint32Array {
  const counter = new FeatureCounter(groups)
  for (const one of events) counter.add({ event: one, qualityPpm: 1_000_000 })
  return counter.vector()
}
const manifestOf = (n: number): CID => rawCid(utf8(`person ${n}`))

/** What the three do with the people given, each with chance of its own. */
function played(round: Uint8Array, vectors: readonly Uint32Array[], seed: string): Uint8Array[] {
  const read = readRound(round)
  if (!read.ok) throw new Error(read.code)
  const id = cborCid(round)
  const held: AggregateShare[][] = [[], [], []]
  for (const [n, vector] of vectors.entries())
    for (const [seat, bytes] of dealCounts({ round, manifest: manifestOf(n), vector }, dealer, new SeededBytes(`${seed} ${n}`)).entries()) {
      const share = readShare(bytes, { round: read.value, id, seat })
      if (share.ok) held[seat]?.push(share.value)
    }
  return aggregators.map((signer, i) =>
    sumWithNoise({ round: read.value, id, shares: held[i] as AggregateShare[] }, signer, new SeededBytes(`${seed} noise ${i}`)),
  )
}

describe("one person's counts", () => {
  it('are of a few bins, however many events there are', () => {
    const many = vectorOf(...Array.from({ length: 5000 }, (_, i) => event({ time: `2025-${String(1 + (i % 12)).padStart(2, '0')}-01` })))
    let at = 0
    for (const { bins, perBin, perPerson } of groups) {
      const part = Array.from(many.subarray(at, at + bins.length))
      at += bins.length
      expect(Math.max(...part)).toBeLessThanOrEqual(perBin)
      expect(part.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(perPerson)
    }
    expect(at).toBe(binsOf(groups))
  })

  it('are clipped from the smallest: property', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 30 }),
        (counts, perBin, perPerson) => {
          const kept = clip(counts, { name: 'x', bins: counts.map(String), perBin, perPerson })
          const whole = counts.reduce((sum, one) => sum + Math.min(one, perBin), 0)
          expect(kept.every((one, i) => one <= Math.min(counts[i] as number, perBin))).toBe(true)
          expect(kept.reduce((sum, one) => sum + one, 0)).toBe(Math.min(whole, perPerson))
        },
      ),
    )
  })

  it('know months, languages, types, sources, lengths and qualities, and put the rest under other', () => {
    const counted = countCentrallyWithoutNoise([vectorOf(event({ time: '2019-01-01', lang: 'mt', type: 'Search', source: 'own' }))])
    expect(counted).toMatchObject({
      people: { all: 1 },
      months: { other: 1 },
      languages: { other: 1 },
      types: { Search: 1 },
      sources: { own: 1 },
      lengths: { 0: 1 },
      qualities: { 9: 1 },
    })
  })
})

function countCentrallyWithoutNoise(vectors: readonly Uint32Array[]): Record<string, Record<string, number>> {
  const sum = new Uint32Array(binsOf(groups))
  for (const vector of vectors) addInto(sum, vector)
  let at = 0
  return Object.fromEntries(
    groups.map(({ name, bins }) => [
      name,
      Object.fromEntries(bins.map((bin) => [bin, sum[at++] as number] as const).filter(([, n]) => n > 0)),
    ]),
  )
}

describe('shares', () => {
  it('add up, and any two of them are other words for other chance', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 40 }), (words) => {
        const shares = splitVector(Uint32Array.from(words), new SeededBytes('split'))
        const sum = new Uint32Array(words.length)
        for (const share of shares) addInto(sum, share)
        expect([...sum]).toEqual(words)
      }),
    )
    const [a, b] = [splitVector(vectorOf(event()), new SeededBytes('a')), splitVector(vectorOf(event()), new SeededBytes('b'))]
    expect(a.some((share, i) => equalBytes(new Uint8Array(share.buffer), new Uint8Array((b[i] as Uint32Array).buffer)))).toBe(false)
    expect(centred(Uint32Array.of(0xffff_ffff, 5))).toEqual([-1, 5])
  })
})

describe('a round', () => {
  const people = Array.from({ length: 200 }, (_, i) => vectorOf(event({ source: i < 195 ? 'spotify' : 'netflix' })))

  it('gives what was counted within the noise, and leaves small counts out', () => {
    const statistics = combinePartials(roundOf(), played(roundOf(), people, 'round'))
    expect(statistics).toMatchObject({ epsilonPpm: 1_000_000, minPeople: 20, noises: 3 })
    const all = statistics.groups.find(({ name }) => name === 'people')?.counts[0]
    // scale 7, three times: a standard deviation of 17
    expect(Math.abs((all as number) - 200)).toBeLessThan(90)
    const sources = statistics.groups.find(({ name }) => name === 'sources') as (typeof statistics.groups)[number]
    const byName = new Map(sources.bins.map((bin, i) => [bin, sources.counts[i]]))
    expect(byName.get('spotify')).toBeGreaterThan(20)
    expect(sources.counts.every((count) => count === null || count >= 20)).toBe(true)
    expect([...byName.values()].filter((count) => count === null).length).toBeGreaterThan(5)
  })

  it('is worth nothing with one aggregator missing, and names it', () => {
    const [first, second] = played(roundOf(), people, 'x') as [Uint8Array, Uint8Array]
    expect(() => combinePartials(roundOf(), [first, second, second])).toThrow(
      expect.objectContaining({ code: 'AGGREGATOR_MISSING', detail: { faults: { [aggregators[2]?.did as string]: 'SILENT' } } }),
    )
  })

  it('sees one that summed other people, or answers another round', () => {
    const good = played(roundOf(), people, 'x')
    const fewer = played(roundOf(), people.slice(1), 'x')
    expect(() => combinePartials(roundOf(), [good[0], good[1], fewer[2]] as Uint8Array[])).toThrow(
      expect.objectContaining({ detail: { faults: { [aggregators[2]?.did as string]: 'OTHER_SET' } } }),
    )
    const other = played(roundOf({ name: 'another' }), people, 'x')
    expect(() => combinePartials(roundOf(), [good[0], good[1], other[2]] as Uint8Array[])).toThrow(
      expect.objectContaining({ detail: { faults: { [aggregators[2]?.did as string]: 'OTHER_ROUND' } } }),
    )
  })

  it('is made of three different aggregators, and read only with the signature of who ordered it', () => {
    const one = (aggregators[0] as { did: string }).did
    expect(() => roundOf({ aggregators: [one, one, (aggregators[1] as { did: string }).did] })).toThrow(
      expect.objectContaining({ code: 'BAD_AGGREGATORS' }),
    )
    const bytes = roundOf()
    expect(readRound(bytes.with(bytes.length - 5, 1))).toMatchObject({ ok: false })
  })

  it('takes no share of another round or seat, or with a word too many', () => {
    const round = readRound(roundOf())
    if (!round.ok) throw new Error(round.code)
    const id = cborCid(roundOf())
    const [share] = dealCounts(
      { round: roundOf(), manifest: manifestOf(0), vector: people[0] as Uint32Array },
      dealer,
      new SeededBytes('d'),
    ) as [Uint8Array]
    const at = (seat: number, changes: object = {}) => readShare(share, { round: round.value, id, seat, ...changes })
    expect(at(0)).toMatchObject({ ok: true })
    expect(at(1)).toMatchObject({ code: 'OTHER_SEAT' })
    expect(at(0, { id: manifestOf(9) })).toMatchObject({ code: 'OTHER_ROUND' })
    expect(at(0, { round: { ...round.value, groups: groups.slice(1) } })).toMatchObject({ code: 'BAD_WORDS' })
    expect(readShare(encode({ v: 1 }), { round: round.value, id, seat: 0 })).toMatchObject({ code: 'BAD_SHAPE' })
    expect(stranger.did).not.toBe(dealer.did)
  })
})

describe('counts by one who knows them all', () => {
  it('have the same form with one noise, and are none below the least number of people', () => {
    const vectors = Array.from({ length: 19 }, () => vectorOf(event()))
    const asked = { groups, epsilonPpm: 1_000_000, minPeople: 20 }
    expect(countCentrally(vectors, asked, new SeededBytes('c'))).toBeNull()
    expect(countCentrally([...vectors, vectorOf(event())], asked, new SeededBytes('c'))).toMatchObject({ noises: 1, epsilonPpm: 1_000_000 })
  })
})
