import { expect, it } from 'vitest'
import { buildWorld, prose } from '../../tests/support/release-world.ts'
import { canonicalJson, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { placeOf } from './columns.ts'
import { cellsOf } from './row.ts'
import { selectRecords } from './select.ts'

const world = buildWorld({ batches: [{ contributor: 'ada', epoch: 1, pages: [{ url: 'https://a.example/', text: prose('a') }] }] })
const [row] = selectRecords({ state: world.state, files: world.files }).rows
if (row === undefined) throw new Error('no row')
const as = (value: unknown) => {
  const record = utf8(typeof value === 'string' ? value : canonicalJson(value))
  return { row: { ...row, record: rawCid(record) }, record }
}

it('refuses bytes that are not the record the index names', () => {
  expect(() => cellsOf(row, utf8('{}'), 0)).toThrow(expect.objectContaining({ code: 'RECORD_MISMATCH' }) as Error)
})

it('refuses a record that is no JSON object', () => {
  for (const bad of ['[1]', 'null', '{"a":', '"x"']) {
    const { row: named, record } = as(bad)
    expect(() => cellsOf(named, record, 0), bad).toThrow(expect.objectContaining({ code: 'BAD_RECORD' }) as Error)
  }
})

it('gives what has a column its column and keeps the rest as JSON', () => {
  const { row: named, record } = as({
    url: 'https://a.example/',
    text: 'né',
    license: { spdx: 'MIT', more: 1 },
    odd: [1, 'x'],
    links: ['u'],
  })
  const cells = cellsOf(named, record, 42)
  const cell = (name: Parameters<typeof placeOf>[0]) => cells[placeOf(name)]
  expect([cell('text'), cell('n_bytes'), cell('license_spdx'), cell('license_url'), cell('links_json')]).toEqual([
    'né',
    3,
    'MIT',
    null,
    '["u"]',
  ])
  expect(cell('data_json')).toBe('{"license":{"more":1},"odd":[1,"x"]}')
  expect(cell('fetched_at')).toBe(42)
})
