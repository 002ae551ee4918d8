import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifyObject } from '../../core/envelope/index.ts'
import { keyFromSeed } from '../../core/identity/index.ts'
import type { ActivityEvent } from '../../schemas/activity/index.ts'
import {
  aggregatePartial,
  cborCid,
  type CID,
  type CountShare,
  encode,
  equalBytes,
  MAX_PARTIAL_BYTES,
  rawCid,
  utf8,
} from '../../schemas/wire/index.ts'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { fill, LEDGER, operator, stranger } from '../../tests/support/pool-world.ts'
import {
  addInto,
  aggregatorsOf,
  answerAt,
  binsOf,
  bytesOfWords,
  centred,
  clip,
  combinePartials,
  countable,
  dealCounts,
  encodeStatistics,
  faultOfShare,
  FeatureCounter,
  groupsNamed,
  LAYOUT_1,
  notedSet,
  pointOf,
  readRound,
  readStatistics,
  scaleOf,
  type Round,
  setHash,
  signList,
  signNote,
  signResult,
  signRound,
  splitVector,
  spreadOf,
  sumWithNoise,
  wordsOf,
} from './index.ts'

const aggregators = [70, 71, 72].map((byte) => keyFromSeed(fill(byte)))
const roundOf = (changes: object = {}): { bytes: Uint8Array; round: Round } => {
  const bytes = signRound(
    {
      dao: LEDGER,
      groups: ['people', 'sources'],
      epsilonPpm: 1_000_000,
      minPeople: 20,
      aggregators: aggregators.map(({ did }) => did),
      gatherer: stranger.did,
      at: 1,
      expires: 9e9,
      ...changes,
    },
    operator,
  )
  const read = readRound(bytes)
  if (!read.ok) throw new Error(read.code)
  return { bytes, round: { id: cborCid(bytes), value: read.value } }
}
const event = (changes: Partial<ActivityEvent> = {}): ActivityEvent => ({
  id: '0'.repeat(32),
  type: 'Listen',
  time: '2025-03-09',
  actor: 'self',
  object: { kind: 'track', name: 'A song' },
  source: 'spotify',
  ...changes,
})
function countsOf(...events: ActivityEvent[]): Uint32Array {
  const counter = new FeatureCounter(LAYOUT_1)
  for (const one of events) counter.add({ event: one, qualityPpm: 1_000_000 })
  return counter.vector()
}
const manifestOf = (n: number): CID => rawCid(utf8(`person ${n}`))
const point = pointOf(fill(9), LAYOUT_1)

/** What somebody dealt, as the three hold it. */
interface Held {
  manifest: CID
  parts: CountShare[]
}
const person = (n: number, counts: Uint32Array): Held => ({
  manifest: manifestOf(n),
  parts: dealCounts(counts, new SeededBytes(`deal ${n}`)),
})
const listOf = (held: readonly Held[], seat: number, { id }: Round, by = aggregators[seat]): Uint8Array =>
  signList(
    held.map(({ manifest, parts }) => {
      const { dealing, words } = parts[seat] as CountShare
      return { manifest, dealing, answer: answerAt(point, wordsOf(words), seat) }
    }),
    id,
    by as (typeof aggregators)[number],
  )
const listsOf = (held: readonly Held[], round: Round): Uint8Array[] => [0, 1, 2].map((seat) => listOf(held, seat, round))

/** What the three do with people who were found countable, each with chance of its own. */
function sums(held: readonly Held[], round: Round, seed = 'noise'): Uint8Array[] {
  const set = setHash(held.map(({ manifest }) => manifest))
  return aggregators.map((signer, seat) => {
    const words = held.map(({ parts }) => wordsOf((parts[seat] as CountShare).words))
    return sumWithNoise(round, set, words, signer, new SeededBytes(`${seed} ${seat}`))
  })
}

