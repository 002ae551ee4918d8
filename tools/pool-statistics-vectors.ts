#!/usr/bin/env node
/**
 * Writes tests/vectors/pool-statistics.json: draws from bytes that are SHA-256 of a seed and a counter, one person's clipped counts, shares that
 * add up and prove what they are, and what is published.
 *   node tools/pool-statistics-vectors.ts
 */
import { writeFileSync } from 'node:fs'
import {
  addNoise,
  answerAt,
  bytesOfWords,
  centred,
  clip,
  describeCounts,
  discreteLaplace,
  pointOf,
  splitVector,
  uniformBelow,
  withProof,
} from '../dao/pool-statistics/index.ts'
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
const vector = [0, 1, 2, 4_294_967_290]
const shares = splitVector(Uint32Array.from(vector), source('shares')).map((words) => toHex(bytesOfWords(words)))
const small = [{ ...group, bins: ['a', 'b', 'c'], perBin: 1, perPerson: 2 }]
const dealt = withProof(Uint32Array.of(1, 0, 1), small, source('proof'))
const beacon = new Uint8Array(32).fill(7)
const answers = splitVector(dealt, source('parts')).map((part, seat) => toHex(answerAt(pointOf(beacon, small), part, seat)))
const proof = {
  seed: 'proof',
  groups: small,
  counts: [1, 0, 1],
  words: toHex(bytesOfWords(dealt)),
  beacon: toHex(beacon),
  parts: 'parts',
  answers,
}
const groups = [
  { name: 'people', bins: ['all'], perBin: 1, perPerson: 1 },
  { name: 'months', bins: ['2025-01', '2025-02', 'other'], perBin: 1, perPerson: 3 },
]
const sums = [40, 40, 25, 0]
const asked = { groups, epsilonPpm: 2_000_000, minPeople: 20 }
const noisy = Uint32Array.from(sums)
const noise = source('published')
for (let i = 0; i < 3; i++) addNoise(noisy, asked, noise)
const published = { seed: 'published', ...asked, sums, noises: 3, statistics: describeCounts(centred(noisy), asked, 3) }

const about =
  'Bytes of a seed are SHA-256(seed ‖ u32be(counter)) for counter 0, 1, … one after the other. uniform: draws below a bound. laplace: draws of scale num/den. clipped: at most 2 in a bin and 3 in all. shares: words of `vector` mod 2^32 − 5 in three, hexadecimal, big-endian. proof: the words that are dealt for the counts of groups, and the answers of the three to their parts at the point of the beacon. published: sums of the bins, noise added three times to all of them in order, and what is told.'
writeFileSync(
  new URL('../tests/vectors/pool-statistics.json', import.meta.url),
  `${JSON.stringify({ about, uniform, laplace, clipped: { group, rows: clipped }, shares: { seed: 'shares', vector, words: shares }, proof, published }, undefined, 1)}\n`,
)
