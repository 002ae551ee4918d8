/** What the withdrawals in a note come to: the whole contribution ended, or some purposes. Pure; whoever signed them here checked them. */
import { readReceipt } from '../../../dao/consent/index.ts'
import { MAX_WITHDRAWAL_BYTES, parse, type Purpose, withdrawal, type Withdrawal } from '../../../schemas/wire/index.ts'
import type { PoolNote } from './pool-book.ts'

type Withdrawn = Pick<PoolNote, 'withdrawals'>

const scopesOf = ({ withdrawals }: Withdrawn): Withdrawal['scope'][] =>
  withdrawals.map((bytes) => parse(withdrawal, bytes, MAX_WITHDRAWAL_BYTES).scope)

/** A withdrawal of all was signed: whatever was said of purposes before says nothing any more. */
export const hasEnded = (note: Withdrawn): boolean => scopesOf(note).includes('all')

/** Purposes that were withdrawn one by one. */
export const purposesWithdrawn = (note: Withdrawn): Purpose[] => [
  ...new Set(scopesOf(note).flatMap((scope) => (scope === 'all' ? [] : scope))),
]

/** What any of its receipts is for: also what a later one left out, because an earlier one may be what a keyholder holds. */
export const purposesGiven = ({ receipts }: Pick<PoolNote, 'receipts'>): Purpose[] => [
  ...new Set(
    receipts.flatMap((jws) => {
      const read = readReceipt(jws)
      return read.ok ? read.receipt.purposes : []
    }),
  ),
]

/** What the newest receipt is for and nobody withdrew; none of what ended, nor where the receipts are lost. */
export function purposesLeft(note: Pick<PoolNote, 'withdrawals' | 'receipts'>): Purpose[] {
  const newest = note.receipts.at(-1)
  const read = newest === undefined ? undefined : readReceipt(newest)
  if (read?.ok !== true || hasEnded(note)) return []
  const gone = purposesWithdrawn(note)
  return read.receipt.purposes.filter((one) => !gone.includes(one))
}

/** Those that have to be told: after an end its own alone, because they say all that the others said. */
export function toBeTold(note: Withdrawn): Uint8Array[] {
  const scopes = scopesOf(note)
  return scopes.includes('all') ? note.withdrawals.filter((_, i) => scopes[i] === 'all') : note.withdrawals
}
