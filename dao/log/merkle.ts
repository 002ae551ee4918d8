/**
 * The Merkle tree of RFC 6962 / RFC 9162 with SHA-256: hashes, compact range, proofs and their verification.
 * Sizes and indexes are plain integers up to 2^53-1, so halving is arithmetic and never a 32-bit shift.
 */
import {
  equalBytes,
  MERKLE_EMPTY_ROOT as EMPTY_ROOT,
  MERKLE_HASH_BYTES as HASH_BYTES,
  merkleNodeHash as nodeHash,
} from '../../schemas/wire/index.ts'

export {
  MERKLE_EMPTY_ROOT as EMPTY_ROOT,
  MERKLE_HASH_BYTES as HASH_BYTES,
  merkleLeafHash as leafHash,
  merkleNodeHash as nodeHash,
  merkleRootOfHashes as rootOfLeaves,
} from '../../schemas/wire/index.ts'

/** A whole subtree of 2^level leaves: the `index`-th of its level. */
export interface TreeNode {
  level: number
  index: number
}

/** Reads the hash of a whole subtree, from memory or from tiles. */
export type NodeReader = (node: TreeNode) => Uint8Array | Promise<Uint8Array>

/** Entries `[from, to)` whose Merkle tree hash is one line of a proof. */
export type Range = readonly [from: number, to: number]

/** The largest power of two below n (n >= 2): where RFC 6962 splits. */
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** The whole subtrees that make up a range, largest first; `from` is a multiple of the largest one's size. */
export function wholeNodes([from, to]: Range): TreeNode[] {
  const nodes: TreeNode[] = []
  for (let at = from; at < to; ) {
    let level = 0
    let width = 1
    while (width * 2 <= to - at) {
      width *= 2
      level++
    }
    nodes.push({ level, index: at / width })
    at += width
  }
  return nodes
}

/** Folds the hashes of `wholeNodes` of one range into its Merkle tree hash. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  let root = hashes.at(-1)
  if (root === undefined) return EMPTY_ROOT
  for (let i = hashes.length - 2; i >= 0; i--) root = nodeHash(hashes[i] as Uint8Array, root)
  return root
}

/** The ranges whose hashes prove entry `index` in a tree of `size`, from the leaf's sibling up (RFC 6962 2.1.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  const ranges: Range[] = []
  let from = 0
  let to = size
  while (to - from > 1) {
    const middle = from + split(to - from)
    if (index < middle) {
      ranges.push([middle, to])
      to = middle
    } else {
      ranges.push([from, middle])
      from = middle
    }
  }
  return ranges.toReversed()
}

/** The ranges whose hashes prove that the tree of `size` begins with the tree of `old` (RFC 6962 2.1.2); none when old is 0 or size. */
export function consistencyRanges(old: number, size: number): Range[] {
  if (old === 0 || old === size) return []
  const ranges: Range[] = []
  let from = 0
  let to = size
  let known = true
  while (old !== to) {
    const middle = from + split(to - from)
    if (old <= middle) {
      ranges.push([middle, to])
      to = middle
    } else {
      ranges.push([from, middle])
      from = middle
      known = false
    }
  }
  if (!known) ranges.push([from, to])
  return ranges.toReversed()
}

/** Hashes of ranges, each folded from the whole subtrees that `read` gives. */
export async function hashRanges(ranges: readonly Range[], read: NodeReader): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = []
  for (const range of ranges) {
    const nodes: Uint8Array[] = []
    for (const node of wholeNodes(range)) nodes.push(await read(node))
    hashes.push(foldRight(nodes))
  }
  return hashes
}

/** The right edge of a growing tree: appends in O(log n) and knows the root at every size. */
export class CompactRange {
  #size: number
  readonly #peaks: Uint8Array[]

  /** `peaks` are the hashes of `wholeNodes([0, size])`. */
  constructor(size = 0, peaks: readonly Uint8Array[] = []) {
    this.#size = size
    this.#peaks = [...peaks]
  }

  get size(): number {
    return this.#size
  }

  /** Adds a leaf hash; `onNode` hears of every subtree that this leaf makes whole, the leaf itself first. */
  append(leaf: Uint8Array, onNode?: (level: number, hash: Uint8Array) => void): void {
    let top = leaf
    onNode?.(0, top)
    for (let level = 1, rest = this.#size; rest % 2 === 1; level++, rest = (rest - 1) / 2) {
      top = nodeHash(this.#peaks.pop() as Uint8Array, top)
      onNode?.(level, top)
    }
    this.#peaks.push(top)
    this.#size++
  }

  root(): Uint8Array {
    return foldRight(this.#peaks)
  }

  clone(): CompactRange {
    return new CompactRange(this.#size, this.#peaks)
  }
}

/** Whether `leaf` is entry `index` of the tree with this size and root (RFC 9162 2.1.3.2). */
export function verifyInclusion(
  proof: readonly Uint8Array[],
  { leaf, index, size, root }: { leaf: Uint8Array; index: number; size: number; root: Uint8Array },
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  let at = index
  let last = size - 1
  let top = leaf
  for (const sibling of proof) {
    if (sibling.byteLength !== HASH_BYTES || last === 0) return false
    if (at % 2 === 1 || at === last) {
      top = nodeHash(sibling, top)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = Math.floor(last / 2)
      }
    } else {
      top = nodeHash(top, sibling)
    }
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(top, root)
}

/**
 * Whether the tree of `size` with `root` begins with the tree of `oldSize` with `oldRoot` (RFC 9162 2.1.4.2).
 * From the empty tree every tree follows, with an empty proof.
 */
export function verifyConsistency(
  proof: readonly Uint8Array[],
  { oldSize, oldRoot, size, root }: { oldSize: number; oldRoot: Uint8Array; size: number; root: Uint8Array },
): boolean {
  if (!isSize(oldSize) || !isSize(size) || oldSize > size || proof.some((hash) => hash.byteLength !== HASH_BYTES)) return false
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, EMPTY_ROOT) && (size > 0 || equalBytes(root, EMPTY_ROOT))
  if (oldSize === size) return proof.length === 0 && equalBytes(oldRoot, root)
  let at = oldSize - 1
  let last = size - 1
  while (at % 2 === 1) {
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  // the old tree is a whole subtree of the new one: its root is known and not in the proof
  const path = at === 0 ? [oldRoot, ...proof] : [...proof]
  let oldTop = path.shift()
  if (oldTop === undefined) return false
  let top = oldTop
  for (const sibling of path) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      oldTop = nodeHash(sibling, oldTop)
      top = nodeHash(sibling, top)
      while (at % 2 === 0 && at !== 0) {
        at /= 2
        last = Math.floor(last / 2)
      }
    } else {
      top = nodeHash(top, sibling)
    }
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && equalBytes(oldTop, oldRoot) && equalBytes(top, root)
}

const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 0
