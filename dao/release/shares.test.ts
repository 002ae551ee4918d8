import fc from 'fast-check'
import { expect, it } from 'vitest'
import { account } from '../../tests/support/release-world.ts'
import { describeShares, sharesRoot, splitRevenue } from './shares.ts'
import { toHex } from '../../schemas/wire/index.ts'

const split = { contributorsPpm: 850_000, validatorsPpm: 100_000, commonsPpm: 50_000 }
const weights = fc.array(
  fc.record({ points: fc.bigInt({ min: 0n, max: 10n ** 24n }), role: fc.constantFrom('contributor' as const, 'validator' as const) }),
  { maxLength: 40 },
)
const tableOf = (list: { points: bigint; role: 'contributor' | 'validator' }[]) =>
  describeShares({
    ledger: 'quern/x',
    throughEpoch: 1,
    charter: { split },
    weights: list.map((one, i) => ({ ...one, account: account(String(i)), records: 1, tokens: 1 })),
  })

it('gives out every unit of any amount, and ppm that sum to a million in each role with points', () => {
  fc.assert(
    fc.property(weights, fc.bigInt({ min: 0n, max: 10n ** 21n }), (list, amount) => {
      const table = tableOf(list)
      const { accounts, commons } = splitRevenue(amount, table)
      expect(accounts.reduce((sum, one) => sum + one.amount, commons)).toBe(amount)
      expect(commons).toBeGreaterThanOrEqual(0n)
      for (const role of ['contributor', 'validator'] as const) {
        const rows = table.rows.filter((row) => row.role === role)
        expect(rows.reduce((sum, row) => sum + row.ppm, 0)).toBe(table.totals[role] === '0' ? 0 : 1_000_000)
      }
    }),
  )
})

it('splits to the unit by largest remainder, ties to the lower account', () => {
  const table = tableOf([1n, 1n, 1n].map((points) => ({ points, role: 'contributor' })))
  const { accounts, commons } = splitRevenue(1000n, { ...table, split: { contributorsPpm: 1_000_000, validatorsPpm: 0, commonsPpm: 0 } })
  const byAccount = accounts.toSorted((a, b) => (a.account < b.account ? -1 : 1)).map((one) => one.amount)
  expect([byAccount, commons]).toEqual([[334n, 333n, 333n], 0n])
})

it('commits to the rows by their root', () => {
  const table = tableOf([{ points: 5n, role: 'contributor' }])
  expect(toHex(sharesRoot(table.rows))).toBe(table.root)
  expect(toHex(sharesRoot(table.rows.map((row) => ({ ...row, ppm: row.ppm - 1 }))))).not.toBe(table.root)
})
