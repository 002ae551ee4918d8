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
  const lengthOf = (from: number, n: number): number => (starts[from + n] ?? 0) - (starts[from] ?? 0) - 1
  const gram = rollingGrams(hashes, count)
  // where no n-gram comes twice, no longer one does
  let repeats = true
  const top = [2, 3, 4].map((n) => {
    if (!repeats) return 0
    counter.clear()
    const grams = gram(n)
    let most = 1
    let first = -1
    for (let i = 0; i < grams.length; i++) {
      const times = counter.add(grams[i] as number)
      if (times > most) {
        most = times
        first = i
      }
    }
    repeats = first >= 0
    return first < 0 ? 0 : share(most * lengthOf(first, n), total)
  }) as [number, number, number]
  const duplicate = [5, 6, 7, 8, 9, 10].map((n) => {
    if (!repeats) return 0
    counter.clear()
    const grams = gram(n)
    let chars = 0
    for (let i = 0; i < grams.length; ) {
      if (counter.add(grams[i] as number) > 1) {
        chars += lengthOf(i, n)
        i += n
      } else i++
    }
    repeats = chars > 0
    return share(chars, total)
  })
  return { top, duplicate }
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Math.min(PPM, Math.floor((part * PPM) / whole)))

/** Hashes of all n-grams; each n extends the (n-1)-grams by one token, so call with n rising from 2. */
function rollingGrams(hashes: Uint32Array, count: number): (n: number) => Uint32Array {
  const state = hashes.slice()
  let size = 1
  return (n) => {
    for (; size < n; size++) {
      const last = count - size
      for (let i = 0; i < last; i++) state[i] = mix32(Math.imul(state[i] as number, 0x9e3779b1) + (hashes[i + size] as number))
    }
    return state.subarray(0, Math.max(0, count - n + 1))
  }
}

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
