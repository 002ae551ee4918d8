/** Letter trigrams and what each says of which language: one open-addressed table of integers, because every page is looked up two thousand times. */

/** Bits of a letter's number; three of them and a sign fit into 32. */
const BITS = 10
const KEY = 2 ** (3 * BITS) - 1

export class Trigrams {
  /** Number of a UTF-16 unit that occurs in a trigram; 0 for every other one. */
  readonly #letters = new Uint16Array(0x10000)
  readonly #mask: number
  /** 0 is an empty place: no letter has number 0. */
  readonly #keys: Uint32Array
  /** Where a key's row lies in `#rows`. */
  readonly #places: Uint32Array
  /** Rows: how many pairs, then pairs (language, level). */
  readonly #rows: Uint16Array

  /** `rows`: trigram -> pairs (place of a language, level). */
  constructor(rows: ReadonlyMap<string, readonly number[]>) {
    let size = 16
    while (size < rows.size * 4) size *= 2
    this.#mask = size - 1
    this.#keys = new Uint32Array(size)
    this.#places = new Uint32Array(size)
    this.#rows = new Uint16Array([...rows.values()].reduce((sum, row) => sum + 1 + row.length, 0))
    let letters = 0
    let end = 0
    for (const [trigram, row] of rows) {
      let key = 0
      for (let i = 0; i < 3; i++) {
        const unit = trigram.charCodeAt(i)
        if (this.#letters[unit] === 0) this.#letters[unit] = ++letters
        key = (key << BITS) | (this.#letters[unit] ?? 0)
      }
      if (letters >= 2 ** BITS) throw new RangeError('a script of this table has too many letters')
      const place = this.#placeOf(key)
      this.#keys[place] = key
      this.#places[place] = end
      this.#rows[end] = row.length / 2
      this.#rows.set(row, end + 1)
      end += 1 + row.length
    }
  }

  /** Adds to `sums`, by language, the levels of the text's trigrams whose middle is no space; gives how many those were. */
  addLevels(text: string, sums: Uint32Array): number {
    const space = 0x20
    let seen = 0
    let key = 0
    for (let i = 0; i < text.length; i++) {
      key = ((key << BITS) | (this.#letters[text.charCodeAt(i)] ?? 0)) & KEY
      if (i < 2 || text.charCodeAt(i - 1) === space) continue
      seen++
      const place = this.#placeOf(key)
      if (key === 0 || this.#keys[place] !== key) continue
      const row = this.#places[place] ?? 0
      const end = row + 2 * (this.#rows[row] ?? 0)
      for (let k = row + 1; k < end; k += 2) sums[this.#rows[k] ?? 0]! += this.#rows[k + 1] ?? 0
    }
    return seen
  }

  /** The key's place, or the empty one where it would go. */
  #placeOf(key: number): number {
    let at = (Math.imul(key, 0x9e3779b1) >>> 12) & this.#mask
    while (this.#keys[at] !== 0 && this.#keys[at] !== key) at = (at + 1) & this.#mask
    return at
  }
}
