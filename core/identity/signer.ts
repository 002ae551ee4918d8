/** One Ed25519 key that signs. The private half stays inside; only `seedOf` in this room reads it back, to give libp2p its key. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { didFromPublicKey, peerFromDid } from '../../schemas/wire/index.ts'
import { InvalidInputError } from '../errors/index.ts'

export interface Signer {
  /** did:key: the account that entries carry. */
  readonly did: string
  /** The same key as libp2p prints it. */
  readonly peer: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Ed25519 (RFC 8032): 64 bytes, always the same for the same bytes. Callers add a domain first: see `core/envelope`. */
  sign(bytes: Uint8Array): Uint8Array
}

/** DER before the 32 seed bytes in PKCS#8 (RFC 8410), and before the 32 key bytes in SPKI. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_BYTES = 12

const seeds = new WeakMap<Signer, Uint8Array>()

/** A new key from the platform's secure randomness. */
export function generateKey(): Signer {
  return signerOf(generateKeyPairSync('ed25519').privateKey)
}

/** The key of a 32-byte seed (RFC 8032): for tests and the simulated world, where runs must repeat. Throws InvalidInputError BAD_SEED. */
export function keyFromSeed(seed: Uint8Array): Signer {
  if (seed.byteLength !== 32) throw new InvalidInputError('BAD_SEED', `a key seed is 32 bytes, not ${seed.byteLength}`)
  return signerOf(createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }))
}

/** Wraps a private KeyObject. Throws InvalidInputError NOT_ED25519 for any other kind of key. */
export function signerOf(key: KeyObject): Signer {
  if (key.asymmetricKeyType !== 'ed25519') throw new InvalidInputError('NOT_ED25519', 'only Ed25519 keys are used here')
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(spki.subarray(SPKI_BYTES))
  const did = didFromPublicKey(publicKey)
  const signer: Signer = Object.freeze({
    did,
    peer: peerFromDid(did),
    publicKey,
    sign: (bytes: Uint8Array) => new Uint8Array(sign(null, bytes, key)),
  })
  seeds.set(signer, new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8.byteLength)))
  return signer
}

/** The secret seed; stays in this room. */
export function seedOf(signer: Signer): Uint8Array {
  const seed = seeds.get(signer)
  if (seed === undefined) throw new InvalidInputError('FOREIGN_SIGNER', 'this signer was not made by core/identity and has no seed to read')
  return seed
}
