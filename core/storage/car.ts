/**
 * CARv1 (ipld.io/specs/transport/car/carv1): a header that names the roots, then every block behind its CID.
 * Read by hand and not with @ipld/car, whose reader takes any length a stranger writes and has no limit to set.
 */
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { varint } from 'multiformats'
import { type Block, cid as cidShape, concatBytes } from '../../schemas/wire/index.ts'
import { RejectedMessageError } from '../errors/index.ts'
import { MAX_BLOCK_BYTES } from './blocks.ts'

const MAX_HEADER_BYTES = 64 << 10
const MAX_CID_BYTES = 64

function framed(...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.byteLength, 0)
  return concatBytes(varint.encodeTo(length, new Uint8Array(varint.encodingLength(length))), ...parts)
}

export async function* writeCar(roots: CID[], blocks: AsyncIterable<Block> | Iterable<Block>): AsyncGenerator<Uint8Array> {
  yield framed(dagCbor.encode({ version: 1, roots }))
  for await (const { cid, bytes } of blocks) yield framed(cid.bytes, bytes)
}

export interface Car {
  roots: CID[]
  /** In file order, not checked against their CIDs yet. */
  blocks: AsyncIterable<Block>
}

/** Reads the header; the blocks follow as they are asked for, one in memory at a time. Throws RejectedMessageError BAD_CAR or TOO_LARGE. */
export async function readCar(bytes: AsyncIterable<Uint8Array>): Promise<Car> {
  const frames = framesOf(bytes)
  const header = await frames.next()
  if (header.done === true) throw bad('it is empty')
  return { roots: rootsOf(header.value), blocks: blocksOf(frames) }
}

function rootsOf(header: Uint8Array): CID[] {
  let value: unknown
  try {
    value = dagCbor.decode(header)
  } catch {
    throw bad('its header is not DAG-CBOR')
  }
  const { version, roots } = (value ?? {}) as { version?: unknown; roots?: unknown }
  if (version !== 1) throw bad('only version 1 is read here')
  if (!Array.isArray(roots) || roots.length === 0 || !roots.every((root) => cidShape.safeParse(root).success))
    throw bad('it names no root that is a CIDv1 with SHA-256')
  return roots as CID[]
}

async function* blocksOf(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Block> {
  for await (const frame of frames) {
    let head: { cid: CID; length: number }
    try {
      head = cidAt(frame)
    } catch {
      throw bad('a block does not begin with a CIDv1')
    }
    if (!cidShape.safeParse(head.cid).success) throw bad('a block is not named by SHA-256')
    yield { cid: head.cid, bytes: frame.subarray(head.length) }
  }
}

function cidAt(frame: Uint8Array): { cid: CID; length: number } {
  const inspected = CID.inspectBytes(frame.subarray(0, MAX_CID_BYTES))
  const bytes = frame.subarray(0, inspected.size)
  if (inspected.version !== 1 || bytes.byteLength !== inspected.size) throw bad('a CID is cut short')
  const digest = Digest.decode(bytes.subarray(inspected.size - inspected.multihashSize))
  return { cid: CID.createV1(inspected.codec, digest), length: inspected.size }
}

/** The varint-framed sections. The first is the header and has the smaller limit. */
async function* framesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = new Uint8Array()
  let wanted: number | undefined
  let limit = MAX_HEADER_BYTES
  for await (const chunk of chunks) {
    held = held.byteLength === 0 ? chunk.slice() : new Uint8Array(concatBytes(held, chunk))
    for (;;) {
      if (wanted === undefined) {
        const length = lengthAt(held)
        if (length === undefined) break
        if (length.value > limit)
          throw new RejectedMessageError('TOO_LARGE', `a section of the CAR file claims ${length.value} bytes, at most ${limit} are taken`)
        if (length.value === 0) throw bad('a section is empty')
        wanted = length.value
        held = held.subarray(length.size)
      }
      if (held.byteLength < wanted) break
      yield held.slice(0, wanted)
      held = held.subarray(wanted)
      wanted = undefined
      limit = MAX_BLOCK_BYTES + MAX_CID_BYTES
    }
  }
  if (held.byteLength > 0 || wanted !== undefined) throw bad('it ends inside a section')
}

/** The varint at the start, undefined while it is not whole. */
function lengthAt(bytes: Uint8Array): { value: number; size: number } | undefined {
  const end = bytes.subarray(0, 9).findIndex((byte) => byte < 0x80)
  if (end < 0) {
    if (bytes.byteLength >= 9) throw bad('a length has no end')
    return undefined
  }
  const [value, size] = varint.decode(bytes.subarray(0, end + 1))
  return { value, size }
}

const bad = (why: string): RejectedMessageError => new RejectedMessageError('BAD_CAR', `not a CAR file that can be taken: ${why}`)
