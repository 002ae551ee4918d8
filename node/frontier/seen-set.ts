/**
 * Which URLs a crawl has met: 53-bit fingerprints, a tenth of the strings' memory. A million URLs collide with
 * probability 6e-5; the price of a collision is one page not fetched.
 */
export class SeenSet {
  readonly #seen = new Set<number>()

  /** True when the text is new. */
  add(text: string): boolean {
    const size = this.#seen.size
    this.#seen.add(fingerprint(text))
    return this.#seen.size > size
  }

  has(text: string): boolean {
    return this.#seen.has(fingerprint(text))
  }

  get size(): number {
    return this.#seen.size
  }
}

/** Two 32-bit multiply-xor lanes (cyrb53, public domain), 53 bits. Not for secrets: a page that collides on purpose hides only itself. */
function fingerprint(text: string): number {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    a = Math.imul(a ^ code, 2_654_435_761)
    b = Math.imul(b ^ code, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & b) + (a >>> 0)
}
