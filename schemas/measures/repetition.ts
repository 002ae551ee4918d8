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
  if (count < 2) return { top: [0, 0, 0], duplicate: [0, 0, 0, 0, 0, 0] }
  // starts[i]: characters before token i
  const starts = new Uint32Array(count + 1)
  for (let i = 0; i < count; i++) starts[i + 1] = (starts[i] ?? 0) + (lengths[i] ?? 0) + 1
  const total = (starts[count] ?? 1) - 1
  counter.fit(count)
  const grams = hashes.slice(0, count)
  const top: Repetition['top'] = [0, 0, 0]
  const duplicate = [0, 0, 0, 0, 0, 0]
  for (let n = 2; n <= 10; n++) {
    lengthen(grams, hashes, n, count)
    const chars = n <= 4 ? mostFrequent(grams, starts, n) : insideRepeated(grams, starts, n)
    // where no n-gram comes twice, no longer one does
    if (chars === 0) break
    if (n <= 4) top[n - 2] = share(chars, total)
    else duplicate[n - 5] = share(chars, total)
  }
  return { top, duplicate }
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.min(PPM, Math.floor((part * PPM) / whole)))

/** Makes the hashes of all n-grams from those of all (n-1)-grams, in place. */
function lengthen(grams: Uint32Array, hashes: Uint32Array, n: number, count: number): void {
  const last = count - n + 1
  for (let i = 0; i < last; i++) grams[i] = mix32(Math.imul(grams[i] as number, 0x9e3779b1) + (hashes[i + n - 1] as number))
}

/** Characters of all copies of the most frequent n-gram; 0 where none comes twice. */
function mostFrequent(grams: Uint32Array, starts: Uint32Array, n: number): number {
  counter.clear()
  const end = grams.length - n + 1
  let most = 1
  let first = 0
  for (let i = 0; i < end; i++) {
    const times = counter.add(grams[i] as number)
    if (times > most) {
      most = times
      first = i
    }
  }
  return most === 1 ? 0 : most * lengthOf(starts, first, n)
}

/** Characters inside n-grams that came before, none counted twice. */
function insideRepeated(grams: Uint32Array, starts: Uint32Array, n: number): number {
  counter.clear()
  const end = grams.length - n + 1
  let chars = 0
  for (let i = 0; i < end; ) {
    if (counter.add(grams[i] as number) > 1) {
      chars += lengthOf(starts, i, n)
      i += n
    } else i++
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
    const { mask, keys, born, generation } = this
    let at = key & mask
    while (born[at] === generation && keys[at] !== key) at = (at + 1) & mask
    if (born[at] === generation) return (this.counts[at] = (this.counts[at] as number) + 1)
    born[at] = generation
    keys[at] = key
    return (this.counts[at] = 1)
  }
}

/** A table beyond this many places goes with the text that needed it. */
const LARGEST_KEPT = 1 << 17
const counter = new Counter()
