/** C2SP tlog-proof: a file that shows offline that an entry is in a log whose checkpoint witnesses saw. https://c2sp.org/tlog-proof */
import { InvalidInputError } from '../../core/errors/index.ts'
import { decodeBase64, encodeBase64, parseDecimal } from './base64.ts'
import { HASH_BYTES } from './merkle.ts'
import { MAX_NOTE_BYTES } from './note.ts'

export interface TlogProof {
  /** Opaque and authenticated by nothing. */
  extra: Uint8Array | null
  index: number
  /** From the leaf's sibling up. */
  path: Uint8Array[]
  /** The checkpoint note, verbatim. */
  note: string
}

const HEADER = 'c2sp.org/tlog-proof@v1'
const MAX_PATH = 64

/** The text of a `.tlog-proof` file. */
export function formatProof({ extra, index, path, note }: TlogProof): string {
  const lines = [HEADER, ...(extra ? [`extra ${encodeBase64(extra)}`] : []), `index ${index}`, ...path.map(encodeBase64)]
  return `${lines.join('\n')}\n\n${note}`
}

/** Reads a `.tlog-proof` file; proves nothing yet. Throws InvalidInputError BAD_PROOF. */
export function parseProof(text: string): TlogProof {
  if (text.length > 2 * MAX_NOTE_BYTES) throw bad('too large')
  const end = text.indexOf('\n\n')
  const lines = text.slice(0, Math.max(0, end)).split('\n')
  if (lines.shift() !== HEADER) throw bad(`the first line is ${HEADER}`)
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64((lines.shift() as string).slice(6)) : null
  if (extra === undefined) throw bad('extra data is base64')
  const indexLine = lines.shift()
  const index = indexLine?.startsWith('index ') ? parseDecimal(indexLine.slice(6)) : undefined
  if (index === undefined) throw bad('an index line follows')
  if (lines.length > MAX_PATH) throw bad(`more than ${MAX_PATH} hashes`)
  const path = lines.map((line) => {
    const hash = decodeBase64(line)
    if (hash?.byteLength !== HASH_BYTES) throw bad('a path line is one SHA-256 hash in base64')
    return hash
  })
  return { extra, index, path, note: text.slice(end + 2) }
}

const bad = (message: string): InvalidInputError => new InvalidInputError('BAD_PROOF', `not a tlog proof: ${message}`)
