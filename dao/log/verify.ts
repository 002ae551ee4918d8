/** What a stranger checks: a checkpoint against a policy, a proof against a checkpoint. `quern log verify|prove` calls these. */
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import { type Checkpoint, parseCheckpoint, peekCheckpoint } from './checkpoint.ts'
import { lowerMedian } from './cosignature.ts'
import { LogReader } from './log-reader.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import { keyring, openNote, parseNote } from './note.ts'
import type { NoteKey } from './note-key.ts'
import { isQuorum, type Policy } from './policy.ts'
import { formatProof, parseProof } from './proof.ts'
import type { TileSource } from './types.ts'

export interface VerifiedCheckpoint extends Checkpoint {
  log: NoteKey
  /** Witnesses of the policy that cosigned, by its names, with their times (Unix seconds). */
  cosigned: { name: string; time: number }[]
  /** Lower median of those times; null without cosignatures. */
  time: number | null
}

/**
 * Checks a checkpoint note: signed by a log of the policy under its own name, no failing line of a known key, cosigned by a quorum.
 * Throws InvalidInputError (shape) or ProofError UNKNOWN_LOG, BAD_SIGNATURE, NO_KNOWN_SIGNATURE, NO_QUORUM.
 */
export function verifyCheckpoint(note: string | Uint8Array, policy: Policy): VerifiedCheckpoint {
  const checkpoint = parseCheckpoint(parseNote(note).text)
  const logs = policy.logs.map(({ key }) => key).filter(({ name }) => name === checkpoint.origin)
  if (logs.length === 0) throw new ProofError('UNKNOWN_LOG', `the policy names no log ${checkpoint.origin}`)
  const { verified } = openNote(note, keyring([...logs, ...[...policy.witnesses.values()].map(({ key }) => key)]))
  const log = verified.find(({ time }) => time === null)?.key
  if (!log) throw new ProofError('NO_KNOWN_SIGNATURE', 'the log itself did not sign this checkpoint')
  const cosigned = [...policy.witnesses].flatMap(([name, { key }]) => {
    const time = verified.find((signature) => signature.key.name === key.name && signature.key.id === key.id)?.time
    return typeof time === 'number' ? [{ name, time }] : []
  })
  if (!isQuorum(policy, new Set(cosigned.map(({ name }) => name))))
    throw new ProofError('NO_QUORUM', `${cosigned.length} of ${policy.witnesses.size} witnesses cosigned: no quorum`, {
      detail: { cosigned: cosigned.length, witnesses: policy.witnesses.size },
    })
  return { ...checkpoint, log, cosigned, time: lowerMedian(cosigned.map(({ time }) => time)) }
}

/** The `.tlog-proof` text for an entry under a checkpoint note, from the log's tiles. Throws InvalidInputError OUT_OF_RANGE. */
export async function proveInclusion(source: TileSource, note: string, index: number): Promise<string> {
  const { size } = peekCheckpoint(note)
  const reader = new LogReader(source, size)
  return formatProof({ extra: null, index, path: await reader.inclusion(index), note })
}

export interface VerifiedProof {
  index: number
  leafHash: Uint8Array
  checkpoint: VerifiedCheckpoint
}

/** Checks that the entry's bytes are in a log that the policy trusts. Throws what `verifyCheckpoint` throws, or ProofError NOT_INCLUDED. */
export function verifyProof(text: string, entry: Uint8Array, policy: Policy): VerifiedProof {
  if (entry.byteLength > 0xffff) throw new InvalidInputError('ENTRY_TOO_LARGE', 'a log entry has at most 65,535 bytes')
  const { index, path, note } = parseProof(text)
  const checkpoint = verifyCheckpoint(note, policy)
  const leaf = leafHash(entry)
  if (!verifyInclusion(path, { leaf, index, size: checkpoint.size, root: checkpoint.root }))
    throw new ProofError('NOT_INCLUDED', `the proof does not show this entry at index ${index}`, {
      detail: { index, size: checkpoint.size },
    })
  return { index, leafHash: leaf, checkpoint }
}
