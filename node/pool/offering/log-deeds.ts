/** What somebody who offers writes into the log: that it joins, a hash, and what the hash stands for. Each once, whatever is asked. */
import { FatalError } from '../../../core/errors/index.ts'
import type { Outbox } from '../../../dao/follower/index.ts'
import { committingEpoch, type LedgerState } from '../../../dao/ledger/index.ts'
import { commitHash, encode } from '../../../schemas/wire/index.ts'
import type { PoolNodeOptions } from './options.ts'
import type { PoolNote } from './pool-book.ts'
import { openCommitOf } from './steps.ts'
import { hasEnded } from './withdrawn.ts'

/** What of the log's words passes. Everything else that it refuses stays refused: a policy that was replaced, a slot or a sequence that another home took. */
const PASSING = new Set([
  'JOINED',
  'NOT_JOINED',
  'WRONG_EPOCH',
  'WRONG_PHASE',
  'NO_COMMIT',
  'REVEALED',
  'REPEATED',
  'TOO_MANY',
  'SEQUENCE_GAP',
])

/** Of what writing into the log throws: the log's own words for good, and an index that nobody can make again. */
export function isFinal({ manifest }: PoolNote, { code, detail }: FatalError, state: LedgerState): boolean {
  if (!('type' in detail)) return code === 'INDEX_MISSING'
  // the same words for a number of our account that an entry of ours has already
  if (code === 'SEQUENCE_USED') return manifest.sequence < (state.contributors.get(manifest.subject)?.nextSequence ?? 0)
  return !PASSING.has(code)
}

export interface LogDeeds extends Pick<PoolNodeOptions, 'files' | 'signer'> {
  outbox: Pick<Outbox, 'has' | 'write'>
  state: LedgerState
}

/** Each says whether it was done just now. */
export async function join({ outbox }: LogDeeds): Promise<boolean> {
  if (outbox.has('join')) return false
  await outbox.write('contributor.join', { contact: null, subject: true }, { key: 'join' })
  return true
}

export async function commit({ outbox, state, signer }: LogDeeds, { cid, commitSalt }: PoolNote): Promise<boolean> {
  const key = `commit/${cid.toString()}`
  if (state.epoch === null || commitSalt === null || outbox.has(key)) return false
  const hash = commitHash(cid, commitSalt, signer.did)
  await outbox.write('contribution.commit', { epoch: committingEpoch(state), hash }, { key })
  return true
}

/** What ended before it was revealed: an epoch waits for its open commitments. */
export async function takeBack({ outbox, state }: LogDeeds, note: PoolNote): Promise<boolean> {
  const committed = hasEnded(note) ? openCommitOf(note, state) : undefined
  const key = `retract/${note.cid.toString()}`
  if (committed === undefined || outbox.has(key)) return false
  await outbox.write('retract', { commit: committed.index }, { key })
  return true
}

/** Throws FatalError INDEX_MISSING. */
export async function reveal(
  { outbox, state, files }: LogDeeds,
  { cid, commitSalt, manifest }: PoolNote,
  committed: { index: number; epoch: number },
): Promise<boolean> {
  const { epoch } = state
  const key = `reveal/${cid.toString()}`
  if (epoch?.phase !== 'reveal' || commitSalt === null || epoch.number < committed.epoch || outbox.has(key)) return false
  const index = files.read(manifest.index)
  if (index === undefined) throw new FatalError('INDEX_MISSING', `the index of ${cid.toString()} is gone from this home; offer it again`)
  const bytes = encode(manifest)
  await files.write(cid, bytes)
  const payload = { epoch: epoch.number, commit: committed.index, manifest: cid, salt: commitSalt }
  await outbox.write('contribution.reveal', payload, { key, files: [bytes, index] })
  return true
}
