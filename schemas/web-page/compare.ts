/**
 * How far two honest fetches of one page agree (check T1): pages change, so bytes are no measure.
 * Two match when their sketches are near, or most of the committed text is still there, or title and most sentences are.
 */
import { equalLanes, minHash, shingleHashes, tokenize, type Tokens } from '../measures/index.ts'
import { PPM } from '../wire/index.ts'
import type { WebPage } from './schema.ts'

/** Fields of the charter's `testing`. */
export interface SameContentThresholds {
  /** Of 128 MinHash lanes. */
  sameLanes: number
  /** Share of the committed text's shingles that the re-fetch must hold. */
  containmentPpm: number
  /** Share of the committed sentences, when the titles are equal. */
  sentencePpm: number
}

export interface Comparison {
  same: boolean
  lanes: number
  containmentPpm: number
  sameTitle: boolean
  sentencePpm: number
}

type Compared = Pick<WebPage, 'title' | 'text'>

/** `committed` is what the contributor sealed, `refetched` what a validator got: shares are of the first, so padding it does not help. */
export function compareWebPages(
  committed: Compared,
  refetched: Compared,
  { sameLanes, containmentPpm, sentencePpm }: SameContentThresholds,
): Comparison {
  const ours = tokenize(committed.text)
  const theirs = tokenize(refetched.text)
  const lanes = ours.count === 0 || theirs.count === 0 ? 0 : equalLanes(minHash(ours), minHash(theirs))
  const contained = shareOf(shingleHashes(ours), new Set(shingleHashes(theirs)))
  const sameTitle = committed.title !== null && refetched.title !== null && equalFolded(committed.title, refetched.title)
  const sentences = shareOf(sentenceHashes(committed.text), new Set(sentenceHashes(refetched.text)))
  const same = lanes >= sameLanes || contained >= containmentPpm || (sameTitle && sentences >= sentencePpm)
  return { same, lanes, containmentPpm: contained, sameTitle, sentencePpm: sentences }
}

/** Distinct members of `wanted` that are in `present`, ppm of the distinct members; 0 of nothing. */
function shareOf(wanted: Iterable<number>, present: Set<number>): number {
  const distinct = new Set(wanted)
  let found = 0
  for (const value of distinct) if (present.has(value)) found++
  return distinct.size === 0 ? 0 : Math.floor((found * PPM) / distinct.size)
}

function equalFolded(a: string, b: string): boolean {
  const left = tokenize(a)
  return left.count > 0 && Buffer.compare(left.bytes, tokenize(b).bytes) === 0
}

/** Shorter sentences say too little to count. */
const LEAST_TOKENS = 3
const SENTENCE_ENDS = /[.!?…؟۔।॥。！？\n]+/

function sentenceHashes(text: string): number[] {
  return text
    .split(SENTENCE_ENDS)
    .map((sentence) => tokenize(sentence))
    .filter((tokens) => tokens.count >= LEAST_TOKENS)
    .map(wholeHash)
}

function wholeHash({ hashes }: Tokens): number {
  let hash = 0
  for (const token of hashes) hash = (Math.imul(hash, 0x9e3779b1) + token) | 0
  return hash
}
