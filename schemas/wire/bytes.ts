/** Canonical bytes: DAG-CBOR with strict decode, RFC 8785 JSON, and the CIDs of both. Everything signed or named goes through here. */
import { transcode } from 'node:buffer'
import { hash } from 'node:crypto'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { z } from 'zod'

export type { CID } from 'multiformats/cid'

const SHA2_256 = 0x12
/** Codecs of a CID: bytes as they are, DAG-CBOR, a UnixFS node. */
export const RAW = 0x55
export const DAG_CBOR = 0x71
export const DAG_PB = 0x70

export class WireError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'WireError'
    this.code = code
  }
}

export function sha256(...parts: Uint8Array[]): Uint8Array {
  return digestOf(parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts))
}

/** The same as hexadecimal text, for the keys of memories: no array is made on the way. */
export function sha256Hex(...parts: Uint8Array[]): string {
  return hash('sha256', parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts), 'hex')
}

/**
 * One call spares the object that create, update, digest make. And a digest of 32 bytes lies inside V8's heap, where the platform's own result
 * has memory of its own outside: asked for as text it costs a fifth, and leaves the collector nothing to sweep.
 */
function digestOf(bytes: Uint8Array, into = new Uint8Array(32)): Uint8Array {
  // Node takes every encoding of a buffer; its types name those for binary data only
  const text = hash('sha256', bytes, 'binary')
  for (let i = 0; i < 32; i++) into[i] = text.charCodeAt(i)
  return into
}

/** Most of what is hashed in parts is short: it is laid together here and read before anything else runs. */
const scratch = new Uint8Array(16 << 10)

function joined(parts: Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.byteLength
  if (length > scratch.byteLength) return concatBytes(...parts)
  let at = 0
  for (const part of parts) {
    scratch.set(part, at)
    at += part.byteLength
  }
  return scratch.subarray(0, length)
}

/** Version, codec, hash, and the length of the digest behind them: one byte each. */
const CID_HEAD = 4
const CID_BYTES = CID_HEAD + 32
/** Places for the bytes of the next CIDs. */
let places = new Uint8Array()

/**
 * A batch holds some CIDs for every page. The library makes three arrays for one, and two of them get memory of their own outside V8's heap;
 * here a hundred CIDs share theirs.
 */
function cidOf(codec: number, bytes: Uint8Array): CID {
  if (places.byteLength < CID_BYTES) places = new Uint8Array(CID_BYTES * 100)
  const cid = places.subarray(0, CID_BYTES)
  places = places.subarray(CID_BYTES)
  cid.set([1, codec, SHA2_256, CID_BYTES - CID_HEAD])
  const digest = digestOf(bytes, cid.subarray(CID_HEAD))
  return new CID(1, codec, new Digest.Digest(SHA2_256, digest.byteLength, digest, cid.subarray(CID_HEAD - 2)), cid)
}

/** CIDv1, raw codec, SHA-256 of the bytes: what names a record and a leaf. */
export const rawCid = (bytes: Uint8Array): CID => cidOf(RAW, bytes)
/** CIDv1, dag-cbor codec, of bytes that `encode` gave. */
export const cborCid = (bytes: Uint8Array): CID => cidOf(DAG_CBOR, bytes)
/** CIDv1, dag-pb codec: a UnixFS node. */
export const pbCid = (bytes: Uint8Array): CID => cidOf(DAG_PB, bytes)
export const parseCid = (text: string): CID => CID.parse(text)
/** Whether `bytes` are what `cid` names; only SHA-256 CIDs are known here, any other answers false. */
export function matchesCid(cid: CID, bytes: Uint8Array): boolean {
  return cid.multihash.code === SHA2_256 && equalBytes(cid.multihash.digest, sha256(bytes))
}

/** DAG-CBOR bytes of a plain value. Refuses floats and undefined, so nothing signed can hold either. */
export function encode(value: unknown): Uint8Array {
  refuseFloats(value, 0)
  return dagCbor.encode(value)
}

/**
 * Decodes DAG-CBOR that must be canonical: encoding the result again gives the same bytes.
 * Throws WireError TOO_LARGE, NOT_CBOR or NOT_CANONICAL.
 */
