/** A batch's way into the log, one step at a time: sealed → committed → revealed → published. */
import { batchTopic } from '../../core/mesh/index.ts'
import { batchRoots } from '../../dao/batches/index.ts'
import { commitOf, committingEpoch, dateWindow, type LedgerState } from '../../dao/ledger/index.ts'
import { commitHash, encode } from '../../schemas/wire/index.ts'
import type { BatchNote } from './batch-book.ts'
import type { Bench } from './options.ts'

/** Takes whatever step the state allows now. */
export async function advanceBatch(bench: Bench, batch: BatchNote): Promise<void> {
  const { state, me } = bench
  if (state().batches.has(batch.manifestCid.toString())) {
    if (!batch.published) await publish(bench, batch)
    return
  }
  const commit = commitOf(state(), me, hashOf(bench, batch))
  if (commit === undefined) return writeCommit(bench, batch)
  const { epoch } = state()
  if (epoch?.phase === 'reveal' && epoch.number >= commit.epoch) await reveal(bench, batch, commit.index, epoch.number)
}

/** Whether the log holds the batch, or the commitment to it. */
export function isCommitted(bench: Bench, batch: BatchNote): boolean {
  const { state, me } = bench
  return state().batches.has(batch.manifestCid.toString()) || commitOf(state(), me, hashOf(bench, batch)) !== undefined
}

const hashOf = ({ me }: Bench, { manifestCid, salt }: BatchNote): Uint8Array => commitHash(manifestCid, salt, me)

/** Whether anything may still come of a revealed batch. */
export function mayCount(state: LedgerState, { manifestCid }: BatchNote): boolean {
  const batch = state.batches.get(manifestCid.toString())
  return batch !== undefined && !batch.dropped && batch.voided === null && batch.retracted === null
}

async function writeCommit(bench: Bench, batch: BatchNote): Promise<void> {
  const { state, outbox, book, say } = bench
  const key = `commit/${batch.manifest.sequence}`
  if (state().epoch === null || outbox.has(key)) return
  const epoch = committingEpoch(state())
  if (isTooOld(state(), batch, epoch)) return
  if (batch.epoch !== epoch) await book.update(batch, { epoch })
  await outbox.write('contribution.commit', { epoch, hash: hashOf(bench, batch) }, { key })
  say('committed', epoch, batch.manifest.count)
}

/** Its pages were fetched before the window that D4 allows in this epoch, after we were away say: committed now, it would be proven stale. */
function isTooOld(state: LedgerState, { manifest }: BatchNote, epoch: number): boolean {
  const { after } = dateWindow(state, { gathered: epoch })
  return after !== null && manifest.from <= after
}

async function reveal({ options, outbox, say }: Bench, batch: BatchNote, commit: number, epoch: number): Promise<void> {
  const key = `reveal/${batch.manifest.sequence}`
  if (outbox.has(key)) return
  const bytes = encode(batch.manifest)
  await options.files.write(batch.manifestCid, bytes)
  await outbox.write('contribution.reveal', { epoch, commit, manifest: batch.manifestCid, salt: batch.salt }, { key, files: [bytes] })
  say('revealed', epoch, batch.manifest.count)
}

/** The reveal lies in a cosigned checkpoint: whoever wants the batch may have it now. */
async function publish({ options, me, book, state, say }: Bench, batch: BatchNote): Promise<void> {
  const { mesh, storage } = options
  for (const root of batchRoots(batch.manifest)) await storage.publish(root)
  await storage.public.put([{ cid: batch.manifestCid, bytes: encode(batch.manifest) }])
  await book.update(batch, { published: true })
  say('published', batch.epoch, batch.manifest.count)
  await mesh.publish(batchTopic(state().id), { manifest: batch.manifestCid, contributor: me, count: batch.manifest.count })
}
