/** How far a contribution is, read from its note and the folded state: the next deed follows from it, also after a restart. Pure. */
import { commitOf, holdersNeeded, isLive, type LedgerState } from '../../../dao/ledger/index.ts'
import { commitHash } from '../../../schemas/wire/index.ts'
import type { PoolNote } from './pool-book.ts'
import { hasEnded } from './withdrawn.ts'

/** sealed → deposited → committed → revealed → available; withdrawn ends it at any of them, and the log drops what keyholders do not hold, or voids it. */
export type OfferStage = 'sealed' | 'deposited' | 'committed' | 'revealed' | 'available' | 'withdrawn' | 'dropped'

export interface OfferPlace {
  stage: OfferStage
  /** Log index of the open commit, and the epoch it counts for. */
  commit: { index: number; epoch: number } | null
  /** Keyholders that said in the log that they hold and serve it. */
  available: string[]
}

export function placeOf(note: PoolNote, state: LedgerState): OfferPlace {
  const at = (stage: OfferStage, more: Partial<OfferPlace> = {}): OfferPlace => ({ stage, commit: null, available: [], ...more })
  const revealed = state.contributions.get(note.cid.toString())
  if (hasEnded(note)) return at('withdrawn')
  if (revealed !== undefined) {
    const available = [...revealed.available]
    if (!isLive(revealed)) return at(revealed.withdrawn === null ? 'dropped' : 'withdrawn', { available })
    return at(available.length >= holdersNeeded(state, revealed, 0) ? 'available' : 'revealed', { available })
  }
  const commit = openCommitOf(note, state)
  if (commit !== undefined) return at('committed', { commit })
  return at(note.depositedAt === null ? 'sealed' : 'deposited')
}

/** Its commitment that was neither revealed nor taken back. */
export function openCommitOf(
  { cid, commitSalt, manifest: { subject } }: PoolNote,
  state: LedgerState,
): { index: number; epoch: number } | undefined {
  return commitSalt === null ? undefined : commitOf(state, subject, commitHash(cid, commitSalt, subject))
}
