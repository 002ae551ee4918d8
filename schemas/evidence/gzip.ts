/** gzip members, one by one (RFC 1952): where each ends, what it may grow to, and nothing between them. */
import { crc32, gzipSync, inflateRawSync } from 'node:zlib'
import { concatBytes, WireError } from '../wire/index.ts'

const HEADER = 10
const TRAILER = 8
/** A fifth to a third less time than level 4 for 5 to 6 in a hundred more bytes; the table is in docs/decisions/replay-path.md. */
const LEVEL = 2
/** zlib writes into buffers of this size, 16 KiB unless told: five of them for a record of a few KiB are garbage that the collector does not feel. */
const MIN_CHUNK = 256
const MAX_CHUNK = 16 << 10
/** Up to this size a small window and hash table find the same matches, and setting them up is half the work. */
const SMALL = 1024

/** One member without name, time or extra field. Its bytes may differ between zlib versions: they are transport, never compared. */
export function gzipMember(bytes: Uint8Array): Uint8Array {
  const chunkSize = Math.min(MAX_CHUNK, Math.max(MIN_CHUNK, bytes.byteLength >> 2))
  // the largest tables: a page is one block then, with one set of codes
  const tables = bytes.byteLength <= SMALL ? { windowBits: 10, memLevel: 4 } : { memLevel: 9 }
  return new Uint8Array(gzipSync(bytes, { level: LEVEL, chunkSize, ...tables }))
}

/** The same of bytes that are compressed already, as they are: every level searches them for long and finds next to nothing. */
export function storedMember(bytes: Uint8Array): Uint8Array {
  // zlib adds five bytes to each 64 KiB: with room for them it fills one buffer, not a second as large
  const chunkSize = bytes.byteLength + (bytes.byteLength >> 12) + MIN_CHUNK
  return new Uint8Array(gzipSync(bytes, { level: 0, chunkSize }))
}

const NEWLINE = Uint8Array.of(0x0a)

/** A record as it lies in `records.jsonl.gz`: with its newline, one member. */
export const recordMember = (record: Uint8Array): Uint8Array => gzipMember(concatBytes(record, NEWLINE))

/**
 * Inflates the member that starts at `offset`, to `maxBytes` at most.
 * Throws WireError NOT_GZIP (also a wrong checksum or optional fields) or BOMB.
 */
export function readMember(packed: Uint8Array, offset: number, maxBytes: number): { bytes: Uint8Array; end: number } {
  const [magic1, magic2, method, flags] = packed.subarray(offset, offset + 4)
  if (magic1 !== 0x1f || magic2 !== 0x8b || method !== 8 || flags !== 0) throw new WireError('NOT_GZIP', 'not a plain gzip member')
  const { bytes, consumed } = inflate(packed.subarray(offset + HEADER), maxBytes)
  const trailer = offset + HEADER + consumed
  if (trailer + TRAILER > packed.byteLength) throw new WireError('NOT_GZIP', 'a gzip member is cut off')
  const view = new DataView(packed.buffer, packed.byteOffset + trailer, TRAILER)
  if (view.getUint32(0, true) !== crc32(bytes) || view.getUint32(4, true) !== bytes.byteLength)
    throw new WireError('NOT_GZIP', 'a gzip member fails its checksum')
  return { bytes, end: trailer + TRAILER }
}

function inflate(packed: Uint8Array, maxBytes: number): { bytes: Uint8Array; consumed: number } {
  try {
    const result = inflateRawSync(packed, { maxOutputLength: Math.max(1, maxBytes), info: true }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    return {
      bytes: new Uint8Array(result.buffer.buffer, result.buffer.byteOffset, result.buffer.byteLength),
      consumed: result.engine.bytesWritten,
    }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new WireError('BOMB', `unpacks to more than ${maxBytes} bytes`)
    throw new WireError('NOT_GZIP', 'deflate data is broken')
  }
}
