import { expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import { dealSubShares, deal, dealtHash } from '../../dao/custody/index.ts'
import { cborCid, encode, type ReshareOrder, type SubShare } from '../../schemas/wire/index.ts'
import { consentGiven, fill, keyholders, LEDGER, NOW, operator } from '../../tests/support/pool-world.ts'
import { newestPaper, partsFault } from './reshare-parts.ts'

const { manifest, jws, hash, salt } = consentGiven()
const members = keyholders(3).map(({ did }) => did)
const named = encode(manifest)
const committee = { k: 2, members }
const draft = { v: 1, dao: LEDGER, manifest: cborCid(named), generation: 0, from: committee, to: committee, dealers: [1, 2], at: NOW }
const order = signObject('reshare-order', { ...draft, by: operator.did }, operator) as unknown as ReshareOrder
const cid = cborCid(encode(order))
const { shares, commitments } = deal({ k: 2, n: 3 })

/** The part of the dealer at this seat for seat 3, with receipts as far as it knows them. */
function part(from: number, receipts: Uint8Array[]): SubShare {
  const dealing = dealSubShares(shares[from - 1] as Uint8Array, { k: 2, n: 3, order: cid.bytes })
  const common = {
    v: 1 as const,
    by: members[from - 1] as string,
    order: cid,
    from,
    x: 3,
    salt,
    dealt: dealtHash(commitments),
    s: fill(0, 64),
  }
  const papers = { manifest: named, receipt: jws, receipts }
  return { ...common, ...papers, share: dealing.shares[2] as Uint8Array, commitments: dealing.commitments, old: commitments }
}

it('takes the newest papers where one dealer missed a renewal, and none that are of two chains', () => {
  const late = part(1, [hash])
  const newer = part(2, [hash, fill(1)])
  expect(partsFault([late, newer], order, cid, 3)).toBeUndefined()
  expect(newestPaper([late, newer])).toBe(newer)
  expect(newestPaper([newer, late])).toBe(newer)
  expect(partsFault([part(1, [fill(2)]), newer], order, cid, 3)).toBe('OTHER_SHARING')
  expect(partsFault([part(1, [hash, fill(2)]), newer], order, cid, 3)).toBe('OTHER_SHARING')
  expect(partsFault([{ ...late, salt: fill(3) }, newer], order, cid, 3)).toBe('OTHER_SHARING')
  // longer, and yet back at the first consent
  expect(partsFault([late, part(2, [hash, fill(1), hash])], order, cid, 3)).toBe('OTHER_SHARING')
  expect(partsFault([], order, cid, 3)).toBe('WRONG_COUNT')
})
