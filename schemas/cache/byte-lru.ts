/** The same as `Lru`, bounded by what the values weigh: for results of very different sizes. */
export class ByteLru<V> {
  readonly #entries = new Map<string, V>()
  readonly #maxBytes: number
  readonly #weigh: (value: V) => number
  #bytes = 0

  /** `weigh` gives a value's bytes, the same each time; a kilobyte is added for the key and the objects around it. */
  constructor(maxBytes: number, weigh: (value: V) => number) {
    this.#maxBytes = maxBytes
    this.#weigh = (value) => 1024 + weigh(value)
  }

  get size(): number {
    return this.#entries.size
  }

  /** The remembered value, or `make()`'s, remembered; nothing is remembered of a `make` that throws. */
  recall(key: string, make: () => V): V {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known
    }
    const made = make()
    this.#entries.set(key, made)
    this.#bytes += this.#weigh(made)
    for (const [oldest, dropped] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break
      this.#entries.delete(oldest)
      this.#bytes -= this.#weigh(dropped)
    }
    return made
  }
}
