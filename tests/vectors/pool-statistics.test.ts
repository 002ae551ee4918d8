/** Our own vectors of a pool's statistics, for whoever writes them in another language: exact draws from exact bytes. */
import { describe, expect, it } from 'vitest'
import {
  addInto,
  addNoise,
  answerAt,
  bytesOfWords,
  centred,
  clip,
  describeCounts,
  discreteLaplace,
  isProven,
  pointOf,
  splitVector,
  uniformBelow,
  withProof,
  wordsOf,
} from '../../dao/pool-statistics/index.ts'
import { fromHex, poolStatistics, toHex } from '../../schemas/wire/index.ts'
import { SeededBytes } from '../support/byte-source.ts'
import vectors from './pool-statistics.json' with { type: 'json' }

describe('draws', () => {
  it.each(vectors.uniform)('below $bound are as written down', ({ seed, bound, draws }) => {
    const source = new SeededBytes(seed)
    expect(draws.map(() => Number(uniformBelow(BigInt(bound), source)))).toEqual(draws)
  })

  it.each(vectors.laplace)('of scale $num/$den are as written down', ({ seed, num, den, draws }) => {
    const source = new SeededBytes(seed)
    expect(draws.map(() => Number(discreteLaplace({ num: BigInt(num), den: BigInt(den) }, source)))).toEqual(draws)
  })
})

it.each(vectors.clipped.rows)('clips $counts to what is written down', ({ counts, kept }) => {
  expect(clip(counts, vectors.clipped.group)).toEqual(kept)
})

it('splits and adds up as written down', () => {
  const { seed, vector, words } = vectors.shares
  expect(splitVector(Uint32Array.from(vector), new SeededBytes(seed)).map((share) => toHex(bytesOfWords(share)))).toEqual(words)
  const sum = new Uint32Array(vector.length)
  for (const share of words) addInto(sum, wordsOf(fromHex(share)))
  expect([...sum]).toEqual(vector)
})

it('proves as written down that counts are some', () => {
  const { seed, groups, counts, words, beacon, parts, answers } = vectors.proof
  const dealt = withProof(Uint32Array.from(counts), groups, new SeededBytes(seed))
  expect(toHex(bytesOfWords(dealt))).toBe(words)
  const point = pointOf(fromHex(beacon), groups)
  const said = splitVector(dealt, new SeededBytes(parts)).map((part, seat) => answerAt(point, part, seat))
  expect(said.map(toHex)).toEqual(answers)
  expect(isProven(answers.map(fromHex))).toBe(true)
})

it('publishes what is written down', () => {
  const { seed, groups, sums, epsilonPpm, minPeople, noises, statistics } = vectors.published
  const sum = Uint32Array.from(sums)
  const source = new SeededBytes(seed)
  for (let i = 0; i < noises; i++) addNoise(sum, { groups, epsilonPpm, minPeople }, source)
  const published = describeCounts(centred(sum), { groups, epsilonPpm, minPeople }, noises)
  expect(published).toEqual(statistics)
  expect(poolStatistics.safeParse(published).success).toBe(true)
})
