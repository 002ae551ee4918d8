/** The root of a growing RFC 6962 tree at every size it ever had, in 64 bytes per entry and O(log n) hashes per question. */
import { EMPTY_ROOT, leafHash, nodeHash } from '../log/index.ts'

export class RootHistory {
  /** `#levels[l][i]` is the hash of the complete subtree over leaves `[i·2^l, (i+1)·2^l)`: what tlog calls stored hashes. */
  readonly #levels: Uint8Array[][] = [[]]
  readonly #known = new Map<number, Uint8Array>()

  get size(): number {
    return (this.#levels[0] as Uint8Array[]).length
  }

  /** Appends one entry's bytes. */
  append(entry: Uint8Array): void {
    let hash = leafHash(entry)
    for (let level = 0; ; level++) {
      const row = (this.#levels[level] ??= [])
      row.push(hash)
      if (row.length % 2 === 1) return
      hash = nodeHash(row[row.length - 2] as Uint8Array, hash)
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
      const subtree = (this.#levels[level] as Uint8Array[])[count - 1] as Uint8Array
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
