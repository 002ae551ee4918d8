import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RowValues } from './row-values.ts'

const whole = fc.oneof(
  fc.nat(255),
  fc.nat(65_535),
  fc.nat(2 ** 32 - 1),
  fc.maxSafeNat().map((one) => Math.max(0, one - 1)),
)
const row = fc.record({ value: whole, novelty: fc.nat(128), attested: whole }, { requiredKeys: ['value', 'novelty'] })

it('gives back what was put in, row by row, of whatever size', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
      const kept = new RowValues(rows)
      expect([...kept]).toEqual(rows)
      expect(kept.map((one, i) => [i, one])).toEqual(rows.map((one, i) => [i, one]))
      expect([kept.length, kept.at(rows.length), kept.at(0)]).toEqual([rows.length, undefined, rows[0]])
    }),
  )
})
