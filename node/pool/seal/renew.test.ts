/** A keyholder that was away is shown every receipt that it lacks: in one message, because those between may be over by now. */
import { expect, it } from 'vitest'
import { cborCid, encode, MAX_DEPOSIT_BYTES, MAX_RECEIPT_BYTES, parse, renewal } from '../../../schemas/wire/index.ts'
import { partsOf } from './renew.ts'

const receipts = (count: number, bytes: number): string[] => Array.from({ length: count }, (_, i) => String(i).padEnd(bytes, '.'))

it('as they commonly are, 64 fit one part; the largest there may be go in several, in order, and each fits a message', () => {
  expect(partsOf(receipts(64, 2048))).toHaveLength(1)
  const large = receipts(64, MAX_RECEIPT_BYTES)
  const parts = partsOf(large)
  expect(parts.flat()).toEqual(large)
  expect(parts.length).toBe(3)
  for (const part of [...parts, ...partsOf(receipts(64, 2048))]) {
    const bytes = encode({ v: 1, manifest: cborCid(encode(1)), receipts: part })
    expect(bytes.byteLength).toBeLessThanOrEqual(MAX_DEPOSIT_BYTES)
    expect(parse(renewal, bytes, MAX_DEPOSIT_BYTES).receipts).toEqual(part)
  }
})
