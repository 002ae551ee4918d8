/** Additive shares in the field: any two of three are uniform, and the sum of sums is the sum. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { AGGREGATORS } from '../../schemas/wire/index.ts'
import { add, FIELD, subtract } from './field.ts'
import type { ByteSource } from './uniform.ts'

/** Uniform words of the field. */
export function randomWords(length: number, source: ByteSource): Uint32Array {
  const words = new Uint32Array(length)
  let found = 0
  while (found < length)
    // rejected, not reduced: five words would be twice as likely
    for (const word of readWords(source.bytes(4 * (length - found)))) if (word < FIELD) words[found++] = word
  return words
}

/** Splits a vector into `parts` that add up to it. */
export function splitVector(vector: Uint32Array, source: ByteSource, parts = AGGREGATORS): Uint32Array[] {
  const shares = Array.from({ length: parts - 1 }, () => randomWords(vector.length, source))
  const last = vector.slice()
  for (const share of shares) for (let i = 0; i < last.length; i++) last[i] = subtract(last[i] as number, share[i] as number)
  return [...shares, last]
}

/** Adds `more` into `sum`. */
export function addInto(sum: Uint32Array, more: Uint32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = add(sum[i] as number, more[i] as number)
}

/** Adds one whole number, negative or not. */
export function addAt(sum: Uint32Array, i: number, value: bigint): void {
  const field = BigInt(FIELD)
  sum[i] = Number((((BigInt(sum[i] as number) + value) % field) + field) % field)
}

/** The upper half are the negative ones. */
export const centred = (sum: Uint32Array): number[] => Array.from(sum, (word) => (word > FIELD / 2 ? word - FIELD : word))

/** Big-endian, as on the wire. Throws InvalidInputError BAD_WORDS. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  if (bytes.byteLength % 4 !== 0) throw new InvalidInputError('BAD_WORDS', 'words are four bytes each')
  const words = readWords(bytes)
  if (words.some((word) => word >= FIELD)) throw new InvalidInputError('BAD_WORDS', `a word is below ${FIELD}`)
  return words
}

function readWords(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(4 * i))
}

export function bytesOfWords(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length)
  const view = new DataView(bytes.buffer)
  words.forEach((word, i) => view.setUint32(4 * i, word))
  return bytes
}
