/**
 * Sealed frames in a file: u32be(length) ‖ nonce12 ‖ AES-256-GCM ‖ tag16. A frame's place is part of what is authenticated, so frames cannot be moved,
 * dropped from the middle or taken from another generation; a torn one at the end is seen as torn.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { concatBytes, u32, utf8 } from '../../schemas/wire/index.ts'

const [NONCE_BYTES, TAG_BYTES] = [12, 16]
/** Far above what is written at once. */
const MAX_FRAME_BYTES = 32 << 20

export interface Place {
  generation: number
  file: 'base' | 'journal'
  index: number
  /** The last frame of a base file says so. */
  last: boolean
}

const placeBytes = ({ generation, file, index, last }: Place): Uint8Array =>
  concatBytes(utf8(`quern/share-table/v1\0${file}\0`), u32(generation), u32(index), Uint8Array.of(last ? 1 : 0))

export function sealFrame(plain: Uint8Array, key: Uint8Array, place: Place): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(placeBytes(place))
  const body = concatBytes(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
  return concatBytes(u32(body.byteLength), body)
}

/** What a frame holds; undefined where it is not whole, or not of this place. `body` is what follows the length. */
export function openFrame(body: Uint8Array, key: Uint8Array, place: Place): Uint8Array | undefined {
  const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(placeBytes(place))
  decipher.setAuthTag(body.subarray(-TAG_BYTES))
  try {
    return concatBytes(decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final())
  } catch {
    return undefined
  }
}

/** The frames of a file one after the other, each with where it ends; a last one that is cut off is left out. */
export async function* readFrames(handle: FileHandle): AsyncGenerator<{ body: Uint8Array; end: number }> {
  const head = new Uint8Array(4)
  for (let at = 0; ; ) {
    if ((await handle.read(head, 0, 4, at)).bytesRead < 4) return
    const length = new DataView(head.buffer).getUint32(0)
    if (length < NONCE_BYTES + TAG_BYTES || length > MAX_FRAME_BYTES) return
    const body = new Uint8Array(length)
    if ((await handle.read(body, 0, length, at + 4)).bytesRead < length) return
    at += 4 + length
    yield { body, end: at }
  }
}
