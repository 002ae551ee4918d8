/** Repeated word n-grams (Gopher, Rae et al. 2021, appendix A.1.1), over token hashes, in one open-addressed table. */
import { PPM } from '../wire/index.ts'
import { mix32, type Tokens } from './tokens.ts'

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
  const starts = startsOf(lengths, count)
  const total = (starts[count] as number) - 1
  counter.fit(count)
  const grams = hashes.slice(0, count)
  /** Where the n-grams begin that are looked at: an n-gram comes twice only where both of its (n-1)-grams do, and few of them do. */
  const places = grams.map((_, i) => i)
  let left = count
  for (let n = 2; n <= 10; n++) {
    left = lengthen(grams, hashes, n, places, left)
    const chars = mostFrequent(grams, places, left, n, starts)
    // where no n-gram comes twice, no longer one does
    if (chars === 0) break
    left = repeated(grams, places, left)
    if (n <= 4) top[n - 2] = share(chars, total)
    else duplicate[n - 5] = share(insideRepeated(grams, places, left, n, starts), total)
  }
  return { top, duplicate }
}

/** Characters before each token, and before the end. */
function startsOf(lengths: Uint16Array, count: number): Uint32Array {
  const starts = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) starts[i + 1] = (starts[i] as number) + (lengths[i] as number) + 1
  return starts
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.min(PPM, Math.floor((part * PPM) / whole)))

/** Makes the hashes of the n-grams at the first `left` places from those of the (n-1)-grams there; gives how many places have one. */
function lengthen(grams: Uint32Array, hashes: Uint32Array, n: number, places: Uint32Array, left: number): number {
  let k = 0
  for (; k < left; k++) {
    const i = places[k] as number
    if (i + n > hashes.length) break
    grams[i] = mix32(Math.imul(grams[i] as number, 0x9e3779b1) + (hashes[i + n - 1] as number))
  }
  return k
}

/** Counts the n-grams at these places: characters of all copies of the most frequent one; 0 where none comes twice. */
function mostFrequent(grams: Uint32Array, places: Uint32Array, left: number, n: number, starts: Uint32Array): number {
  counter.clear()
  const first = countAll(grams, places, left)
  const times = first < 0 ? 0 : counter.times(grams[first] as number)
  return times < 2 ? 0 : times * lengthOf(starts, first, n)
}

/** Counts them; gives the place that first completed the highest count, -1 where there is none. */
function countAll(grams: Uint32Array, places: Uint32Array, left: number): number {
  let most = 0
  let first = -1
  for (let k = 0; k < left; k++) {
    const times = counter.add(grams[places[k] as number] as number)
    if (times > most) {
      most = times
      first = places[k] as number
    }
  }
  return first
}

/** Of the places that were counted, those whose n-gram came twice or more, moved to the front; gives how many. */
function repeated(grams: Uint32Array, places: Uint32Array, left: number): number {
  let kept = 0
  for (let k = 0; k < left; k++) {
    const i = places[k] as number
    if (counter.times(grams[i] as number) > 1) places[kept++] = i
  }
  return kept
}

/** Characters inside n-grams that came before, none counted twice. */
function insideRepeated(grams: Uint32Array, places: Uint32Array, left: number, n: number, starts: Uint32Array): number {
  counter.clear()
  let chars = 0
  /** Where what was counted ends. */
  let from = 0
  for (let k = 0; k < left; k++) {
    const i = places[k] as number
    if (i < from || counter.add(grams[i] as number) === 1) continue
    chars += lengthOf(starts, i, n)
    from = i + n
  }
  return chars
}

const lengthOf = (starts: Uint32Array, from: number, n: number): number => (starts[from + n] as number) - (starts[from] as number) - 1

/** Counts 32-bit keys in one table that every text uses again; a generation number makes clearing free. */
class Counter {
  private mask = 0
  private keys = new Uint32Array()
  private counts = new Uint32Array()
  private born = new Uint32Array()
  private generation = 0

  /** Makes room for `entries` keys. */
  fit(entries: number): void {
    let size = 1024
    while (size < entries * 2) size *= 2
    this.mask = size - 1
    if (this.keys.length >= size && this.keys.length <= LARGEST_KEPT) return
    if (this.keys.length < size || size <= LARGEST_KEPT) {
      this.keys = new Uint32Array(size)
      this.counts = new Uint32Array(size)
      this.born = new Uint32Array(size)
      this.generation = 0
    }
  }

  clear(): void {
    this.generation++
    if (this.generation > 0xffffffff) {
      this.born.fill(0)
      this.generation = 1
    }
  }

  /** How often the key was added, this time included. */
  add(key: number): number {
    const at = this.placeOf(key)
    if (this.born[at] === this.generation) return (this.counts[at] = (this.counts[at] as number) + 1)
    this.born[at] = this.generation
    this.keys[at] = key
    return (this.counts[at] = 1)
  }

  /** How often a key was added that was. */
  times(key: number): number {
    return this.counts[this.placeOf(key)] as number
  }

  private placeOf(key: number): number {
    const { mask, keys, born, generation } = this
    let at = key & mask
    while (born[at] === generation && keys[at] !== key) at = (at + 1) & mask
    return at
  }
}

/** A table beyond this many places goes with the text that needed it. */
const LARGEST_KEPT = 1 << 17
const counter = new Counter()
