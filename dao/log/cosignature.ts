/** C2SP tlog-cosignature over Ed25519 (type 0x04): a witness or a mirror says when it saw a checkpoint. https://c2sp.org/tlog-cosignature */
import { cosignedBytes, formatNote, type Keyring, keyring, type NoteSignature, openNote, parseNote } from './note.ts'
import { type NoteKey, type NoteSigner, SIGNATURE_TYPES } from './note-key.ts'

/** Cosigns a checkpoint's text at `time` (Unix seconds). Whoever calls this has checked consistency and persisted the checkpoint first. */
export function cosign(text: string, time: number, cosigner: NoteSigner): NoteSignature {
  const signature = new Uint8Array(8 + 64)
  new DataView(signature.buffer).setBigUint64(0, BigInt(time))
  signature.set(cosigner.sign(cosignedBytes(time, text)), 8)
  return { name: cosigner.key.name, id: cosigner.key.id, signature }
}

/** Adds signatures to a note; one of a key that is there already takes the older one's place. */
export function withSignatures(note: string, added: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note)
  const merged = new Map([...signatures, ...added].map((signature) => [`${signature.name}+${signature.id}`, signature]))
  return formatNote({ text, signatures: [...merged.values()] })
}

/**
 * The time of a note by its witnesses: the lower median of the cosignature times (Unix seconds) of the known keys, so that fewer
 * than half of them cannot move it beyond what the others say. Null when no known witness cosigned.
 * Throws ProofError BAD_SIGNATURE when a known key's line does not hold.
 */
export function medianCosignatureTime(note: string, witnesses: Iterable<NoteKey> | Keyring): number | null {
  const ring = witnesses instanceof Map ? (witnesses as Keyring) : keyring(witnesses as Iterable<NoteKey>)
  const known = parseNote(note).signatures.some(({ name, id }) => ring.has(`${name}+${id}`))
  return known
    ? lowerMedian(openNote(note, ring).verified.flatMap(({ key, time }) => (isCosigner(key) && time !== null ? [time] : [])))
    : null
}

/** The middle value, the lower of the two for an even count; null of nothing. */
export function lowerMedian(times: readonly number[]): number | null {
  return times.toSorted((a, b) => a - b)[Math.floor((times.length - 1) / 2)] ?? null
}

const isCosigner = (key: NoteKey): boolean => key.type === SIGNATURE_TYPES.cosignature
