/** Keys of signed notes: verifier keys as text (`name+hex id+base64`), and signers made from whatever holds the private key. */
import { hash } from 'node:crypto'
import { InvalidInputError } from '../../core/errors/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { concatBytes, utf8 } from '../../schemas/wire/index.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** Type bytes of signed-note that are made and checked here: plain Ed25519, and timestamped Ed25519 cosignatures. */
export const SIGNATURE_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const
export type SignatureType = (typeof SIGNATURE_TYPES)[keyof typeof SIGNATURE_TYPES]

/** A verifier key: who may be believed, and for what kind of statement. */
export interface NoteKey {
  name: string
  /** 32-bit key ID, big-endian in signature lines. */
  id: number
  type: SignatureType
  /** 32 bytes. */
  publicKey: Uint8Array
}

/** A verifier key together with the private half. */
export interface NoteSigner {
  key: NoteKey
  /** Raw Ed25519, 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array
}

const MAX_VKEY = 512
/** Unicode White_Space by list, so that no engine's Unicode version decides what a name is; control characters; and the plus sign. */
// oxlint-disable-next-line no-control-regex
const NOT_IN_NAMES = /[\u0000-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000+]/

/** Non-empty, without Unicode spaces, control characters or plus. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !NOT_IN_NAMES.test(name)
}

/** The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), big-endian. */
function keyId(name: string, type: number, publicKey: Uint8Array): number {
  return hash('sha256', concatBytes(utf8(`${name}\n`), Uint8Array.of(type), publicKey), 'buffer').readUInt32BE(0)
}

/** Throws InvalidInputError BAD_KEY_NAME or BAD_VKEY. */
export function noteKey(name: string, type: SignatureType, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new InvalidInputError('BAD_KEY_NAME', 'a key name is not empty and has no spaces and no plus')
  if (publicKey.byteLength !== 32) throw new InvalidInputError('BAD_VKEY', 'an Ed25519 public key has 32 bytes')
  return { name, id: keyId(name, type, publicKey), type, publicKey }
}

/** Signs notes under a name: `ed25519` as a log does, `cosignature` as a witness or a mirror does. One key per cosigner: the format does not sign the name. */
export function noteSigner(name: string, type: SignatureType, signer: Pick<Signer, 'publicKey' | 'sign'>): NoteSigner {
  return { key: noteKey(name, type, signer.publicKey), sign: (bytes) => signer.sign(bytes) }
}

export function formatVkey({ name, id, type, publicKey }: NoteKey): string {
  return `${name}+${hexId(id)}+${encodeBase64(concatBytes(Uint8Array.of(type), publicKey))}`
}

/**
 * Reads a verifier key, from the left because base64 may hold a plus. The key ID must be the recommended hash.
 * Throws InvalidInputError BAD_VKEY, or UNSUPPORTED_KEY for signature types other than 0x01 and 0x04.
 */
export function parseVkey(vkey: string): NoteKey {
  const [name, id, material] = parseParts(vkey, 'BAD_VKEY')
  const [type, publicKey] = [material[0] as number, material.slice(1)]
  if (type !== SIGNATURE_TYPES.ed25519 && type !== SIGNATURE_TYPES.cosignature)
    throw new InvalidInputError('UNSUPPORTED_KEY', `signature type 0x${type.toString(16).padStart(2, '0')} is not supported`)
  if (publicKey.byteLength !== 32 || hexId(keyId(name, type, publicKey)) !== id)
    throw new InvalidInputError('BAD_VKEY', 'the key ID is not that of this name and key')
  return noteKey(name, type, publicKey)
}

/** Reads a signer key as Go's sumdb/note writes it: `PRIVATE+KEY+name+hex id+base64(type ‖ seed)`. Throws InvalidInputError BAD_SKEY. */
export function parseSkey(skey: string): NoteSigner {
  const prefix = 'PRIVATE+KEY+'
  if (!skey.startsWith(prefix)) throw new InvalidInputError('BAD_SKEY', 'a signer key begins with PRIVATE+KEY+')
  const [name, id, material] = parseParts(skey.slice(prefix.length), 'BAD_SKEY')
  if (material.byteLength !== 33 || material[0] !== SIGNATURE_TYPES.ed25519) throw new InvalidInputError('BAD_SKEY', 'not an Ed25519 key')
  const signer = noteSigner(name, SIGNATURE_TYPES.ed25519, keyFromSeed(material.slice(1)))
  if (hexId(signer.key.id) !== id) throw new InvalidInputError('BAD_SKEY', 'the key ID is not that of this name and key')
  return signer
}

function parseParts(text: string, code: string): [name: string, id: string, material: Uint8Array] {
  const match = text.length <= MAX_VKEY ? /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) : null
  const material = match && decodeBase64(match[3] as string)
  if (!match || !material || material.byteLength < 2 || !isKeyName(match[1] as string))
    throw new InvalidInputError(code, 'a key is written name+8 hex digits+base64')
  return [match[1] as string, match[2] as string, material]
}

const hexId = (id: number): string => id.toString(16).padStart(8, '0')
