/** What a cosigned checkpoint proves to the fold: that it is of this very history, and when a quorum of witnesses saw it. */
import { Lru } from '../../schemas/cache/index.ts'
import { QuernError } from '../../core/errors/index.ts'
import { equalBytes, sha256Hex, toHex, utf8 } from '../../schemas/wire/index.ts'
import {
  type Checkpoint,
  keyring,
  lowerMedian,
  type NoteKey,
  openNote,
  parseCheckpoint,
  parseLogOrigin,
  parseVkey,
  SIGNATURE_TYPES,
} from '../log/index.ts'
import { quorum, seatedValidators } from './seats.ts'
import type { LedgerState } from './types.ts'
import { type Refusal, refuse } from './view.ts'

export interface ReadNote {
  ok: true
  /** In the running term's log. */
  size: number
  /** Lower median of the cosignature times of the validators seated now, Unix seconds; 0 where nobody is seated. */
  time: number
}

/** Opening a note is pure in its text and the keys; a whole network of replicas looks at the same ones. */
const opened = new Lru<string, { checkpoint: Checkpoint; times: number[] } | Refusal>(1024)

const no = (refusal: Refusal): { ok: false } & Refusal => ({ ok: false, ...refusal })

/** Whether `note` is a checkpoint of this log, covers entry `covers`, and carries a quorum of seated witnesses' cosignatures. */
export function readNote(state: LedgerState, note: string, covers: number): ReadNote | ({ ok: false } & Refusal) {
  const witnesses = seatedValidators(state).map((seat) => seat.statement.witness)
  const key = sha256Hex(utf8([state.logKey, ...witnesses, note].join('\n')))
  const known = opened.recall(key, () => open(note, state.logKey, witnesses))
  if (!('checkpoint' in known)) return no(known)
  const { checkpoint, times } = known
  const place = parseLogOrigin(checkpoint.origin)
  if (place?.ledgerId !== state.id || place.term !== state.term)
    return no(refuse('NOTE_FOREIGN', `the note is a checkpoint of ${checkpoint.origin}`))
  // an entry of an earlier term is covered by any checkpoint of this one
  if (checkpoint.size <= Math.max(covers - state.termStart, 0))
    return no(refuse('NOTE_OLD', `the note covers ${checkpoint.size} entries of its term, not entry ${covers} of the history`))
  const root = state.termTree.rootAt(checkpoint.size)
  if (root === undefined) return no(refuse('NOTE_AHEAD', `the note covers ${checkpoint.size} entries, the log has ${state.size}`))
  if (!equalBytes(root, checkpoint.root))
    return no(refuse('NOTE_FORKED', `the note of size ${checkpoint.size} has another root than this log`))
  const need = quorum(state)
  if (times.length < need) return no(refuse('NOTE_NOT_COSIGNED', `${times.length} of ${need} seated witnesses cosigned the note`))
  return { ok: true, size: checkpoint.size, time: lowerMedian(times) ?? 0 }
}

function open(note: string, logKey: string, witnesses: string[]): { checkpoint: Checkpoint; times: number[] } | Refusal {
  try {
    const log = parseVkey(logKey)
    const { text, verified } = openNote(note, keyring([log, ...witnesses.map(parseVkey)]))
    if (!verified.some(({ key }) => equalBytes(key.publicKey, log.publicKey)))
      return refuse('NOTE_UNSIGNED', 'the log did not sign the note')
    const times = verified.flatMap(({ key, time }) => (key.type === SIGNATURE_TYPES.cosignature && time !== null ? [time] : []))
    return { checkpoint: parseCheckpoint(text), times }
  } catch (thrown) {
    if (!(thrown instanceof QuernError)) throw thrown
    return refuse(thrown.code, thrown.message)
  }
}

/** Whether a roster statement's key can cosign: parses, and is of the timestamped Ed25519 type. */
export function isWitnessKey(vkey: string): boolean {
  return keyOf(vkey)?.type === SIGNATURE_TYPES.cosignature
}

/** The public key of a verifier key, in hex; undefined for what is none. */
export function publicKeyOf(vkey: string): string | undefined {
  const key = keyOf(vkey)
  return key && toHex(key.publicKey)
}

function keyOf(vkey: string): NoteKey | undefined {
  try {
    return parseVkey(vkey)
  } catch (thrown) {
    if (thrown instanceof QuernError) return undefined
    throw thrown
  }
}
