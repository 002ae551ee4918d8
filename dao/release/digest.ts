/** Digests of a file in one pass: SHA-256, and the UnixFS root that its 1 MiB leaves give. */
import { createHash } from 'node:crypto'
import { type Block, type CID, fileFromLeaves, type Leaf, LEAF_BYTES, rawCid } from '../../schemas/wire/index.ts'
import { blockBytesOf } from './tree.ts'

export interface FileDigest {
  cid: CID
  bytes: number
  sha256: string
  blockBytes: number
  /** Inner nodes; the leaves are the file's own bytes. */
  inner: Block[]
}

export async function digestFile(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<FileDigest> {
  const hash = createHash('sha256')
  const leaves: Leaf[] = []
  for await (const { cid, bytes } of leafBlocks(chunks)) {
    hash.update(bytes)
    leaves.push([cid, bytes.byteLength])
  }
  const { root, size, blocks } = fileFromLeaves(leaves)
  return { cid: root, bytes: size, sha256: hash.digest('hex'), blockBytes: blockBytesOf({ size }, blocks), inner: blocks }
}

/** The file cut every 1 MiB, whatever pieces it came in. */
export async function* leafBlocks(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Block> {
  const leaf = Buffer.allocUnsafe(LEAF_BYTES)
  let held = 0
  let leaves = 0
  const cut = (): Block => {
    const bytes = new Uint8Array(leaf.subarray(0, held))
    held = 0
    leaves++
    return { cid: rawCid(bytes), bytes }
  }
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const part = chunk.subarray(at, at + LEAF_BYTES - held)
      leaf.set(part, held)
      held += part.byteLength
      at += part.byteLength
      if (held === LEAF_BYTES) yield cut()
    }
  }
  // the empty file is one leaf of no bytes
  if (held > 0 || leaves === 0) yield cut()
}
