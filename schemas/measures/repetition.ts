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
  const table = new Counter(count)
  const lengthOf = (from: number, n: number): number => (starts[from + n] ?? 0) - (starts[from] ?? 0) - 1
  const gram = rollingGrams(hashes, count)
  const top = [2, 3, 4].map((n) => {
    table.clear()
    const grams = gram(n)
    let most = 1
    let first = -1
    for (let i = 0; i < grams.length; i++) {
      const times = table.add(grams[i] ?? 0)
      if (times > most) {
        most = times
        first = i
      }
    }
    return first < 0 ? 0 : share(most * lengthOf(first, n), total)
  }) as [number, number, number]
  const duplicate = [5, 6, 7, 8, 9, 10].map((n) => {
    table.clear()
    const grams = gram(n)
    let chars = 0
    for (let i = 0; i < grams.length; ) {
      if (table.add(grams[i] ?? 0) > 1) {
        chars += lengthOf(i, n)
        i += n
      } else i++
    }
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
      for (let i = 0; i < last; i++) state[i] = mix32(Math.imul(state[i] ?? 0, 0x9e3779b1) + (hashes[i + size] ?? 0))
    }
    return state.subarray(0, Math.max(0, count - n + 1))
  }
}

/** Counts 32-bit keys; a generation number makes clearing free. */
class Counter {
  private readonly mask: number
  private readonly keys: Uint32Array
  private readonly counts: Uint32Array
  private readonly born: Uint8Array
  private generation = 0

  constructor(entries: number) {
    let size = 16
    while (size < entries * 2) size *= 2
    this.mask = size - 1
    this.keys = new Uint32Array(size)
    this.counts = new Uint32Array(size)
    this.born = new Uint8Array(size)
  }

  clear(): void {
    this.generation++
  }

  /** How often the key was added, this time included. */
  add(key: number): number {
    let at = key & this.mask
    while (this.born[at] === this.generation && this.keys[at] !== key) at = (at + 1) & this.mask
    if (this.born[at] !== this.generation) {
      this.born[at] = this.generation
      this.keys[at] = key
      this.counts[at] = 0
    }
    return (this.counts[at] = (this.counts[at] ?? 0) + 1)
  }
}
