import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from '../../schemas/wire/index.ts'
import { COLUMNS, rowJson } from './columns.ts'

it('writes the canonical JSON of a row', () => {
  const cell = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constantFrom('"', '\\', '\u2028', '\u0000', '€', '😀'),
  )
  fc.assert(
    fc.property(fc.array(cell, { minLength: COLUMNS.length, maxLength: COLUMNS.length }), (cells) => {
      expect(rowJson(cells)).toBe(canonicalJson(Object.fromEntries(COLUMNS.map(({ name }, i) => [name, cells[i] ?? null]))))
    }),
  )
})
