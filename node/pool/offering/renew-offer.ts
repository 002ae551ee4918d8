/** Gives a newer consent for what is in the pool: signed and kept first, then brought to the keyholders that lack it. May be repeated until all have it. */
import type { Clock } from '../../../core/effects/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { renewContribution } from '../seal/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'

/** Keeps the newest receipt, which no keyholder has yet. From here on a withdrawal is said of it as well. */
export async function keepRenewal(book: PoolBook, note: PoolNote, receipt: string): Promise<void> {
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
  const { cid, manifest, salt, receipts, lacking, committee } = note
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
