/** What both storages do with blocks: check, walk, read, move. */
import { type Block, type CID, chunkFile, linksOf, matchesCid, readDag, WireError } from '../../schemas/wire/index.ts'
import { FatalError, RejectedMessageError } from '../errors/index.ts'
import type { OwnSpace, Space } from './storage.ts'

/** Bitswap's and our own limit for one block. */
export const MAX_BLOCK_BYTES = 2 << 20

const RAW = 0x55
/** Leaves read at once: at most 16 MiB. */
const AT_ONCE = 16

/** One key per content: the codec is not part of it, as in every IPFS blockstore. */
export const blockKey = (cid: CID): string => Buffer.from(cid.multihash.bytes).toString('latin1')

/** The blocks, when every one of them is what its CID names. */
export function checked(blocks: Iterable<Block>): Block[] {
  const list = [...blocks]
  for (const { cid, bytes } of list) {
    if (bytes.byteLength > MAX_BLOCK_BYTES)
      throw new RejectedMessageError('TOO_LARGE', `a block has at most ${MAX_BLOCK_BYTES} bytes`, { detail: { cid: String(cid) } })
    if (!matchesCid(cid, bytes))
      throw new RejectedMessageError('CID_MISMATCH', `bytes do not hash to ${cid}`, { detail: { cid: String(cid) } })
  }
  return list
}

/** The DAG below `root`, depth first, each block once. Throws FatalError BLOCK_MISSING, RejectedMessageError NOT_A_NODE. */
export async function* walkDag(source: Pick<Space, 'get'>, root: CID): AsyncGenerator<Block> {
  const walk = new Walk(root)
  for (let cids = walk.next(AT_ONCE); cids.length > 0; cids = walk.next(AT_ONCE)) {
    const found = await Promise.all(cids.map((cid) => source.get(cid)))
    for (const [i, cid] of cids.entries()) {
      const bytes = found[i]
      if (bytes === undefined) throw missing(cid, root)
      yield { cid, bytes }
      walk.push({ cid, bytes })
    }
  }
}

/** The same walk for whoever needs the names alone: leaves are looked for but not read. */
export async function* walkCids(source: Pick<Space, 'get' | 'has'>, root: CID): AsyncGenerator<CID> {
  const walk = new Walk(root)
  for (let [cid] = walk.next(1); cid !== undefined; [cid] = walk.next(1)) {
    const bytes = cid.code === RAW ? undefined : await source.get(cid)
    if (bytes === undefined && !(cid.code === RAW && (await source.has(cid)))) throw missing(cid, root)
    yield cid
    if (bytes !== undefined) walk.push({ cid, bytes })
  }
}

/** What is still to visit, and what was. */
class Walk {
  readonly #seen = new Set<string>()
  readonly #open: CID[]

  constructor(root: CID) {
    this.#open = [root]
  }

  /** The next node, or up to `most` leaves that follow each other: leaves put nothing on the stack, so they may be read at once. */
  next(most: number): CID[] {
    const cids: CID[] = []
    while (cids.length < most) {
      const cid = this.#open.at(-1)
      if (cid === undefined || (cids.length > 0 && cid.code !== RAW)) break
      this.#open.pop()
      const key = `${cid.code} ${blockKey(cid)}`
      if (this.#seen.has(key)) continue
      this.#seen.add(key)
      cids.push(cid)
      if (cid.code !== RAW) break
    }
    return cids
  }

  push(block: Block): void {
    this.#open.push(...linksOfChecked(block).toReversed())
  }
}

/** `linksOf` for a block that a stranger made: throws RejectedMessageError NOT_A_NODE. */
export function linksOfChecked(block: Block): CID[] {
  try {
    return linksOf(block)
  } catch (cause) {
    if (cause instanceof WireError) throw new RejectedMessageError(cause.code, cause.message, { cause })
    throw cause
  }
}

export const missing = (cid: CID, root: CID): FatalError =>
  new FatalError('BLOCK_MISSING', `block ${cid} below ${root} is not here; fetch the DAG first`, {
    detail: { cid: String(cid), root: String(root) },
  })

/**
 * Bytes of a UnixFS file that lies whole in a space; `maxBytes` bounds what is read.
 * Throws FatalError BLOCK_MISSING, RejectedMessageError CID_MISMATCH, TOO_LARGE, TOO_DEEP or NOT_A_FILE.
 */
export async function readFile(space: Pick<Space, 'get'>, root: CID, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readDag((cid) => space.get(cid), root, maxBytes)
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause
    const Class = cause.code === 'BLOCK_MISSING' ? FatalError : RejectedMessageError
    throw new Class(cause.code, cause.message, { cause, detail: { root: String(root) } })
  }
}

/** Stores bytes as a file of the named profile; gives its CID. Pins nothing. */
export async function putFile(space: Pick<Space, 'put'>, bytes: Uint8Array): Promise<CID> {
  const { root, blocks } = chunkFile(bytes)
  await space.put(blocks)
  return root
}

/** Adds up what a stranger sends; throws RejectedMessageError TOO_LARGE beyond `maxBytes`. */
export class Budget {
  #left: number
  readonly #root: CID
  readonly #maxBytes: number

  constructor(root: CID, maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#root = root
    this.#maxBytes = maxBytes
    this.#left = maxBytes
  }

  spend(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0)
      throw new RejectedMessageError('TOO_LARGE', `the DAG below ${this.#root} has more than ${this.#maxBytes} bytes`, {
        detail: { root: String(this.#root), maxBytes: this.#maxBytes },
      })
  }
}

const COPY_BYTES = 2 << 20

/**
 * Copies, pins, and only then lets go: a crash at any point leaves the DAG whole and pinned in at least one space, and a repeat finishes
 * the move. A DAG that is pinned in the public space already is merely dropped from the private one.
 */
export async function move(from: OwnSpace, to: OwnSpace, root: CID): Promise<void> {
  if (!(await to.isPinned(root))) {
    let part: Block[] = []
    let bytes = 0
    for await (const block of walkDag(from, root)) {
      part.push(block)
      bytes += block.bytes.byteLength
      if (bytes < COPY_BYTES) continue
      await to.put(part)
      part = []
      bytes = 0
    }
    await to.put(part)
    await to.pin(root, (await from.metadata(root)) ?? {})
  }
  await from.drop(root)
}