describe("one person's counts", () => {
  it('are of a few bins, however many events there are', () => {
    const many = countsOf(
      ...Array.from({ length: 5000 }, (_, i) => event({ time: `20${10 + (i % 20)}-${String(1 + (i % 12)).padStart(2, '0')}-01` })),
    )
    let at = 0
    for (const { bins, perBin, perPerson } of LAYOUT_1) {
      const part = Array.from(many.subarray(at, at + bins.length))
      at += bins.length
      expect(Math.max(...part)).toBeLessThanOrEqual(perBin)
      expect(part.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(perPerson)
    }
    expect(at).toBe(binsOf(LAYOUT_1))
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

  it('know years, months, languages, types, sources, lengths and qualities, and put the rest under other', () => {
    const counted = countsOf(event({ time: '2001-01-01', lang: 'mt', type: 'Search', source: 'own' }))
    const named = Object.fromEntries(
      groupsNamed(LAYOUT_1.map(({ name }) => name)).map(({ group, from }) => [
        group.name,
        group.bins.filter((_, i) => counted[from + i] === 1),
      ]),
    )
    expect(named).toEqual({
      people: ['all'],
      years: ['other'],
      months: ['other'],
      languages: ['other'],
      types: ['Search'],
      sources: ['own'],
      lengths: ['0'],
      qualities: ['9'],
    })
  })

  it('lie in a layout that no release may change: what was dealt under it is summed with what will be', () => {
    // another number here is another layout, beside this one
    expect(cborCid(encode([...LAYOUT_1])).toString()).toBe('bafyreihtukbmb4mmglc3kdpwaxbif2uubwmpojah23phfoh3ocqaqbunqe')
    expect(() => groupsNamed(['people', 'people'])).toThrow(expect.objectContaining({ code: 'BAD_GROUPS' }))
    expect(() => groupsNamed(['names'])).toThrow(expect.objectContaining({ code: 'BAD_GROUPS' }))
    expect(aggregatorsOf({ committee: { k: 2, members: ['did:a', 'did:b'] } })).toBeUndefined()
    expect(aggregatorsOf({ committee: { k: 2, members: ['did:a', 'did:b', 'did:c', 'did:d'] } })).toEqual(['did:a', 'did:b', 'did:c'])
  })
})

describe('shares', () => {
  it('add up, and any two of them are other words for other chance: property', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4_294_967_290), { minLength: 1, maxLength: 40 }), (words) => {
        const shares = splitVector(Uint32Array.from(words), new SeededBytes('split'))
        const sum = new Uint32Array(words.length)
        for (const share of shares) addInto(sum, share)
        expect([...sum]).toEqual(words)
      }),
    )
    const [a, b] = [dealCounts(countsOf(event()), new SeededBytes('a')), dealCounts(countsOf(event()), new SeededBytes('b'))]
    expect(a.some(({ words }, i) => equalBytes(words, (b[i] as CountShare).words))).toBe(false)
    expect(centred(Uint32Array.of(4_294_967_290, 5))).toEqual([-1, 5])
  })

  it('are taken in their form alone', () => {
    const [share] = dealCounts(countsOf(event()), new SeededBytes('a')) as [CountShare]
    expect(faultOfShare(share)).toBeUndefined()
    expect(faultOfShare({ ...share, words: share.words.subarray(4) })).toMatch(/words/)
    expect(faultOfShare({ ...share, words: new Uint8Array(share.words.length).fill(255) })).toMatch(/below/)
  })
})

describe('who can be counted', () => {
  const { round } = roundOf()
  const people = Array.from({ length: 4 }, (_, n) => person(n, countsOf(event())))

  it('is whom all three hold, of one dealing, that counts no more than one person may', () => {
    const greedy = person(7, countsOf(event()).with(0, 1000))
    const twice = { manifest: manifestOf(8), parts: [0, 1, 2].map((seat) => person(seat, countsOf(event())).parts[seat] as CountShare) }
    const [a, b, c] = listsOf([...people, greedy, twice], round) as [Uint8Array, Uint8Array, Uint8Array]
    const found = countable([a, b, c], round)
    expect(new Set(found.good.map(String))).toEqual(new Set(people.map(({ manifest }) => manifest.toString())))
    expect(found.forged.map(String)).toEqual([manifestOf(7).toString()])
    expect(found.partly).toBe(1)
    expect(countable([a, b, listOf(people.slice(1), 2, round)], round)).toMatchObject({ good: { length: 3 }, partly: 3 })
  })

  it('is said by the three alone, each at its seat and for this round', () => {
    const lists = listsOf(people, round) as [Uint8Array, Uint8Array, Uint8Array]
    const faults = (given: Uint8Array[]): unknown => {
      try {
        countable(given, round)
      } catch (thrown) {
        return Object.values((thrown as { detail: { faults: object } }).detail.faults)
      }
      return undefined
    }
    expect(faults(lists)).toBeUndefined()
    expect(faults(lists.slice(0, 2))).toEqual(['SILENT'])
    expect(faults([lists[0], lists[1], lists[1]])).toEqual(['OTHER_SEAT'])
    expect(faults(lists.with(0, listOf(people, 0, round, stranger)))).toEqual(['OTHER_SEAT'])
    expect(faults(lists.with(0, lists[0].with(lists[0].length - 9, 1)))).toEqual(['BAD_SIGNATURE'])
    expect(faults(lists.with(2, listOf(people, 2, roundOf({ at: 2 }).round)))).toEqual(['OTHER_ROUND'])
    expect(faults(lists.with(1, utf8('no')))).toHaveLength(1)
  })
})

