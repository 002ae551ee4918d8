/**
 * MinHash (Broder 1997) over shingles of five tokens, 128 lanes of u32.
 *
 * The one hash family, pinned: a token's hash is FNV-1a over the UTF-8 of its folded form, finished by MurmurHash3's mix;
 * a shingle's is mix(((((t0·P + t1)·P + t2)·P + t3)·P + t4)) with P = 0x9E3779B1; lane i is the least of (A_i·x + B_i) mod 2^32 over
 * all shingles x, where A_i (made odd) and B_i are the first two big-endian words of SHA-256("quern/minhash/v1\0" ‖ u32be(i)).
 * A text of fewer than five tokens is one shingle of all it has; one without tokens has every lane 0xFFFFFFFF.
 */
import { SKETCH_BYTES, sha256, u32, utf8, WireError } from '../wire/index.ts'
import { laneKernel } from './lane-kernel.ts'
import { mix32, type Tokens } from './tokens.ts'
import { reused } from './units.ts'

export const LANES = 128
const SHINGLE_TOKENS = 5
const P = 0x9e3779b1 | 0
/** P to the power of five, modulo 2^32. */
const P_5 = Math.imul(Math.imul(Math.imul(P, P), Math.imul(P, P)), P)

/** A_i and B_i with the top bit of B_i turned, so that signed comparison orders lanes as unsigned. */
export const multipliers = new Int32Array(LANES)
export const addends = new Int32Array(LANES)
for (let lane = 0; lane < LANES; lane++) {
  const words = new DataView(sha256(utf8('quern/minhash/v1\0'), u32(lane)).buffer)
  multipliers[lane] = words.getInt32(0) | 1
  addends[lane] = words.getInt32(4) ^ 0x80000000
}

/** 512 bytes: 128 lanes, big-endian. */
export const minHash = (tokens: Pick<Tokens, 'count' | 'hashes'>): Uint8Array => sketchOf(shinglesOf(tokens))

/** The same of shingles from several texts: their order means nothing. */
export function sketchOf(shingles: Int32Array): Uint8Array {
  lanesOf ??= laneKernel(multipliers, addends) ?? plainLanes
  const lanes = lanesOf(shingles)
  const sketch = new Uint8Array(SKETCH_BYTES)
  const view = new DataView(sketch.buffer)
  for (let lane = 0; lane < LANES; lane++) view.setInt32(lane * 4, (lanes[lane] as number) ^ 0x80000000)
  return sketch
}

/** Made when a thread first needs it. */
let lanesOf: ((shingles: Int32Array) => Int32Array) | undefined

/** The least value of every lane, where there is no kernel for it. */
export function plainLanes(shingles: Int32Array): Int32Array {
  const lanes = new Int32Array(LANES)
  for (let lane = 0; lane < LANES; lane += 2) fillTwo(lanes, lane, shingles)
  return lanes
}

/**
 * Two lanes at a time: a shingle is loaded once for both. A function of its own, called many times for a text: a loop inside a loop would be
 * compiled in the middle of its run, and thrown away at its end, for text after text.
 */
function fillTwo(lanes: Int32Array, lane: number, shingles: Int32Array): void {
  const a1 = multipliers[lane] as number
  const b1 = addends[lane] as number
  const a2 = multipliers[lane + 1] as number
  const b2 = addends[lane + 1] as number
  let least1 = 0x7fffffff
  let least2 = 0x7fffffff
  for (let i = 0; i < shingles.length; i++) {
    const shingle = shingles[i] as number
    const value1 = (Math.imul(a1, shingle) + b1) | 0
    if (value1 < least1) least1 = value1
    const value2 = (Math.imul(a2, shingle) + b2) | 0
    if (value2 < least2) least2 = value2
  }
  lanes[lane] = least1
  lanes[lane + 1] = least2
}

/** How many of the 128 lanes are equal: an estimate of 128 × Jaccard. Throws WireError BAD_SKETCH. */
export function equalLanes(a: Uint8Array, b: Uint8Array): number {
  if (a.byteLength !== SKETCH_BYTES || b.byteLength !== SKETCH_BYTES)
    throw new WireError('BAD_SKETCH', `a sketch has ${SKETCH_BYTES} bytes`)
  let equal = 0
  for (let at = 0; at < SKETCH_BYTES; at += 4)
    if (a[at] === b[at] && a[at + 1] === b[at + 1] && a[at + 2] === b[at + 2] && a[at + 3] === b[at + 3]) equal++
  return equal
}

/** Hash of every run of five tokens. */
export const shingleHashes = (tokens: Pick<Tokens, 'count' | 'hashes'>): Int32Array => shinglesOf(tokens).slice()

const room = reused((size) => new Int32Array(size))

/** The same in an array that all texts use: until the next call. */
function shinglesOf({ count, hashes }: Pick<Tokens, 'count' | 'hashes'>): Int32Array {
  const size = Math.min(SHINGLE_TOKENS, count)
  const length = count === 0 ? 0 : count - size + 1
  const shingles = room(length)
  let hash = 0
  for (let i = 0; i < count; i++) {
    // each step multiplies by P what came before: a token that is five back has P^5 and leaves
    const left = i < SHINGLE_TOKENS ? 0 : (hashes[i - SHINGLE_TOKENS] as number)
    hash = (Math.imul(hash, P) + (hashes[i] as number) - Math.imul(left, P_5)) | 0
    if (i + 1 >= size) shingles[i + 1 - size] = mix32(hash)
  }
  return shingles.subarray(0, length)
}
