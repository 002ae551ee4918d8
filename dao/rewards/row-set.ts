/** A set of byte rows of one length, each seen under at most two groups: enough to answer "is it here, leaving one group out?". */
export class RowSet {
  readonly #width: number
  #count = 0
  #rows: Uint8Array
  #groups = new Int32Array(256)
  /** Slot -> row, plus one. */
  #slots = new Int32Array(1024)

  constructor(width: number) {
    this.#width = width
    this.#rows = new Uint8Array(width * 256)
  }

  /** Whether the row was added under a group other than `ignoreGroup` (0 ignores nothing). */
  has(row: Uint8Array, ignoreGroup: number): boolean {
    return this.#walk(row, (group) => ignoreGroup === 0 || group !== ignoreGroup).found
  }

  /** False when nothing new is learnt: the row is known under this group, or under two others. */
  add(row: Uint8Array, group: number): boolean {
    let others = 0
    const { found, slot } = this.#walk(row, (known) => known === group || ++others === 2)
    if (found) return false
    this.#grow()
    this.#rows.set(row, this.#count * this.#width)
    this.#groups[this.#count] = group
    this.#slots[slot] = ++this.#count
    if (this.#count * 2 > this.#slots.length) this.#rehash()
    return true
  }

  #walk(row: Uint8Array, stop: (group: number) => boolean): { found: boolean; slot: number } {
    const mask = this.#slots.length - 1
    for (let slot = hashRow(row, 0, this.#width) & mask; ; slot = (slot + 1) & mask) {
      const index = (this.#slots[slot] as number) - 1
      if (index < 0) return { found: false, slot }
      if (this.#same(index, row) && stop(this.#groups[index] as number)) return { found: true, slot }
    }
  }

  #same(index: number, row: Uint8Array): boolean {
    const from = index * this.#width
    for (let i = 0; i < this.#width; i++) if (this.#rows[from + i] !== row[i]) return false
    return true
  }

  #grow(): void {
    if (this.#count < this.#groups.length) return
    const rows = new Uint8Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
    const groups = new Int32Array(this.#groups.length * 2)
    groups.set(this.#groups)
    this.#groups = groups
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    // in order of adding, so that rows of one value keep their order
    for (let index = 0; index < this.#count; index++) {
      let slot = hashRow(this.#rows, index * this.#width, this.#width) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = index + 1
    }
    this.#slots = slots
  }
}

function hashRow(bytes: Uint8Array, from: number, width: number): number {
  let h = 0x811c9dc5
  // four bytes of every sixteen are plenty for rows that are themselves hashes
  for (let i = from; i < from + width; i += 16) {
    const word =
      (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24)
    h = Math.imul(h ^ word, 0x85ebca6b)
    h ^= h >>> 13
  }
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
