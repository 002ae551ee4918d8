/**
 * UnixFS files as pure layout. One profile, `quern-1`, for every file: CIDv1, SHA-256, raw leaves, balanced, 1,024 links to a node;
 * a file of one leaf is that leaf. Only the cut differs: the two big files of a batch are cut along their groups, all others every 1 MiB.
 * It is what ipfs-unixfs-importer gives with the same chunks, and Kubo with
 * `ipfs add --cid-version=1 --raw-leaves --chunker=size-1048576 --max-file-links=1024` for the fixed cut.
 */
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { DAG_WIDTH, LEAF_BYTES } from './batch.ts'
import { DAG_CBOR, DAG_PB, joinBytes, matchesCid, pbCid, RAW, rawCid, WireError } from './bytes.ts'

export const UNIXFS_PROFILE = 'quern-1'
/** No honest file of ours is deeper: 1,024^4 leaves of 1 MiB are an exbibyte. */
const MAX_DEPTH = 8

export interface Block {
  cid: CID
  bytes: Uint8Array
}
/** `[leaf CID, size in bytes]`, as a batch's index lists them. */
export type Leaf = [cid: CID, size: number]
/** `[first, count]` into a list of leaves. */
export type LeafRange = [first: number, count: number]

export interface DagFile {
  root: CID
  /** Inner nodes alone from `fileFromLeaves`; every block from `chunkFile`. Children before parents, the root last. */
  blocks: Block[]
  /** Bytes of the file. */
  size: number
}

/** A node of the tree being built: what its parent's link says of it. */
interface Branch {
  cid: CID
  /** Bytes of the file below. */
  size: number
  /** Bytes of all blocks below and of this one: what UnixFS calls Tsize. */
  total: number
}

/**
 * The balanced tree over leaves in file order. A file of one leaf is the leaf itself; the empty file is the raw CID of no bytes.
 * `width` is the profile's 1,024 everywhere but in tests of deep trees.
 */
export function fileFromLeaves(leaves: readonly Leaf[], width: number = DAG_WIDTH): DagFile {
  const blocks: Block[] = []
  let level: Branch[] = leaves.map(([cid, size]) => ({ cid, size, total: size }))
  if (level.length === 0) level = [{ cid: rawCid(new Uint8Array()), size: 0, total: 0 }]
  while (level.length > 1) {
    const parents: Branch[] = []
    for (let i = 0; i < level.length; i += width) parents.push(parentOf(level.slice(i, i + width), blocks))
    level = parents
  }
  const top = level[0] as Branch
  return { root: top.cid, blocks, size: top.size }
}

function parentOf(children: Branch[], blocks: Block[]): Branch {
  const node = new UnixFS({ type: 'file', blockSizes: children.map((child) => BigInt(child.size)) })
  const bytes = dagPb.encode({
    Data: node.marshal(),
    Links: children.map((child) => ({ Name: '', Tsize: child.total, Hash: child.cid })),
  })
  const cid = pbCid(bytes)
  blocks.push({ cid, bytes })
  return {
    cid,
    size: children.reduce((sum, child) => sum + child.size, 0),
    total: children.reduce((sum, child) => sum + child.total, bytes.byteLength),
  }
}

/** Cuts every group (one record, one fetch) into raw leaves of at most 1 MiB, so that a group is fetched and checked alone. */
export function leavesOf(groups: Iterable<Uint8Array>): { leaves: Leaf[]; blocks: Block[]; ranges: LeafRange[] } {
  const leaves: Leaf[] = []
  const blocks: Block[] = []
  const ranges: LeafRange[] = []
  for (const group of groups) {
    const first = leaves.length
    for (const bytes of cuts(group, LEAF_BYTES)) {
      const cid = rawCid(bytes)
      leaves.push([cid, bytes.byteLength])
      blocks.push({ cid, bytes })
    }
    ranges.push([first, leaves.length - first])
  }
  return { leaves, blocks, ranges }
}

/** A file in the named profile: fixed cuts of `chunk` bytes. `blocks` hold the leaves first, then the inner nodes. */
export function chunkFile(bytes: Uint8Array, chunk: number = LEAF_BYTES): DagFile {
  const blocks = cuts(bytes, chunk).map((part) => ({ cid: rawCid(part), bytes: part }))
  if (blocks.length === 0) blocks.push({ cid: rawCid(bytes), bytes })
  const file = fileFromLeaves(blocks.map((block): Leaf => [block.cid, block.bytes.byteLength]))
  return { root: file.root, size: file.size, blocks: [...blocks, ...file.blocks] }
}

/** The CID that names a file of the profile, without keeping its blocks. */
export const fileCid = (bytes: Uint8Array): CID => chunkFile(bytes).root

