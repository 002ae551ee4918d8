/** The Merkle tree of RFC 6962 section 2.1, which the log, a batch and an epoch's table all use. */
import { sha256 } from './bytes.ts'

const LEAF = Uint8Array.of(0x00)
const NODE = Uint8Array.of(0x01)

/** SHA-256(0x00 ‖ data): domain separation, so that no leaf can pass for an inner node. */
export const merkleLeafHash = (data: Uint8Array): Uint8Array => sha256(LEAF, data)
/** SHA-256(0x01 ‖ left ‖ right). */
export const merkleNodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(NODE, left, right)

/** MTH over the leaves' data; the empty tree is SHA-256 of nothing. */
export function merkleTreeHash(leaves: Iterable<Uint8Array>): Uint8Array {
  return merkleRootOfHashes(Iterator.from(leaves).map(merkleLeafHash))
}

/** The same root from leaf hashes, in one pass and O(log n) memory: complete subtrees wait on a stack, like the bits of a counter. */
export function merkleRootOfHashes(hashes: Iterable<Uint8Array>): Uint8Array {
  const stack: { hash: Uint8Array; size: number }[] = []
  for (const leaf of hashes) {
    let node = { hash: leaf, size: 1 }
    for (let top = stack.at(-1); top?.size === node.size; top = stack.at(-1)) {
      stack.pop()
      node = { hash: merkleNodeHash(top.hash, node.hash), size: node.size * 2 }
    }
    stack.push(node)
  }
  const last = stack.pop()
  if (last === undefined) return sha256()
  return stack.reduceRight((right, left) => merkleNodeHash(left.hash, right), last.hash)
}
