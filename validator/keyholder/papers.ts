/** Manifest and receipt of each contribution held: what consent is checked against at every question. Sealed under a key that only the share table has. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import {
  bytesUpTo,
  type CID,
  concatBytes,
  encode,
  MAX_POOL_MANIFEST_BYTES,
  MAX_RECEIPT_BYTES,
  parse,
  type PoolManifest,
  poolManifest,
  sha256,
  toHex,
} from '../../schemas/wire/index.ts'

export interface Papers {
  manifest: PoolManifest
  receipt: string
}

const shape = z.strictObject({ manifest: bytesUpTo(MAX_POOL_MANIFEST_BYTES), receipt: z.string().max(MAX_RECEIPT_BYTES) })
const TAG_BYTES = 16
/** Each version of the papers has its own nonce, by what it says: a renewal writes other bytes under the same key. */
const NONCE_BYTES = 12

export class PaperBox {
  readonly #kv: Kv

  constructor(kv: Kv) {
    this.#kv = kv
  }

  async put(manifest: CID, key: Uint8Array, { manifest: value, receipt }: Papers): Promise<void> {
    const plain = encode({ manifest: encode(value), receipt })
    const nonce = sha256(key, plain).subarray(0, NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    cipher.setAAD(manifest.bytes)
    await this.#kv.put(nameOf(manifest), concatBytes(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()))
  }

  /** Throws FatalError PAPERS_LOST where they are not what the table says. */
  async get(manifest: CID, key: Uint8Array): Promise<Papers> {
    const stored = await this.#kv.get(nameOf(manifest))
    try {
      if (stored === undefined) throw new RangeError('missing')
      const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(manifest.bytes)
      decipher.setAuthTag(stored.subarray(-TAG_BYTES))
      const plain = concatBytes(decipher.update(stored.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final())
      const read = parse(shape, plain, plain.byteLength)
      return { manifest: parse(poolManifest, read.manifest, MAX_POOL_MANIFEST_BYTES), receipt: read.receipt }
    } catch (cause) {
      throw new FatalError('PAPERS_LOST', `the papers of ${manifest} are missing or damaged; its contributor can offer it again`, { cause })
    }
  }

  delete(manifest: CID): Promise<void> {
    return this.#kv.delete(nameOf(manifest))
  }
}

const nameOf = (manifest: CID): string => `papers/${toHex(manifest.multihash.digest)}`
