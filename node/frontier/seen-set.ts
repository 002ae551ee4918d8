/**
 * Which URLs a crawl has met: 53-bit fingerprints in one flat table, 11 to 23 bytes a URL. A million URLs collide with
 * probability 6e-5; the price of a collision is one page not fetched.
 */
export class SeenSet {
  /** Open addressing with linear probing; 0 is an empty place. */
  #table = new Float64Array(1 << 10)
  #size = 0

  /** True when the text is new. */
  add(text: string): boolean {
    return this.addNumber(fingerprint(text))
  }

  has(text: string): boolean {
    return this.hasNumber(fingerprint(text))
  }

  /** The same for a number that is a fingerprint already: an integer from 0 to 2^53 - 1. */
  addNumber(value: number): boolean {
    const print = value === 0 ? 1 : value
    const place = this.#placeOf(print)
    if (this.#table[place] !== 0) return false
    this.#table[place] = print
    this.#size++
    if (this.#size * 10 > this.#table.length * 7) this.#grow()
    return true
  }

  /** The same for a fingerprint. */
  hasNumber(print: number): boolean {
    return this.#table[this.#placeOf(print)] !== 0
  }

  get size(): number {
    return this.#size
  }

  /** Where a fingerprint lies, or the empty place where it would. */
  #placeOf(print: number): number {
    const table = this.#table
    const mask = table.length - 1
    let place = (print >>> 0) & mask
    while (table[place] !== 0 && table[place] !== print) place = (place + 1) & mask
    return place
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Float64Array(old.length * 2)
    for (const print of old) if (print !== 0) this.#table[this.#placeOf(print)] = print
  }
}

/** Two 32-bit multiply-xor lanes (cyrb53, public domain), 53 bits, never 0. Not for secrets: a link that is made to collide with an address keeps that address out of this crawl. */
export function fingerprint(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2_654_435_761)
    b = Math.imul(b ^ code, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & b) + (a >>> 0) || 1
}
