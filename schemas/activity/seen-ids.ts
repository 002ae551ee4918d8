/** Which ids were there before, at eight bytes each: millions of heart beats fit. */
export class SeenIds {
  #slots = new Float64Array(1 << 12)
  #count = 0

  /** True the first time. 52 of the id's bits are compared: one in a thousand exports of three million events loses one event. */
  add(idHex: string): boolean {
    if (this.#count * 2 >= this.#slots.length) this.#grow()
    const added = this.#insert(Number.parseInt(idHex.slice(0, 13), 16) + 1)
    if (added) this.#count++
    return added
  }

  #insert(value: number): boolean {
    const mask = this.#slots.length - 1
    for (let at = (value % this.#slots.length) & mask; ; at = (at + 1) & mask) {
      if (this.#slots[at] === value) return false
      if (this.#slots[at] === 0) {
        this.#slots[at] = value
        return true
      }
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Float64Array(old.length * 2)
    for (const value of old) if (value !== 0) this.#insert(value)
  }
}
