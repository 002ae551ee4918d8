/**
 * The draw of incentives reference 2.2: from a seed nobody could aim at, record indexes in proportion to *value*, so that hiding rot in the few
 * expensive records gains nothing. Anyone redoes it from public inputs once the validator's preimage is open.
 */
import { createHash } from 'node:crypto'
import { sha256, u32, utf8 } from '../../schemas/wire/index.ts'

const DOMAIN = utf8('quern/sample/v1\0')
const TWO_64 = 1n << 64n

/** SHA-256("quern/sample/v1\0" ‖ beacon ‖ sampling preimage ‖ root), each 32 bytes. */
export function drawSeed(beacon: Uint8Array, preimage: Uint8Array, root32: Uint8Array): Uint8Array {
  return sha256(DOMAIN, beacon, preimage, root32)
}

/**
 * Up to `count` distinct indexes in draw order; index i comes with probability in proportion to `masses[i]`, mass 0 never.
 * The stream is SHA-256(seed ‖ u32be(counter)), four big-endian u64 each; a word at or above the last multiple of the total is refused,
 * and an index already drawn is passed over. Throws RangeError when the masses sum to 2^64 or more, or one is negative.
 */
export function drawIndexes(seed: Uint8Array, masses: readonly (number | bigint)[], count: number): number[] {
  const prefix = prefixSums(masses)
  const total = prefix.at(-1) ?? 0n
  const positive = masses.reduce<number>((n, mass) => (mass > 0 ? n + 1 : n), 0)
  const wanted = Math.min(count, positive)
  const next = words(seed)
  const drawn = new Set<number>()
  for (let tries = 0; drawn.size < wanted && tries < triesFor(wanted); tries++) {
    const y = below(total, next())
    if (y !== undefined) drawn.add(firstAbove(prefix, y))
  }
  if (drawn.size < wanted) drawRest(drawn, masses, wanted, next)
  return [...drawn]
}

/**
 * How many words are spent on passing over repeats. Far beyond what honest masses need; a batch made of one heavy record and many
 * featherweights would otherwise keep every node drawing for ever.
 */
const triesFor = (wanted: number): number => 4096 + 64 * wanted

/** The same distribution without repeats to pass over: what is drawn leaves the urn. */
function drawRest(drawn: Set<number>, masses: readonly (number | bigint)[], wanted: number, next: () => bigint): void {
  const left = masses.map((mass, i) => (drawn.has(i) ? 0n : BigInt(mass)))
  let total = left.reduce((sum, mass) => sum + mass, 0n)
  while (drawn.size < wanted) {
    const y = below(total, next())
    if (y === undefined) continue
    let seen = 0n
    const index = left.findIndex((mass) => (seen += mass) > y)
    total -= left[index] ?? 0n
    left[index] = 0n
    drawn.add(index)
  }
}

/** `word` mod `total`, or undefined in the ragged end of the range, where low values would come more often. */
function below(total: bigint, word: bigint): bigint | undefined {
  return word >= TWO_64 - (TWO_64 % total) ? undefined : word % total
}

function words(seed: Uint8Array): () => bigint {
  let counter = 0
  let at = 32
  let block = Buffer.alloc(0)
  return () => {
    if (at === 32) {
      block = createHash('sha256').update(seed).update(u32(counter++)).digest()
      at = 0
    }
    at += 8
    return block.readBigUInt64BE(at - 8)
  }
}

function prefixSums(masses: readonly (number | bigint)[]): BigUint64Array {
  const sums = new BigUint64Array(masses.length)
  let sum = 0n
  masses.forEach((mass, i) => {
    if (mass < 0) throw new RangeError('a mass is never negative')
    sum += BigInt(mass)
    // beyond 2^64 a word could not reach every record
    if (sum >= TWO_64) throw new RangeError('masses sum to 2^64 or more')
    sums[i] = sum
  })
  return sums
}

/** Index of the first prefix sum above `y`. */
function firstAbove(sums: BigUint64Array, y: bigint): number {
  let low = 0
  let high = sums.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sums[middle] as bigint) > y) high = middle
    else low = middle + 1
  }
  return low
}
