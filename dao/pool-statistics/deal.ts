/** A person's counts in three parts, made once, when the contribution is offered, and what a keyholder takes as such a part. */
import type { CountShare } from '../../schemas/wire/index.ts'
import { FIELD } from './field.ts'
import { LAYOUT_1 } from './layout-1.ts'
import { dealtWords, withProof } from './range-proof.ts'
import { bytesOfWords, splitVector } from './shares.ts'
import type { ByteSource } from './uniform.ts'

/** The parts of the three aggregators, in order of seats, of what a `FeatureCounter` of the layout's groups gives. */
export function dealCounts(counts: Uint32Array, source: ByteSource): CountShare[] {
  const dealing = source.bytes(16)
  return splitVector(withProof(counts, LAYOUT_1, source), source).map((words) => ({ layout: 1, dealing, words: bytesOfWords(words) }))
}

/** Undefined: it has the form of a part. What is in it nobody can see; the proof is asked when people are counted. */
export function faultOfShare({ words }: CountShare): string | undefined {
  if (words.byteLength !== 4 * dealtWords(LAYOUT_1)) return `a part of counts has ${dealtWords(LAYOUT_1)} words`
  const view = new DataView(words.buffer, words.byteOffset, words.byteLength)
  for (let at = 0; at < words.byteLength; at += 4) if (view.getUint32(at) >= FIELD) return `a word is below ${FIELD}`
  return undefined
}
