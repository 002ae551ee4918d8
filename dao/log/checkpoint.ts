/** C2SP tlog-checkpoint: the note text by which a log says "this many entries, this root". https://c2sp.org/tlog-checkpoint */
import { Lru } from '../../schemas/cache/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { decodeBase64, encodeBase64, parseDecimal } from './base64.ts'
import { HASH_BYTES } from './merkle.ts'
import { type NoteSigner } from './note-key.ts'
import { parseNote, signNote } from './note.ts'

export interface Checkpoint {
  /** Names the log; equals its key's name. */
  origin: string
  size: number
  /** 32 bytes. */
  root: Uint8Array
  /** Opaque further lines; ours have none, because monitors cannot audit them. */
  extensions: string[]
}

/** The note text of a checkpoint, its last newline included. */
export function formatCheckpoint({ origin, size, root, extensions }: Omit<Checkpoint, 'extensions'> & { extensions?: string[] }): string {
  return `${[origin, size, encodeBase64(root), ...(extensions ?? [])].join('\n')}\n`
}

/** Reads the text of a checkpoint (what the signatures cover). Throws InvalidInputError BAD_CHECKPOINT. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n')
  if (lines.pop() !== '' || lines.length < 3 || lines.includes('')) throw bad('it has at least three lines, none empty')
  const [origin, sizeLine, rootLine, ...extensions] = lines as [string, string, string, ...string[]]
  const size = parseDecimal(sizeLine)
  const root = decodeBase64(rootLine)
  if (size === undefined) throw bad('its second line is a decimal size')
  if (root?.byteLength !== HASH_BYTES) throw bad('its third line is a SHA-256 root in base64')
  return { origin, size, root, extensions }
}

/** Reads the checkpoint out of a note without checking any signature: for one's own notes, and to learn whose keys to use. */
export function peekCheckpoint(note: string | Uint8Array): Readonly<Checkpoint> {
  const peek = (): Readonly<Checkpoint> => Object.freeze(parseCheckpoint(parseNote(note).text))
  return typeof note === 'string' ? peeked.recall(note, peek) : peek()
}

/** The newest note is looked into at every question about the log, by everybody who hears of it. Notes are bounded, and so are 64 of them. */
const peeked = new Lru<string, Readonly<Checkpoint>>(64)

/** A checkpoint signed by its log; the signer's name is the origin. */
export function signCheckpoint(size: number, root: Uint8Array, log: NoteSigner): string {
  return signNote(formatCheckpoint({ origin: log.key.name, size, root }), [log])
}

const bad = (message: string): InvalidInputError => new InvalidInputError('BAD_CHECKPOINT', `not a checkpoint: ${message}`)
