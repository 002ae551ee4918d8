/** C2SP signed-note: text signed by one or more named keys. https://c2sp.org/signed-note */
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import { verifySignature } from '../../core/identity/index.ts'
import { equalBytes, toHex, utf8 } from '../../schemas/wire/index.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { isKeyName, type NoteKey, type NoteSigner, SIGNATURE_TYPES } from './note-key.ts'

/** Notes above this are refused before anything else: room for a few hundred Ed25519 cosignatures. */
export const MAX_NOTE_BYTES = 64 << 10
/** The format asks for 16 at least. */
const MAX_NOTE_SIGNATURES = 512

export interface NoteSignature {
  name: string
  /** The 32-bit key ID. */
  id: number
  /** What follows the key ID: for a cosignature, time and signature. */
  signature: Uint8Array
}

export interface Note {
  /** Ends in a newline; what keys sign. */
  text: string
  signatures: NoteSignature[]
}

/** A signature line of a known key that held. */
export interface VerifiedSignature {
  key: NoteKey
  signature: NoteSignature
  /** Unix seconds of a cosignature; null for a plain signature. */
  time: number | null
}

export interface OpenedNote extends Note {
  /** One per known public key, in the order of the note. */
  verified: VerifiedSignature[]
}

const EM_DASH_SPACE = '\u2014 '

const bad = (message: string): InvalidInputError => new InvalidInputError('BAD_NOTE', `not a signed note: ${message}`)

/**
 * Splits a note at its last empty line and reads its signature lines; says nothing about whether they hold.
 * Takes text or UTF-8 bytes. Throws InvalidInputError NOTE_TOO_LARGE or BAD_NOTE.
 */
export function parseNote(note: string | Uint8Array): Note {
  if ((typeof note === 'string' ? note.length : note.byteLength) > MAX_NOTE_BYTES)
    throw new InvalidInputError('NOTE_TOO_LARGE', `a note holds at most ${MAX_NOTE_BYTES} bytes`)
  const whole = typeof note === 'string' ? note : decodeUtf8(note)
  if (!whole.isWellFormed()) throw bad('not valid Unicode')
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw bad('control character')
  const blank = whole.lastIndexOf('\n\n')
  if (blank < 0 || !whole.endsWith('\n')) throw bad('no empty line before the signatures')
  const lines = whole.slice(blank + 2, -1).split('\n')
  if (lines.length > MAX_NOTE_SIGNATURES) throw bad(`more than ${MAX_NOTE_SIGNATURES} signatures`)
  return { text: whole.slice(0, blank + 1), signatures: lines.map(parseSignatureLine) }
}

/**
 * Opens a note with the keys one trusts. Lines of unknown keys are ignored; a line of a known key that fails refuses the whole
 * note; so does a note without any line of a known key. A key counts once, its first line, under however many names it is known:
 * a cosignature does not cover its signer's name, so anybody could copy a line to another name of the same key.
 * Throws InvalidInputError (shape) or ProofError BAD_SIGNATURE, NO_KNOWN_SIGNATURE.
 */
export function openNote(note: string | Uint8Array, keys: Keyring): OpenedNote {
  const { text, signatures } = parseNote(note)
  const verified = new Map<string, VerifiedSignature>()
  for (const signature of signatures) {
    const known = keys.get(keyLabel(signature))
    if (!known) continue
    const held = firstThatHolds(known, text, signature)
    if (!held)
      throw new ProofError('BAD_SIGNATURE', `the signature of ${signature.name} does not hold`, { detail: { key: signature.name } })
    const once = `${held.key.type} ${toHex(held.key.publicKey)}`
    if (!verified.has(once)) verified.set(once, held)
  }
  if (verified.size === 0) throw new ProofError('NO_KNOWN_SIGNATURE', 'no signature by a known key')
  return { text, signatures, verified: [...verified.values()] }
}

/** Known keys by name and ID; more than one where somebody made a key to collide with another's 32-bit ID. */
export type Keyring = ReadonlyMap<string, readonly NoteKey[]>

export function keyring(keys: Iterable<NoteKey>): Keyring {
  const ring = new Map<string, NoteKey[]>()
  for (const key of keys) {
    const same = ring.get(keyLabel(key))
    if (!same) ring.set(keyLabel(key), [key])
    else if (!same.some(({ publicKey }) => equalBytes(publicKey, key.publicKey))) same.push(key)
  }
  return ring
}

/** Of keys that share name and ID, the one that made the line: a collision neither stops a note nor lends anybody a signature. */
function firstThatHolds(keys: readonly NoteKey[], text: string, signature: NoteSignature): VerifiedSignature | undefined {
  for (const key of keys) {
    const held = verifyLine(key, text, signature.signature)
    if (held) return { key, signature, time: held.time }
  }
  return undefined
}

/** Checks one signature over a note's text; undefined when it does not hold. */
export function verifyLine(key: NoteKey, text: string, signature: Uint8Array): { time: number | null } | undefined {
  if (key.type === SIGNATURE_TYPES.ed25519) return verifySignature(key.publicKey, utf8(text), signature) ? { time: null } : undefined
  if (signature.byteLength !== 8 + 64) return undefined
  const seconds = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0)
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return undefined
  const time = Number(seconds)
  return verifySignature(key.publicKey, cosignedBytes(time, text), signature.subarray(8)) ? { time } : undefined
}

/** What an Ed25519 cosigner signs: C2SP tlog-cosignature, `cosignature/v1`. */
export function cosignedBytes(time: number, text: string): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`)
}

/** Signs text (ending in a newline) with plain Ed25519 keys. */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  return formatNote({
    text,
    signatures: signers.map((signer) => ({ name: signer.key.name, id: signer.key.id, signature: signer.sign(utf8(text)) })),
  })
}

/** A signature line with its newline. */
export function formatSignatureLine({ name, id, signature }: NoteSignature): string {
  const blob = new Uint8Array(4 + signature.byteLength)
  new DataView(blob.buffer).setUint32(0, id)
  blob.set(signature, 4)
  return `${EM_DASH_SPACE}${name} ${encodeBase64(blob)}\n`
}

/** Puts text (ending in a newline) and signatures together. */
export function formatNote({ text, signatures }: Note): string {
  if (!text.endsWith('\n')) throw bad('text does not end in a newline')
  return `${text}\n${signatures.map(formatSignatureLine).join('')}`
}

/** Reads a run of signature lines, as a witness answers them; throws InvalidInputError BAD_NOTE. */
export function parseSignatureLines(lines: string): NoteSignature[] {
  if (!lines.endsWith('\n') || lines.length > MAX_NOTE_BYTES) throw bad('signature lines end in a newline')
  return lines.slice(0, -1).split('\n').map(parseSignatureLine)
}

function parseSignatureLine(line: string): NoteSignature {
  const space = line.indexOf(' ', EM_DASH_SPACE.length)
  if (!line.startsWith(EM_DASH_SPACE) || space < 0) throw bad('malformed signature line')
  const name = line.slice(EM_DASH_SPACE.length, space)
  const blob = decodeBase64(line.slice(space + 1))
  if (!isKeyName(name) || !blob || blob.byteLength < 5) throw bad('malformed signature line')
  return { name, id: new DataView(blob.buffer, blob.byteOffset, 4).getUint32(0), signature: blob.slice(4) }
}

const keyLabel = ({ name, id }: { name: string; id: number }): string => `${name}+${id}`

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw bad('not valid UTF-8')
  }
}
