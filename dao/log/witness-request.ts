/** The body of C2SP tlog-witness `add-checkpoint`: old size, consistency proof, empty line, checkpoint. https://c2sp.org/tlog-witness */
import { InvalidInputError } from '../../core/errors/index.ts'
import { decodeBase64, encodeBase64, parseDecimal } from './base64.ts'
import { HASH_BYTES } from './merkle.ts'
import { MAX_NOTE_BYTES } from './note.ts'

export interface AddCheckpoint {
  /** Size of the checkpoint that the witness cosigned last; 0 for never. */
  old: number
  proof: Uint8Array[]
  /** The checkpoint note with the log's signature. */
  note: string
}

/** No tree below 2^64 entries needs more. */
const MAX_PROOF_LINES = 63

export function formatAddCheckpoint({ old, proof, note }: AddCheckpoint): string {
  return `old ${old}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${note}`
}

/** Throws InvalidInputError BAD_REQUEST. */
export function parseAddCheckpoint(body: string): AddCheckpoint {
  if (body.length > MAX_NOTE_BYTES + 4096) throw bad('too large')
  const end = body.indexOf('\n\n')
  const [first, ...lines] = body.slice(0, Math.max(0, end)).split('\n')
  const old = first?.startsWith('old ') ? parseDecimal(first.slice(4)) : undefined
  if (old === undefined) throw bad('it begins with "old" and a decimal size')
  if (lines.length > MAX_PROOF_LINES) throw bad(`more than ${MAX_PROOF_LINES} proof lines`)
  const proof = lines.map((line) => {
    const hash = decodeBase64(line)
    if (hash?.byteLength !== HASH_BYTES) throw bad('a proof line is one SHA-256 hash in base64')
    return hash
  })
  return { old, proof, note: body.slice(end + 2) }
}

const bad = (message: string): InvalidInputError => new InvalidInputError('BAD_REQUEST', `not an add-checkpoint request: ${message}`)
