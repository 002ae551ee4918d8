/** Additive shares mod 2^32: any two of three are uniform, and the sum of sums is the sum. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { AGGREGATORS } from '../../schemas/wire/index.ts'
import type { ByteSource } from './uniform.ts'

/** Splits a vector into `parts` words that add up to it. */
export function splitVector(vector: Uint32Array, source: ByteSource, parts = AGGREGATORS): Uint32Array[] {
  const shares = Array.from({ length: parts - 1 }, () => wordsOf(source.bytes(4 * vector.length)))
  const last = vector.slice()
  for (const share of shares) for (let i = 0; i < last.length; i++) last[i] = (last[i] as number) - (share[i] as number)
  return [...shares, last]
}

/** Adds `more` into `sum`, mod 2^32. */
export function addInto(sum: Uint32Array, more: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (more[i] as number)
}

/** Adds one whole number, negative or not, mod 2^32. */
export function addAt(sum: Uint32Array, i: number, value: bigint): void {
  sum[i] = Number(BigInt.asUintN(32, BigInt(sum[i] as number) + value))
}

/** Words above 2^31 are the negative ones. */
export const centred = (sum: Uint32Array): number[] => [...new Int32Array(sum)]

/** Big-endian, as on the wire. Throws InvalidInputError BAD_WORDS. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.byteLength % 4 !== 0) throw new InvalidInputError('BAD_WORDS', 'words are four bytes each')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(4 * i))
}

export function bytesOfWords(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  const view = new DataView(bytes.buffer)
  words.forEach((word, i) => view.setUint32(4 * i, word))
  return bytes
}
