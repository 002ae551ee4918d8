/** The root of a growing RFC 6962 tree at every size it ever had, in 64 to 128 bytes per entry and O(log n) hashes per question. */
import { EMPTY_ROOT, leafHash, nodeHash } from '../log/index.ts'

const HASH_BYTES = 32

/** Hashes one after the other, in memory that doubles: an array of each would take eight times as much. */
class Hashes {
  #bytes: Uint8Array = new Uint8Array(HASH_BYTES)
  length = 0

  push(hash: Uint8Array): void {
    const at = this.length++ * HASH_BYTES
    if (at === this.#bytes.byteLength) {
      const wider = new Uint8Array(2 * at)
      wider.set(this.#bytes)
      this.#bytes = wider
    }
    this.#bytes.set(hash, at)
  }

  /** A copy: the bytes move when there are more. */
  at(index: number): Uint8Array {
    return this.#bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES)
  }
}

export class RootHistory {
  /** Hash i of level l is that of the complete subtree over leaves `[i·2^l, (i+1)·2^l)`: what tlog calls stored hashes. */
  readonly #levels: Hashes[] = [new Hashes()]
  readonly #known = new Map<number, Uint8Array>()

  get size(): number {
    return (this.#levels[0] as Hashes).length
  }

  /** Appends one entry's bytes. */
  append(entry: Uint8Array): void {
    let hash = leafHash(entry)
    for (let level = 0; ; level++) {
      const row = (this.#levels[level] ??= new Hashes())
      row.push(hash)
      if (row.length % 2 === 1) return
      hash = nodeHash(row.at(row.length - 2), hash)
    }
  }

  /** RFC 6962 root of the first `size` entries; undefined for a size it has not had. */
  rootAt(size: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) return undefined
    if (size === 0) return EMPTY_ROOT
    const known = this.#known.get(size)
    if (known !== undefined) return known
    let root: Uint8Array | undefined
    // the set bits of `size`, low to high, are the complete subtrees of its frontier, right to left
    for (let level = 0; 2 ** level <= size; level++) {
      const count = Math.floor(size / 2 ** level)
      if (count % 2 === 0) continue
      const subtree = (this.#levels[level] as Hashes).at(count - 1)
      root = root === undefined ? subtree : nodeHash(subtree, root)
    }
    if (this.#known.size >= 256) this.#known.clear()
    this.#known.set(size, root as Uint8Array)
    return root
  }

  get root(): Uint8Array {
    return this.rootAt(this.size) as Uint8Array
  }
}
