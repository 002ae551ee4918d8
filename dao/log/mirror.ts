/**
 * The second statement of a validator, with a key of its own: "I durably hold the entries of this checkpoint". Given after the
 * witness round only, so that what q mirrors say can be found again whoever sequences next (C2SP tlog-mirror for the meaning).
 */
import type { Clock } from '../../core/effects/index.ts'
import { RefusedError } from '../../core/errors/index.ts'
import { cosign } from './cosignature.ts'
import { formatSignatureLine, parseNote } from './note.ts'
import type { NoteSigner } from './note-key.ts'
import { type Policy } from './policy.ts'
import type { Replica } from './replica.ts'
import { verifyCheckpoint } from './verify.ts'

export interface MirrorOptions {
  /** Type 0x04, not the witness's key. */
  signer: NoteSigner
  replica: Pick<Replica, 'note'>
  clock: Pick<Clock, 'now'>
  /** Whether this validator has left the term: it must answer after the note was read, or a vote could miss what we say here. */
  isFrozen: () => Promise<boolean>
  /** The witness quorum that must stand under the checkpoint; asked anew each time, as the roster changes. */
  policy: () => Policy
}

/**
 * The mirror's signature line under the replica's newest checkpoint, which is on disk with its entries.
 * Throws RefusedError NOTHING_HELD for an empty copy, TERM_OVER after a vote for the next term, ProofError NO_QUORUM while the witness round is not over.
 */
export async function mirrorStatement({
  signer,
  replica,
  clock,
  isFrozen,
  policy,
}: MirrorOptions): Promise<{ note: string; line: string }> {
  const { note } = replica
  if (note === undefined) throw new RefusedError('NOTHING_HELD', 'this mirror holds no checkpoint yet')
  verifyCheckpoint(note, policy())
  if (await isFrozen()) throw new RefusedError('TERM_OVER', 'this validator voted for the next term and signs nothing of this one')
  return { note, line: formatSignatureLine(cosign(parseNote(note).text, Math.floor(clock.now() / 1000), signer)) }
}
