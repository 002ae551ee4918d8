/** Ed25519 verification with remembered public keys: importing one costs about half as much as the verification itself. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { publicKeyFromDid, sha256Hex } from '../../schemas/wire/index.ts'
import { Lru } from '../../schemas/cache/index.ts'

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')
const keys = new Lru<string, KeyObject>(4096)

function keyOf(who: Uint8Array | string): KeyObject {
  const id = typeof who === 'string' ? who : Buffer.from(who.buffer, who.byteOffset, who.byteLength).toString('latin1')
  return keys.recall(id, () => {
    const raw = typeof who === 'string' ? publicKeyFromDid(who) : who
    return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' })
  })
}

/**
 * Signatures that held, by key, bytes and signature: validators see one cosignature in every note it was added to, and replicas of one process the
 * same statements. Only good ones, so nobody can flush them with garbage.
 */
const held = new Lru<string, true>(8192)

/** Whether `signature` (64 bytes) by `who` (32 key bytes, or a did:key) covers exactly `bytes`. Anything malformed is false, never an error. */
export function verifySignature(who: Uint8Array | string, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (signature.byteLength !== 64 || (typeof who !== 'string' && who.byteLength !== 32)) return false
  try {
    // 32 and 64 bytes before the rest: no two cases are spelled the same
    const key = sha256Hex(typeof who === 'string' ? publicKeyFromDid(who) : who, signature, bytes)
    if (held.get(key) === true) return true
    const holds = verify(null, bytes, keyOf(who), signature)
    if (holds) held.set(key, true)
    return holds
  } catch {
    return false
  }
}
