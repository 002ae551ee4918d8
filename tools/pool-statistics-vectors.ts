#!/usr/bin/env node
/**
 * Writes tests/vectors/pool-statistics.json: draws from bytes that are SHA-256 of a seed and a counter, one person's clipped counts, shares that
 * add up, and what is published.
 *   node tools/pool-statistics-vectors.ts
 */
import { writeFileSync } from 'node:fs'
import { bytesOfWords, clip, countCentrally, discreteLaplace, poolGroups, splitVector, uniformBelow } from '../dao/pool-statistics/index.ts'
import { toHex } from '../schemas/wire/index.ts'
import { SeededBytes } from '../tests/support/byte-source.ts'

const times = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw)
const source = (seed: string): SeededBytes => new SeededBytes(seed)
const uniform = [2, 7, 256, 1000].map((bound) => {
  const bytes = source(`uniform ${bound}`)
  return { seed: `uniform ${bound}`, bound, draws: times(12, () => Number(uniformBelow(BigInt(bound), bytes))) }
})
const laplace = [
  [1, 3],
  [7, 1],
  [84_000_000, 1_000_000],
].map(([num, den]) => {
  const bytes = source(`laplace ${num}/${den}`)
  const scale = { num: BigInt(num as number), den: BigInt(den as number) }
  return { seed: `laplace ${num}/${den}`, num, den, draws: times(16, () => Number(discreteLaplace(scale, bytes))) }
})
const group = { name: 'months', bins: ['a', 'b', 'c', 'd'], perBin: 2, perPerson: 3 }
const clipped = [
  [5, 5, 0, 1],
  [1, 0, 1, 0],
  [0, 9, 9, 9],
].map((counts) => ({ counts, kept: clip(counts, group) }))
const vector = [0, 1, 2, 0xffff_ffff]
const shares = splitVector(Uint32Array.from(vector), source('shares')).map((words) => toHex(bytesOfWords(words)))
const groups = poolGroups({ from: '2025-01', to: '2025-02' }).slice(0, 2)
const vectors = times(40, () => Uint32Array.of(1, 1, 0, 0))
const published = countCentrally(vectors, { groups, epsilonPpm: 2_000_000, minPeople: 20 }, source('published'))

const about =
  'Bytes of a seed are SHA-256(seed ‖ u32be(counter)) for counter 0, 1, … one after the other. uniform: draws below a bound. laplace: draws of scale num/den. clipped: at most 2 in a bin and 3 in all. shares: words of `vector` mod 2^32 in three, hexadecimal, big-endian. published: 40 people, each once in the first bin of both groups.'
writeFileSync(
  new URL('../tests/vectors/pool-statistics.json', import.meta.url),
  `${JSON.stringify({ about, uniform, laplace, clipped: { group, rows: clipped }, shares: { seed: 'shares', vector, words: shares }, published: { seed: 'published', groups, people: 40, epsilonPpm: 2_000_000, minPeople: 20, statistics: published } }, undefined, 1)}\n`,
)
