/**
 * One sealed chunk: events as lines of canonical JSON, packed by gzip, padded so that its length says little, sealed by AES-256-GCM under a key
 * that is used for nothing else.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { RejectedMessageError } from '../../core/errors/index.ts'
import { concatBytes, u32 } from '../../schemas/wire/index.ts'

/** Of the lines of one chunk, before packing. */
export const MAX_CHUNK_LINES_BYTES = 1_000_000
/** Above what such lines become when they do not pack at all. */
export const MAX_SEALED_BYTES = 1_114_112
const TAG_BYTES = 16
/** Fixed, because no key seals twice. */
const NONCE = new Uint8Array(12)

/** Padmé (PURBs, 2019): the length is rounded up so that it tells O(log log length) bits, for 12 % more at most. */
export function padme(length: number): number {
  if (length < 2) return length
  const exponent = 31 - Math.clz32(length)
  const bits = exponent - (32 - Math.clz32(exponent))
  const mask = (1 << bits) - 1
  return (length + mask) & ~mask
}

/** u32be(packed length) ‖ packed ‖ zeros, sealed; the additional data is context ‖ u32be(i), so a chunk fits only in its place. */
export function sealChunk(lines: Uint8Array, key: Uint8Array, context: Uint8Array, i: number): Uint8Array {
  const packed = gzipSync(lines, { level: 6 })
  const padded = new Uint8Array(padme(4 + packed.byteLength))
  padded.set(u32(packed.byteLength))
  padded.set(packed, 4)
  const cipher = createCipheriv('aes-256-gcm', key, NONCE)
  cipher.setAAD(concatBytes(context, u32(i)))
  return concatBytes(cipher.update(padded), cipher.final(), cipher.getAuthTag())
}

/** The lines again. Throws RejectedMessageError CHUNK_UNREADABLE: another key, another place, or bytes that were changed. */
export function openChunk(sealed: Uint8Array, key: Uint8Array, context: Uint8Array, i: number): Uint8Array {
  try {
    if (sealed.byteLength > MAX_SEALED_BYTES) throw new RangeError('too large')
    const decipher = createDecipheriv('aes-256-gcm', key, NONCE, { authTagLength: TAG_BYTES })
    decipher.setAAD(concatBytes(context, u32(i)))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const padded = concatBytes(decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final())
    const length = new DataView(padded.buffer).getUint32(0)
    const end = 4 + length
    if (end > padded.byteLength || padme(end) !== padded.byteLength || padded.subarray(end).some((byte) => byte !== 0))
      throw new RangeError('padding')
    return new Uint8Array(gunzipSync(padded.subarray(4, end), { maxOutputLength: MAX_CHUNK_LINES_BYTES }))
  } catch (cause) {
    throw new RejectedMessageError('CHUNK_UNREADABLE', `chunk ${i} does not open with this key`, { cause, detail: { chunk: i } })
  }
}
