/**
 * That what somebody deals in shares is what one person may count: every bin 0 or 1, and no group more than `perPerson`. A fully linear proof
 * (Boneh, Boneh, Corrigan-Gibbs, Gilboa, Ishai, CRYPTO 2019), as in Prio3 of the VDAF draft: the dealer adds to each group as many bits as it
 * lacks to `perPerson`, and for all bits x_i the values of h = f·g, with f(i) = x_i and g(i) = x_i − 1, which is 0 at every i when all are bits.
 * The three open f, g and h at one point that the dealer could not know; f(0) and g(0) are random, so that this point tells nothing of x. Each
 * point more would: one contribution is asked at one point, for ever. A false proof passes with less than 2·bits in 2^32.
 */
import { type CountedGroup, COUNT_ANSWER_BYTES, sha256, utf8 } from '../../schemas/wire/index.ts'
import { add, dot, FIELD, multiply, subtract } from './field.ts'
import { coefficientsAt, continued, type Nodes, nodesOf } from './lagrange.ts'
import { binsOf } from './layout.ts'
import { bytesOfWords, randomWords, wordsOf } from './shares.ts'
import type { ByteSource } from './uniform.ts'

/** Bins, and what fills each group up. */
const bitsOf = (groups: readonly CountedGroup[]): number => binsOf(groups) + groups.reduce((sum, { perPerson }) => sum + perPerson, 0)

/** Words that are dealt: the bits, f(0), g(0), h(0), and h at the points above the bits. */
export const dealtWords = (groups: readonly CountedGroup[]): number => 2 * bitsOf(groups) + 3

/** The words to deal for clipped counts of 0 and 1. */
export function withProof(counts: Uint32Array, groups: readonly CountedGroup[], source: ByteSource): Uint32Array {
  const bits = [...counts]
  for (const [{ perPerson }, part] of partsOf(counts, groups)) {
    const lacking = perPerson - part.reduce((sum, one) => sum + one, 0)
    for (let i = 0; i < perPerson; i++) bits.push(i < lacking ? 1 : 0)
  }
  const n = bits.length
  const [f0, g0] = randomWords(2, source) as unknown as [number, number]
  const f = [f0, ...bits]
  const g = [g0, ...bits.map((bit) => subtract(bit, 1))]
  const [above, below] = continued(nodesOf(n), f, g) as [number[], number[]]
  const h = above.map((value, i) => multiply(value, below[i] as number))
  return Uint32Array.from([...bits, f0, g0, multiply(f0, g0), ...h])
}

/** Where proofs are asked, and what that costs once for all of them. */
export interface Point {
  groups: readonly CountedGroup[]
  bits: number
  /** Of f and g. */
  low: number[]
  /** Of h, which has twice the degree, without the points where it is 0. */
  high: number[]
  /** Powers of a second random word, one for each group. */
  powers: number[]
}

/** Of words that are drawn, the first that is no node: at a node the answers would show a bin. */
export function firstBeyond(node: number, draw: () => number): number {
  for (;;) {
    const word = draw()
    if (word > node) return word
  }
}

const known = new WeakMap<readonly CountedGroup[], { low: Nodes; high: Nodes }>()

/** The point that public randomness gives: none of the nodes. */
export function pointOf(beacon: Uint8Array, groups: readonly CountedGroup[]): Point {
  const bits = bitsOf(groups)
  const source = hashes(beacon)
  const at = firstBeyond(2 * bits, source)
  const rho = source()
  let nodes = known.get(groups)
  if (nodes === undefined) known.set(groups, (nodes = { low: nodesOf(bits), high: nodesOf(2 * bits) }))
  const high = coefficientsAt(nodes.high, at)
  const powers = [1]
  while (powers.length < groups.length) powers.push(multiply(powers.at(-1) as number, rho))
  return { groups, bits, low: coefficientsAt(nodes.low, at), high: [high[0] as number, ...high.slice(bits + 1)], powers }
}

/** One aggregator's part of a proof: f, g, h at the point, and z, by how much groups are not full. Seat 0 takes the constants. */
export function answerAt({ groups, bits, low, high, powers }: Point, words: Uint32Array, seat: number): Uint8Array {
  const one = seat === 0 ? 1 : 0
  const nodes = low.slice(1)
  const inner = dot(nodes, words, {})
  const [f0, g0] = [words[bits] as number, words[bits + 1] as number]
  const f = add(inner, multiply(low[0] as number, f0))
  const minus = one === 1 ? nodes.reduce(add, 0) : 0
  const g = add(subtract(inner, minus), multiply(low[0] as number, g0))
  const h = dot(high, words, { from: bits + 2 })
  let [z, slack] = [0, binsOf(groups)]
  for (const [i, [{ perPerson }, part]] of partsOf(words, groups).entries()) {
    const full = [...part, ...words.subarray(slack, slack + perPerson)].reduce(add, 0)
    slack += perPerson
    z = add(z, multiply(powers[i] as number, subtract(full, one * perPerson)))
  }
  return bytesOfWords(Uint32Array.of(f, g, h, z))
}

/** Whether the three parts prove it. Throws InvalidInputError BAD_WORDS. */
export function isProven(answers: readonly Uint8Array[]): boolean {
  const sum = new Uint32Array(COUNT_ANSWER_BYTES / 4)
  for (const answer of answers) wordsOf(answer).forEach((word, i) => (sum[i] = add(sum[i] as number, word)))
  const [f, g, h, z] = sum as unknown as [number, number, number, number]
  return multiply(f, g) === h && z === 0
}

function partsOf(words: Uint32Array, groups: readonly CountedGroup[]): [CountedGroup, Uint32Array][] {
  let at = 0
  return groups.map((group) => [group, words.subarray(at, (at += group.bins.length))])
}

/** Words of the field from a hash and a counter. */
function hashes(seed: Uint8Array): () => number {
  let counter = 0
  return () => {
    for (;;) {
      const block = sha256(utf8('quern/count-point/v1\0'), seed, Uint8Array.of(counter++))
      const word = new DataView(block.buffer, block.byteOffset).getUint32(0)
      if (word < FIELD) return word
    }
  }
}