describe('a round', () => {
  // what is summed are the bins alone, so these deal no proofs
  const people = Array.from({ length: 200 }, (_, n): Held => {
    const counts = countsOf(event({ source: n < 195 ? 'spotify' : 'netflix' }))
    const parts = splitVector(counts, new SeededBytes(`bins ${n}`)).map(
      (words): CountShare => ({ layout: 1, dealing: fill(n, 16), words: bytesOfWords(words) }),
    )
    return { manifest: manifestOf(n), parts }
  })
  const { bytes, round } = roundOf()
  const missing = (code: string) =>
    expect.objectContaining({ code: 'AGGREGATOR_MISSING', detail: { faults: { [aggregators[2]?.did as string]: code } } }) as Error

  it('gives what was counted within the noise, and leaves small counts out', () => {
    const statistics = combinePartials(round, sums(people, round))
    expect(statistics).toMatchObject({ epsilonPpm: 1_000_000, minPeople: 20, noises: 3, groups: { length: 2 } })
    const [all, sources] = statistics.groups as [(typeof statistics.groups)[number], (typeof statistics.groups)[number]]
    // scale 2, three times: a standard deviation of 5
    expect(Math.abs((all.counts[0] as number) - 200)).toBeLessThan(25)
    const byName = new Map(sources.bins.map((bin, i) => [bin, sources.counts[i]]))
    expect(Math.abs((byName.get('spotify') as number) - 195)).toBeLessThan(50)
    expect(sources.counts.every((count) => count === null || count >= 20)).toBe(true)
    expect(sources.counts.filter((count) => count === null).length).toBeGreaterThan(5)
  })

  it('has the noise that its reader is told of', () => {
    const [people1] = groupsNamed(['people'])
    const spread = spreadOf((people1 as { group: (typeof LAYOUT_1)[number] }).group, { epsilonPpm: 1_000_000, groups: 2 }, 3)
    const found = Array.from(
      { length: 60 },
      (_, i) => combinePartials(round, sums(people.slice(0, 30), round, `n ${i}`)).groups[0]?.counts[0],
    )
    const within = found.filter((one) => one != null && Math.abs(one - 30) <= spread).length
    expect(within).toBeGreaterThan(45)
  })

  it('has full noise of each aggregator by itself: two that take theirs away still have the third’s', () => {
    const [{ groups, epsilonPpm }, set] = [round.value, setHash([])]
    const [group] = groupsNamed(groups) as [ReturnType<typeof groupsNamed>[number]]
    const { num, den } = scaleOf(group.group, { epsilonPpm, groups: groups.length })
    const spread = 2 * (Number(num) / Number(den)) ** 2
    // of the one bin of people, over nobody
    const drawn = aggregators.map((signer, seat) => {
      const source = new SeededBytes(`noise of ${seat}`)
      return Array.from({ length: 800 }, () => {
        const read = verifyObject(
          aggregatePartial,
          sumWithNoise(round, set, [], signer, source),
          'aggregate-partial',
          'by',
          MAX_PARTIAL_BYTES,
        )
        if (!read.ok) throw new Error(read.code)
        return centred(wordsOf(read.value.words))[0] as number
      })
    })
    const varianceOf = (values: number[]): number => values.reduce((sum, one) => sum + one * one, 0) / values.length
    for (const values of drawn) {
      expect(varianceOf(values)).toBeGreaterThan(0.75 * spread)
      expect(varianceOf(values)).toBeLessThan(1.25 * spread)
    }
    const together = varianceOf((drawn[0] as number[]).map((_, i) => drawn.reduce((sum, values) => sum + (values[i] as number), 0)))
    expect(together).toBeGreaterThan(0.75 * 3 * spread)
    expect(together).toBeLessThan(1.25 * 3 * spread)
  })

  it('is worth nothing with one aggregator missing, or with one that summed other people or answers another round', () => {
    const good = sums(people.slice(0, 30), round)
    expect(() => combinePartials(round, good.slice(0, 2))).toThrow(missing('SILENT'))
    expect(() => combinePartials(round, good.with(2, sums(people.slice(1, 30), round)[2] as Uint8Array))).toThrow(missing('OTHER_SET'))
    expect(() => combinePartials(round, good.with(2, sums(people.slice(0, 30), roundOf({ at: 2 }).round)[2] as Uint8Array))).toThrow(
      missing('OTHER_ROUND'),
    )
    const notes = aggregators.map((signer) => signNote(round.id, fill(1), signer))
    expect(notedSet(notes, round)).toEqual(fill(1))
    expect(() => notedSet(notes.with(2, signNote(round.id, fill(2), aggregators[2] as (typeof aggregators)[number])), round)).toThrow(
      missing('OTHER_SET'),
    )
  })

  it('is of three different aggregators and of groups that there are, and read only with the signature of who ordered it', () => {
    const one = (aggregators[0] as { did: string }).did
    expect(() => roundOf({ aggregators: [one, one, (aggregators[1] as { did: string }).did] })).toThrow(
      expect.objectContaining({ code: 'BAD_AGGREGATORS' }),
    )
    expect(() => roundOf({ groups: ['people', 'names'] })).toThrow(expect.objectContaining({ code: 'BAD_GROUPS' }))
    expect(readRound(bytes.with(bytes.length - 5, 1))).toMatchObject({ ok: false })
  })

  it('is published with three signatures under what came of it, and with nothing else', () => {
    const statistics = combinePartials(round, sums(people, round))
    const results = aggregators.map((signer) => signResult(round.id, statistics, signer))
    const file = encodeStatistics(bytes, statistics, results)
    expect(readStatistics(file)).toMatchObject({ ok: true, value: { statistics, round: { value: { gatherer: stranger.did } } } })
    const all = statistics.groups[0] as (typeof statistics.groups)[number]
    const told = (count: number | null) => ({ ...statistics, groups: [{ ...all, counts: [count] }, ...statistics.groups.slice(1)] })
    expect(readStatistics(encodeStatistics(bytes, told(9999), results))).toMatchObject({ code: 'NOT_SIGNED' })
    expect(readStatistics(encodeStatistics(bytes, statistics, results.with(1, results[0] as Uint8Array)))).toMatchObject({
      code: 'NOT_SIGNED',
    })
    const forged = results.with(0, signResult(round.id, statistics, stranger))
    expect(readStatistics(encodeStatistics(bytes, statistics, forged))).toMatchObject({ code: 'NOT_SIGNED' })
    expect(readStatistics(encodeStatistics(roundOf({ at: 2 }).bytes, statistics, results))).toMatchObject({ code: 'NOT_SIGNED' })
    // a count below the least is not told, whoever signs it
    const small = told(3)
    const signed = aggregators.map((signer) => signResult(round.id, small, signer))
    expect(readStatistics(encodeStatistics(bytes, small, signed))).toMatchObject({ code: 'OTHER_COUNTS' })
    // nor counts of other groups than the round asks for
    const cut = { ...statistics, groups: statistics.groups.slice(0, 1) }
    expect(readStatistics(encodeStatistics(bytes, cut, results))).toMatchObject({ code: 'OTHER_COUNTS' })
    const turned = { ...statistics, groups: statistics.groups.toReversed() }
    expect(readStatistics(encodeStatistics(bytes, turned, results))).toMatchObject({ code: 'OTHER_COUNTS' })
    expect(readStatistics(utf8('no'))).toMatchObject({ ok: false })
  })
})
