/** Reads DAGs from a peer over `blocksProtocol`: few round trips, every block checked, nothing larger than was promised. */
import { type Block, type CID, fileNode, linksOf, matchesCid, RAW, readDag, WireError } from '../../schemas/wire/index.ts'
import { RejectedMessageError, RetryableError } from '../../core/errors/index.ts'

/** One question to one peer: blocks in the order asked, null for what it lacks. At most 256 CIDs and REPLY_BYTES at once; `most` bytes may come. */
export type AskBlocks = (cids: CID[], signal: AbortSignal, most: number) => Promise<(Uint8Array | null)[]>

const MAX_ASKED = 256
/** Who asks for several blocks asks for no more than this, and who answers gives as much. */
export const REPLY_BYTES = 11 << 20
const MAX_BLOCK_BYTES = 2 << 20
/** What an inner node may have: 1,024 links need some 60 KB. */
const NODE_BYTES = 128 << 10

/** A block to ask for, and the most bytes it may have. */
export interface Wanted {
  cid: CID
  most: number
}

export interface FetchOptions {
  /** Of all blocks together. */
  maxBytes: number
  signal: AbortSignal
  /** Blocks that are here already are read from here and not asked for again: a broken transfer goes on where it stopped. */
  have?: (cid: CID) => Promise<Uint8Array | undefined>
}

/**
 * The DAG below `root` (history links left out), in portions to be stored one after the other; the root comes in the first one.
 * Throws RetryableError BLOCK_UNAVAILABLE, RejectedMessageError CID_MISMATCH, TOO_LARGE, NOT_A_NODE or BAD_REPLY.
 */
export async function* fetchDag(ask: AskBlocks, root: CID, { maxBytes, signal, have }: FetchOptions): AsyncGenerator<Block[]> {
  const seen = new Set([root.toString()])
  let open: Wanted[] = [{ cid: root, most: MAX_BLOCK_BYTES }]
  let left = maxBytes
  while (open.length > 0) {
    const portion = portionOf(open)
    open = open.slice(portion.length)
    const blocks = await haveOrAsk(ask, portion, signal, have)
    const below: Wanted[] = []
    for (const block of blocks) {
      left -= block.bytes.byteLength
      if (left < 0)
        throw new RejectedMessageError('TOO_LARGE', `the DAG below ${root} has more than ${maxBytes} bytes`, {
          detail: { root: String(root) },
        })
      for (const next of wantedBelow(block)) {
        if (seen.has(next.cid.toString())) continue
        seen.add(next.cid.toString())
        below.push(next)
      }
    }
    open = [...below, ...open]
    yield blocks
  }
}

/** The bytes of one UnixFS file of at most `maxBytes`; errors are those of fetchDag, and NOT_A_FILE. */
export async function fetchFile(ask: AskBlocks, root: CID, options: FetchOptions): Promise<Uint8Array> {
  const blocks = new Map<string, Uint8Array>()
  // inner nodes of an honest file take a small part of the leaves' bytes
  const limit = options.maxBytes + Math.ceil(options.maxBytes / 16) + NODE_BYTES
  for await (const portion of fetchDag(ask, root, { ...options, maxBytes: limit }))
    for (const { cid, bytes } of portion) blocks.set(cid.toString(), bytes)
  try {
    return await readDag((cid) => Promise.resolve(blocks.get(cid.toString())), root, options.maxBytes)
  } catch (cause) {
    if (cause instanceof WireError) throw new RejectedMessageError(cause.code, cause.message, { cause })
    throw cause
  }
}

/** Asks for blocks whose sizes are known beforehand, in as few questions as fit. Order is kept. Errors are those of fetchDag. */
export async function fetchBlocks(ask: AskBlocks, wanted: Wanted[], signal: AbortSignal): Promise<Block[]> {
  const blocks: Block[] = []
  for (let rest = wanted; rest.length > 0; ) {
    const portion = portionOf(rest)
    rest = rest.slice(portion.length)
    blocks.push(...(await haveOrAsk(ask, portion, signal, undefined)))
  }
  return blocks
}

/** As many as a reply can hold when each is as large as it may be; one at least. */
function portionOf(wanted: Wanted[]): Wanted[] {
  let bytes = 0
  const end = wanted.findIndex((one, i) => {
    bytes += one.most
    return i === MAX_ASKED || (i > 0 && bytes > REPLY_BYTES)
  })
  return end < 0 ? wanted : wanted.slice(0, end)
}

async function haveOrAsk(ask: AskBlocks, portion: Wanted[], signal: AbortSignal, have: FetchOptions['have']): Promise<Block[]> {
  signal.throwIfAborted()
  const here = await Promise.all(portion.map(async ({ cid }) => have?.(cid)))
  const lacking = portion.filter((_, i) => here[i] === undefined)
  const answers =
    lacking.length === 0
      ? []
      : await ask(
          lacking.map(({ cid }) => cid),
          signal,
          lacking.reduce((sum, { most }) => sum + most, 0),
        )
  if (answers.length !== lacking.length)
    throw new RejectedMessageError('BAD_REPLY', `${answers.length} blocks came for ${lacking.length} asked`)
  let next = 0
  return portion.map((one, i) => ({ cid: one.cid, bytes: here[i] ?? accepted(one, answers[next++] ?? null) }))
}

function accepted({ cid, most }: Wanted, bytes: Uint8Array | null): Uint8Array {
  const detail = { cid: String(cid) }
  if (bytes === null) throw new RetryableError('BLOCK_UNAVAILABLE', `the peer did not give block ${cid}`, { detail })
  if (bytes.byteLength > most)
    throw new RejectedMessageError('TOO_LARGE', `block ${cid} has ${bytes.byteLength} bytes, at most ${most} were promised`, { detail })
  if (!matchesCid(cid, bytes)) throw new RejectedMessageError('CID_MISMATCH', `the peer gave other bytes than ${cid} names`, { detail })
  return bytes
}

function wantedBelow(block: Block): Wanted[] {
  try {
    if (block.cid.code !== RAW) return sizedLinks(block) ?? linksOf(block).map((cid) => ({ cid, most: MAX_BLOCK_BYTES }))
    return []
  } catch (cause) {
    if (cause instanceof WireError) throw new RejectedMessageError(cause.code, cause.message, { cause })
    throw cause
  }
}

/** A file's node promises the size of each leaf; undefined for any other block. */
function sizedLinks(block: Block): Wanted[] | undefined {
  try {
    return fileNode(block.cid, block.bytes).children.map(({ cid, size }) => ({
      cid,
      most: Math.min(cid.code === RAW ? size : NODE_BYTES, MAX_BLOCK_BYTES),
    }))
  } catch {
    return undefined
  }
}
