/** Manifest and receipt of each contribution held: what consent is checked against at every question. Sealed under a key that only the share table has. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import {
  bytesUpTo,
  type CID,
  concatBytes,
  countShare,
  type CountShare,
  encode,
  MAX_POOL_MANIFEST_BYTES,
  MAX_RECEIPT_BYTES,
  parse,
  type PoolManifest,
  poolManifest,
  sha256,
  toHex,
  utf8,
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
    await this.#kv.put(nameOf(manifest), seal(encode({ manifest: encode(value), receipt }), key, manifest.bytes))
  }

  /** Throws FatalError PAPERS_LOST where they are not what the table says. */
  async get(manifest: CID, key: Uint8Array): Promise<Papers> {
    const stored = await this.#kv.get(nameOf(manifest))
    try {
      if (stored === undefined) throw new RangeError('missing')
      const plain = open(stored, key, manifest.bytes)
      const read = parse(shape, plain, plain.byteLength)
      return { manifest: parse(poolManifest, read.manifest, MAX_POOL_MANIFEST_BYTES), receipt: read.receipt }
    } catch (cause) {
      throw new FatalError('PAPERS_LOST', `the papers of ${manifest} are missing or damaged; its contributor can offer it again`, { cause })
    }
  }

  /** An aggregator's part of what its subject counts: gone with the same key. */
  async putCounts(manifest: CID, key: Uint8Array, counts: CountShare): Promise<void> {
    await this.#kv.put(countsOf(manifest), seal(encode(counts), key, countsBound(manifest)))
  }

  /** Undefined where none was dealt, or it is damaged: then this person is not counted. */
  async countsOf(manifest: CID, key: Uint8Array): Promise<CountShare | undefined> {
    const stored = await this.#kv.get(countsOf(manifest))
    try {
      return stored && parse(countShare, open(stored, key, countsBound(manifest)), stored.byteLength)
    } catch {
      return undefined
    }
  }

  async delete(manifest: CID): Promise<void> {
    await this.#kv.delete(countsOf(manifest))
    await this.#kv.delete(nameOf(manifest))
  }
}

const nameOf = (manifest: CID): string => `papers/${toHex(manifest.multihash.digest)}`
const countsOf = (manifest: CID): string => `counts/${toHex(manifest.multihash.digest)}`
const countsBound = (manifest: CID): Uint8Array => concatBytes(utf8('quern/counts/v1\0'), manifest.bytes)

function seal(plain: Uint8Array, key: Uint8Array, bound: Uint8Array): Uint8Array {
  const nonce = sha256(key, plain).subarray(0, NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(bound)
  return concatBytes(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag())
}

/** Throws what the cipher says of other bytes. */
function open(stored: Uint8Array, key: Uint8Array, bound: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, stored.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(bound)
  decipher.setAuthTag(stored.subarray(-TAG_BYTES))
  return concatBytes(decipher.update(stored.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final())
}
