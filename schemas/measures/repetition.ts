/** Repeated word n-grams (Gopher, Rae et al. 2021, appendix A.1.1), over token hashes, in one open-addressed table. */
import { PPM } from '../wire/index.ts'
import { mix32, type Tokens } from './tokens.ts'
import { powerOfTwo, reused } from './units.ts'

export interface Repetition {
  /** Characters of all copies of the most frequent 2-, 3- and 4-gram, ppm of the text's. */
  top: [number, number, number]
  /** Characters inside repeated 5- to 10-grams, ppm of the text's. */
  duplicate: number[]
}

/** Characters are those of the tokens and one space between two. */
export function repetition({ count, hashes, lengths }: Pick<Tokens, 'count' | 'hashes' | 'lengths'>): Repetition {
  const top: Repetition['top'] = [0, 0, 0]
  const duplicate = [0, 0, 0, 0, 0, 0]
  if (count < 2) return { top, duplicate }
  const grams = room(count)
  layOut(grams, hashes, lengths)
  const total = (grams.starts[count] as number) - 1
  let left = count
  for (let n = 2; n <= 10; n++) {
    while (left > 0 && (grams.places[left - 1] as number) + n > count) left--
    const most = countAll(grams, left, hashes, n)
    // where no n-gram comes twice, no longer one does
    if (most < 0) break
    if (n <= 4) top[n - 2] = share(charsOfCopies(grams, most, n), total)
    left = keepRepeated(grams, left)
    if (n > 4) duplicate[n - 5] = share(insideRepeated(grams, left, n), total)
  }
  return { top, duplicate }
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.min(PPM, Math.floor((part * PPM) / whole)))

/**
 * The n-grams looked at, of one n after the other: an n-gram comes twice only where both of its (n-1)-grams do, and few of them do. What is known of
 * the k-th lies at k of each array. Texts use the arrays again.
 */
class Grams {
  /** The token that it begins with, and its hash. */
  readonly places: Uint32Array
  readonly hashes: Uint32Array
  /** Which was the first of its hash; there, how many have it. */
  readonly firsts: Uint32Array
  readonly counts: Uint32Array
  /** Open-addressed by hash: the first that has it, plus one; 0 is free. */
  readonly slots: Uint32Array
  /** Characters before each token, and before the end. */
  readonly starts: Uint32Array

  constructor(size: number) {
    this.places = new Uint32Array(size)
    this.hashes = new Uint32Array(size)
    this.firsts = new Uint32Array(size)
    this.counts = new Uint32Array(size)
    this.slots = new Uint32Array(size * 2)
    this.starts = new Uint32Array(size + 1)
  }
}

const room = reused((size) => new Grams(size))

/** Every token is a 1-gram. */
function layOut({ places, hashes, starts }: Grams, tokens: Uint32Array, lengths: Uint16Array): void {
  hashes.set(tokens)
  let chars = 0
  for (let i = 0; i < tokens.length; i++) {
    places[i] = i
    chars += (lengths[i] as number) + 1
    starts[i + 1] = chars
  }
}

/** Of as many as there are like the k-th, each as long as it. */
function charsOfCopies({ places, firsts, counts, starts }: Grams, k: number, n: number): number {
  return (counts[firsts[k] as number] as number) * lengthOf(starts, places[k] as number, n)
}

/**
 * Makes the hashes of the n-grams at the first `left` places from those of the (n-1)-grams there, and counts them. Gives the one that first completed
 * the highest count; -1 where none comes twice. As in the functions below nothing follows the loop: code that is compiled in the middle of its first long
 * run cannot know what does, and would be left there, for text after text.
 */
function countAll({ places, hashes, firsts, counts, slots }: Grams, left: number, tokens: Uint32Array, n: number): number {
  const size = 2 * powerOfTwo(left)
  slots.fill(0, 0, size)
  let most = 1
  let mostFrequent = -1
  for (let k = 0; k < left; k++) {
    const hash = mix32(Math.imul(hashes[k] as number, 0x9e3779b1) + (tokens[(places[k] as number) + n - 1] as number))
    hashes[k] = hash
    let at = hash & (size - 1)
    let first = slots[at] as number
    while (first !== 0 && hashes[first - 1] !== hash) {
      at = (at + 1) & (size - 1)
      first = slots[at] as number
    }
    if (first === 0) {
      slots[at] = k + 1
      firsts[k] = k
      counts[k] = 1
      continue
    }
    firsts[k] = first - 1
    const times = (counts[first - 1] as number) + 1
    counts[first - 1] = times
    if (times > most) {
      most = times
      mostFrequent = k
    }
  }
  return mostFrequent
}

/** Moves those that come twice or more to the front; gives how many. What was counted stays where it is. */
function keepRepeated({ places, hashes, firsts, counts }: Grams, left: number): number {
  let kept = 0
  for (let k = 0; k < left; k++) {
    const first = firsts[k] as number
    if ((counts[first] as number) < 2) continue
    places[kept] = places[k] as number
    hashes[kept] = hashes[k] as number
    firsts[kept++] = first
  }
  return kept
}

/** What stands for the count of an n-gram of which one was passed. */
const PASSED = 0

/** Characters inside n-grams that came before, none counted twice. */
function insideRepeated({ places, firsts, counts, starts }: Grams, left: number, n: number): number {
  let chars = 0
  /** Where what was counted ends. */
  let from = 0
  for (let k = 0; k < left; k++) {
    const i = places[k] as number
    if (i < from) continue
    const first = firsts[k] as number
    if (counts[first] === PASSED) {
      chars += lengthOf(starts, i, n)
      from = i + n
    } else counts[first] = PASSED
  }
  return chars
}

const lengthOf = (starts: Uint32Array, from: number, n: number): number => (starts[from + n] as number) - (starts[from] as number) - 1
