/** What the book takes over from the log: who holds the shares by now, and what was offered with this seed from a home that is lost. */
import { type LedgerFiles, type LedgerState, liveContributionOf, readPoolManifest } from '../../../dao/ledger/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'

export async function learnFromLog(book: PoolBook, note: PoolNote, state: LedgerState): Promise<void> {
  const revealed = state.contributions.get(note.cid.toString())
  if (revealed === undefined || revealed.committee.members.join() === note.committee.members.join()) return
  // these are asked, told of a withdrawal, and brought a renewal that not all had yet; who left is asked who read it before
  const { k, members } = revealed.committee
  const former = [...new Set([...note.former, ...note.committee.members])].filter((one) => !members.includes(one)).slice(-256)
  await book.update(note, { committee: { k, members }, former, lacking: note.lacking.length > 0 ? members : [] })
}

/**
 * Notes the subject's contribution that the log has and the book has not: it can be withdrawn, by the subject's key and the public manifest. `now`:
 * Unix seconds. Gives what it noted.
 */
export async function restoreFromLog(
  book: PoolBook,
  subject: string,
  { state, files }: { state: LedgerState; files: LedgerFiles },
  now: number,
): Promise<PoolNote | undefined> {
  const live = liveContributionOf(state, subject)
  if (live === undefined || book.all.some(({ cid }) => cid.equals(live.manifestCid))) return undefined
  const { committee } = live
  const manifest = readPoolManifest(files, live.manifestCid)
  const blank = { salt: null, commitSalt: null, receipts: [], shares: [], commitments: [], source: '', at: now }
  const note = await book.add({ ...blank, manifest, committee: { k: committee.k, members: committee.members } })
  // it was revealed, so all keyholders had their parts
  await book.update(note, { depositedAt: now })
  return note
}
