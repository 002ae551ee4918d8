/** Shares that wait for their order: several at once, none for longer than its day, and of a dropped one nothing stays. */
import { expect, it } from 'vitest'
import { encode, rawCid, sha256, utf8 } from '../../schemas/wire/index.ts'
import {
  changedOver,
  decodeRow,
  dueOf,
  encodeRow,
  MOST_PENDING,
  pendingFor,
  type PendingShare,
  type ShareRow,
  withoutDue,
  withPending,
} from './share-row.ts'

const bytes = (name: string): Uint8Array => sha256(utf8(name))
const heldOf = (name: string, generation: number): ShareRow['held'] => ({
  x: 1,
  generation,
  share: bytes(name),
  commitments: [bytes('a'), bytes('b')],
})
const pending = (i: number, generation = 1): PendingShare => ({
  order: rawCid(utf8(`order ${i}`)),
  until: 100 + i,
  held: heldOf(`share ${i}`, generation),
})
const row = (changes: Partial<ShareRow> = {}): ShareRow => ({
  v: 1,
  manifest: rawCid(utf8('manifest')),
  receipts: [bytes('receipt')],
  salt: bytes('salt'),
  dealt: bytes('dealt'),
  held: heldOf('share', 0),
  next: [],
  current: true,
  paperKey: bytes('key'),
  at: 1,
  expires: 1000,
  ...changes,
})
const joining = (...next: PendingShare[]): ShareRow => row({ current: false, held: (next.at(-1) as PendingShare).held, next })
const holds = (one: ShareRow, name: string): boolean => Buffer.from(encodeRow(one)).includes(Buffer.from(bytes(name)))

it('keeps the shares of several orders, each found by its order, and the oldest goes where there are too many', () => {
  let one = row()
  for (let i = 0; i < MOST_PENDING; i++) one = withPending(one, pending(i))
  expect(Array.from({ length: MOST_PENDING }, (_, i) => pendingFor(decodeRow(encodeRow(one)), pending(i).order))).toEqual(
    Array.from({ length: MOST_PENDING }, (_, i) => pending(i)),
  )
  const more = withPending(one, pending(MOST_PENDING))
  expect([more.next.length, pendingFor(more, pending(0).order), holds(more, 'share 0')]).toEqual([MOST_PENDING, undefined, false])
  expect(more.held).toEqual(row().held)
  expect(pendingFor(undefined, pending(0).order)).toBeUndefined()
})

it('of a joining keyholder keeps nothing of what was dropped', () => {
  const one = joining(pending(2), pending(1))
  expect(dueOf(one)).toBe(101)
  const left = withoutDue(one, 101) as ShareRow
  expect([left.next, left.held, holds(left, 'share 1')]).toEqual([[pending(2)], pending(2).held, false])
  expect(withoutDue(left, 102)).toBeUndefined()
  expect(withoutDue(row({ next: [pending(1)] }), 101)).toEqual(row())
})

it('changes over to the one that is named, and drops what the others were for', () => {
  const both = changedOver(row({ next: [pending(1), pending(2)] }), pending(1))
  expect(both).toEqual(row({ held: pending(1).held }))
  // whoever joined by an order that follows on it goes on waiting
  expect(changedOver(joining(pending(1), pending(2, 2)), pending(1))).toMatchObject({ current: true, next: [pending(2, 2)] })
})

it('reads what tables had before: one share that waits, or none', () => {
  const before = (next: PendingShare | null) => decodeRow(encode({ ...row(), next }))
  expect([before(null), before(pending(1))]).toEqual([row(), row({ next: [pending(1)] })])
})
