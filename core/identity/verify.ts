/** Ed25519 verification with remembered public keys: importing one costs about half as much as the verification itself. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { publicKeyFromDid } from '../../schemas/wire/index.ts'
import { Lru } from '../cache/index.ts'

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const keys = new Lru<string, KeyObject>(4096)

function keyOf(who: Uint8Array | string): KeyObject {
  const id = typeof who === 'string' ? who : Buffer.from(who.buffer, who.byteOffset, who.byteLength).toString('latin1')
  return keys.recall(id, () => {
    const raw = typeof who === 'string' ? publicKeyFromDid(who) : who
    return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
  })
}

/** Whether `signature` (64 bytes) by `who` (32 key bytes, or a did:key) covers exactly `bytes`. Anything malformed is false, never an error. */
export function verifySignature(who: Uint8Array | string, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.byteLength !== 64 || (typeof who !== 'string' && who.byteLength !== 32)) return false
  try {
    return verify(null, bytes, keyOf(who), signature)
  } catch {
    return false
  }
}
