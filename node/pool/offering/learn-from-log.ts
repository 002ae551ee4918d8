/** What the book takes over from the log, for when nobody folds it: that a contribution was committed to, and who holds its shares by now. */
import type { LedgerState } from '../../../dao/ledger/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'
import { placeOf } from './steps.ts'

export async function learnFromLog(book: PoolBook, note: PoolNote, state: LedgerState): Promise<void> {
  const revealed = state.contributions.get(note.cid.toString())
  if (!note.committed && (revealed !== undefined || placeOf(note, state).commit !== null)) await book.update(note, { committed: true })
  if (revealed === undefined || revealed.committee.members.join() === note.committee.members.join()) return
  // these are asked, told of a withdrawal, and brought a renewal that not all had yet
  const { k, members } = revealed.committee
  await book.update(note, { committee: { k, members }, lacking: note.lacking.length > 0 ? members : [] })
}
