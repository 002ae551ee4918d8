/** Gives a newer consent for what is in the pool: signed and kept first, then brought to the keyholders that lack it. May be repeated until all have it. */
import type { Clock } from '../../../core/effects/index.ts'
import { RefusedError } from '../../../core/errors/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { renewContribution } from '../seal/index.ts'
import { MAX_RECEIPTS, type PoolBook, type PoolNote, saltOf } from './pool-book.ts'

/**
 * Whether a newer consent that was signed is only brought to whoever lacks it: fewer keyholders than are needed have it. Where enough do, one that is
 * away, maybe for good, must not keep its owner from consenting anew; nor must one that ended meanwhile (Unix seconds).
 */
export function isUnderWay({ lacking, committee: { k, members } }: PoolNote, expires: number, now: number): boolean {
  return lacking.length > 0 && members.length - lacking.length < k && expires > now
}

/** Throws RefusedError RECEIPT_LOST, or TOO_OFTEN where no keyholder would take one more: before anything is asked, and before it is kept. */
export function checkRenewable({ receipts, salt }: Pick<PoolNote, 'receipts' | 'salt'>): void {
  saltOf({ salt })
  if (receipts.length >= MAX_RECEIPTS)
    throw new RefusedError(
      'TOO_OFTEN',
      `this consent was given ${MAX_RECEIPTS} times; "quern pool withdraw" ends the contribution, then offer it anew`,
    )
}

/** Keeps the newest receipt, which no keyholder has yet. Throws what `checkRenewable` does. */
export async function keepRenewal(book: PoolBook, note: PoolNote, receipt: string): Promise<void> {
  checkRenewable(note)
  await book.update(note, { receipts: [...note.receipts, receipt], lacking: note.committee.members })
}

export interface RenewOffer {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  book: PoolBook
  note: PoolNote
  signal?: AbortSignal
}

export interface RenewedOffer {
  /** Keyholders that hold the newest consent, of so many; with k of them keys are given until it ends. */
  held: number
  of: number
  needed: number
  /** Code by keyholder that does not have it. */
  faults: Record<string, string>
}

export async function renewOffer({ mesh, clock, book, note, signal }: RenewOffer): Promise<RenewedOffer> {
  const { cid, manifest, receipts, lacking, committee } = note
  const salt = saltOf(note)
  const { held, faults } = await renewContribution({
    mesh,
    clock,
    dao: manifest.dao,
    manifest: cid,
    salt,
    receipts,
    members: lacking,
    ...(signal && { signal }),
  })
  const left = lacking.filter((one) => !held.includes(one))
  await book.update(note, { lacking: left })
  const of = committee.members.length
  return { held: of - left.length, of, needed: committee.k, faults: Object.fromEntries(faults) }
}