export function decode(bytes: Uint8Array, maxBytes = 1 << 20): unknown {
  if (bytes.byteLength > maxBytes) throw new WireError('TOO_LARGE', `${bytes.byteLength} bytes, at most ${maxBytes} are taken`)
  let value: unknown
  try {
    value = dagCbor.decode(bytes)
  } catch {
    throw new WireError('NOT_CBOR', 'not DAG-CBOR')
  }
  refuseFloats(value, 0)
  if (!equalBytes(dagCbor.encode(value), bytes)) throw new WireError('NOT_CANONICAL', 'DAG-CBOR is not in its canonical form')
  return value
}

/** Decodes and checks against a shape; throws WireError BAD_SHAPE naming the first wrong field. */
export function parse<T extends z.ZodType>(shape: T, bytes: Uint8Array, maxBytes?: number): z.infer<T> {
  return shaped(shape, decode(bytes, maxBytes))
}

export function shaped<T extends z.ZodType>(shape: T, value: unknown): z.infer<T> {
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new WireError('BAD_SHAPE', `${issue?.path.join('.') || 'object'}: ${issue?.message ?? 'wrong shape'}`)
}

function refuseFloats(value: unknown, depth: number): void {
  if (depth > 64) throw new WireError('TOO_DEEP', 'nested deeper than 64')
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new WireError('FLOAT', 'numbers on the wire are integers within 2^53')
  } else if (value === undefined) {
    throw new WireError('UNDEFINED', 'absent facts are null, never undefined')
  } else if (Array.isArray(value)) {
    for (const item of value) refuseFloats(item, depth + 1)
  } else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && CID.asCID(value) === null) {
    for (const key of Object.keys(value)) refuseFloats((value as Record<string, unknown>)[key], depth + 1)
  }
}

/** Canonical JSON (RFC 8785). Integers only; lone surrogates are refused because UTF-8 cannot say them. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new WireError('LONE_SURROGATE', 'text is not well-formed Unicode')
    return JSON.stringify(value)
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new WireError('FLOAT', 'numbers in a record are integers within 2^53')
    return String(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object') {
    const pairs = Object.entries(value as Record<string, unknown>).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${pairs.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  throw new WireError('NOT_JSON', `${typeof value} has no JSON form`)
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0
}

/** Byte order, as every sorted list on the wire uses. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

export const concatBytes = (...parts: Uint8Array[]): Uint8Array => joinBytes(parts)

/** The same of a list that somebody else made as long as they liked: as arguments it would be more than the stack takes. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.byteLength
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

const encoder = new TextEncoder()
/** Calling the platform's encoder costs more than a short text of ASCII does, which is what names, keys and domains are. */
const SHORT = 96

export function utf8(text: string): Uint8Array {
  if (text.length > SHORT) return encoder.encode(text)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return encoder.encode(text)
    bytes[i] = unit
  }
  return bytes
}

/** JSON lies here as UTF-16 while it is encoded; nearly every record fits. */
const units = Buffer.alloc(256 << 10)

/**
 * UTF-8 of JSON that comes in parts. JSON is well-formed Unicode, so it can go by way of UTF-16, which the platform turns into UTF-8 by blocks; its
 * encoder goes unit by unit, and takes five times as long for a page beyond Latin-1.
 */
export function jsonBytes(...parts: string[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const room = 2 * length > units.byteLength ? Buffer.allocUnsafe(2 * length) : units
  let at = 0
  for (const part of parts) at += room.write(part, at, 'utf16le')
  const bytes = transcode(room.subarray(0, at), 'utf16le', 'utf8')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
export const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, value)
  return out
}

/** A CIDv1 with SHA-256, of any module's copy of the class. */
export const cid = z.custom<CID>((value) => {
  const known = CID.asCID(value as CID)
  return known !== null && known.version === 1 && known.multihash.code === SHA2_256
}, 'must be a CIDv1 with SHA-256')
export const bytesOf = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.byteLength === length, `must be ${length} bytes`)
export const bytesUpTo = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.byteLength <= length, `must be bytes, at most ${length}`)
export const uint = z.int().min(0)
export const PPM = 1_000_000
export const ppm = z.int().min(0).max(PPM)
