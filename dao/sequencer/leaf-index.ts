/**
 * Where each leaf hash lies in the log, so that the same entry submitted twice is logged once. A flat hash table of 20 bytes a slot,
 * because a Map of millions of hashes would cost ten times as much. It compares 128 bits: an entry that collides with another on
 * purpose only keeps its own author from logging it.
 */
const WORDS = 4

export class LeafIndex {
  /** Per slot: 4 words of the hash, then the log index plus one; zero for a free slot. */
  #slots: Uint32Array
  #used = 0

  constructor(expected = 0) {
    this.#slots = new Uint32Array(capacityFor(expected) * (WORDS + 1))
  }

  get size(): number {
    return this.#used
  }

  get(leaf: Uint8Array): number | undefined {
    const found = this.#slots[this.#find(leaf) + WORDS] as number
    return found === 0 ? undefined : found - 1
  }

  /** Keeps the first index of a leaf. */
  add(leaf: Uint8Array, index: number): void {
    if (index >= 0xffff_fffe) throw new RangeError('the leaf index holds fewer than 2^32 entries')
    if ((this.#used + 1) * 3 > (this.#slots.length / (WORDS + 1)) * 2) this.#grow()
    const at = this.#find(leaf)
    if (this.#slots[at + WORDS] !== 0) return
    const view = viewOf(leaf)
    for (let word = 0; word < WORDS; word++) this.#slots[at + word] = view.getUint32(word * 4)
    this.#slots[at + WORDS] = index + 1
    this.#used++
  }

  /** First word of the leaf's slot, or of the free slot where it belongs. */
  #find(leaf: Uint8Array): number {
    const view = viewOf(leaf)
    const words = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)] as const
    const slots = this.#slots.length / (WORDS + 1)
    for (let slot = words[0] % slots; ; slot = (slot + 1) % slots) {
      const at = slot * (WORDS + 1)
      if (this.#slots[at + WORDS] === 0 || words.every((word, i) => this.#slots[at + i] === word)) return at
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Uint32Array(old.length * 2)
    const slots = this.#slots.length / (WORDS + 1)
    for (let from = 0; from < old.length; from += WORDS + 1) {
      if (old[from + WORDS] === 0) continue
      let slot = (old[from] as number) % slots
      while (this.#slots[slot * (WORDS + 1) + WORDS] !== 0) slot = (slot + 1) % slots
      this.#slots.set(old.subarray(from, from + WORDS + 1), slot * (WORDS + 1))
    }
  }
}

const viewOf = (leaf: Uint8Array): DataView => new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength)

function capacityFor(expected: number): number {
  let slots = 1024
  while (slots < expected * 2) slots *= 2
  return slots
}