/** Whether a file has these bytes: a dag-pb CID names the content of a UnixFS file of the profile, any other the bytes themselves. */
export const isFileOf = (cid: CID, bytes: Uint8Array): boolean =>
  cid.code === DAG_PB ? fileCid(bytes).equals(cid) : matchesCid(cid, bytes)

function cuts(bytes: Uint8Array, chunk: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength; at += chunk) parts.push(bytes.subarray(at, at + chunk))
  return parts
}

export type GetBlock = (cid: CID) => Promise<Uint8Array | undefined>

/**
 * The bytes of a UnixFS file from any source of blocks; each block is checked against its CID and against the sizes its parent promised,
 * so a hostile DAG is refused before it can grow past `maxBytes`.
 * Throws WireError BLOCK_MISSING, CID_MISMATCH, TOO_LARGE, TOO_DEEP or NOT_A_FILE.
 */
export async function readDag(get: GetBlock, root: CID, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let left = maxBytes
  const walk = async (cid: CID, expected: number | undefined, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw new WireError('TOO_DEEP', `the file below ${root} is deeper than ${MAX_DEPTH} levels`)
    const block = await get(cid)
    if (block === undefined) throw new WireError('BLOCK_MISSING', `block ${cid} is not here`)
    if (!matchesCid(cid, block)) throw new WireError('CID_MISMATCH', `bytes do not hash to ${cid}`)
    const node = fileNode(cid, block)
    const size = node.data.byteLength + node.children.reduce((sum, child) => sum + child.size, 0)
    if (expected !== undefined && size !== expected)
      throw new WireError('NOT_A_FILE', `block ${cid} holds ${size} bytes, its parent says ${expected}`)
    if (node.data.byteLength > left || size > left)
      throw new WireError('TOO_LARGE', `the file below ${root} has more than ${maxBytes} bytes`)
    left -= node.data.byteLength
    parts.push(node.data)
    for (const child of node.children) await walk(child.cid, child.size, depth + 1)
  }
  await walk(root, undefined, 0)
  return parts.length === 1 ? (parts[0] as Uint8Array) : joinBytes(parts)
}

/** One node of a file: its own bytes and its children with the sizes it promises for them. Throws WireError NOT_A_FILE. */
export function fileNode(cid: CID, block: Uint8Array): { data: Uint8Array; children: { cid: CID; size: number }[] } {
  if (cid.code === RAW) return { data: block, children: [] }
  const bad = (why: string): WireError => new WireError('NOT_A_FILE', `block ${cid} is no UnixFS file: ${why}`)
  if (cid.code !== DAG_PB) throw bad(`codec 0x${cid.code.toString(16)}`)
  let links: dagPb.PBLink[]
  let node: UnixFS
  try {
    const pb = dagPb.decode(block)
    links = pb.Links
    node = UnixFS.unmarshal(pb.Data ?? new Uint8Array())
  } catch {
    throw bad('not dag-pb with UnixFS data')
  }
  if (node.type !== 'file' && node.type !== 'raw') throw bad(`a ${node.type}`)
  if (node.blockSizes.length !== links.length) throw bad('its sizes do not match its links')
  const children = links.map((link, i) => ({ cid: link.Hash, size: Number(node.blockSizes[i]) }))
  // nothing below an empty child counts against a limit: a few nodes that link to each other a thousand times would be walked for ever
  if (!children.every((child) => Number.isSafeInteger(child.size) && child.size > 0)) throw bad('a size is out of range')
  return { data: node.data ?? new Uint8Array(), children }
}

/** A link under one of these keys names what came before, not what a block consists of: walks do not follow it. */
const HISTORY = new Set(['prev', 'previous'])

/**
 * The CIDs that a block links to, in order (raw, dag-pb, dag-cbor). Links under a `prev` or `previous` key are history and left out:
 * pinning, moving or exporting a batch by its manifest takes the batch, not every batch before it.
 * Throws WireError NOT_A_NODE for bytes that their codec cannot read, or for an unknown codec.
 */
export function linksOf({ cid, bytes }: Block): CID[] {
  if (cid.code === RAW) return []
  try {
    if (cid.code === DAG_PB) return dagPb.decode(bytes).Links.map((link) => link.Hash)
    if (cid.code === DAG_CBOR) return [...linksIn(dagCbor.decode(bytes), 0)]
  } catch {
    throw new WireError('NOT_A_NODE', `block ${cid} is not what its codec says`)
  }
  throw new WireError('NOT_A_NODE', `block ${cid} has the unknown codec 0x${cid.code.toString(16)}`)
}

function* linksIn(value: unknown, depth: number): Generator<CID> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (depth > 64) throw new WireError('TOO_DEEP', 'nested deeper than 64')
  const link = CID.asCID(value)
  if (link !== null) yield link
  else if (Array.isArray(value)) for (const item of value) yield* linksIn(item, depth + 1)
  else for (const [key, item] of Object.entries(value)) if (!HISTORY.has(key)) yield* linksIn(item, depth + 1)
}
