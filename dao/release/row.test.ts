import { expect, it } from 'vitest'
import { buildWorld, prose } from '../../tests/support/release-world.ts'
import { canonicalJson, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { placeOf } from './columns.ts'
import { cellsOf, recordOf } from './row.ts'
import { selectRecords } from './select.ts'

const world = buildWorld({ batches: [{ contributor: 'ada', epoch: 1, pages: [{ url: 'https://a.example/', text: prose('a') }] }] })
const [row] = selectRecords({ state: world.state, files: world.files }).rows
if (row === undefined) throw new Error('no row')
const as = (value: unknown) => {
  const record = utf8(typeof value === 'string' ? value : canonicalJson(value))
  return { row: { ...row, record: rawCid(record) }, record }
}

it('refuses bytes that are not the record the index names', () => {
  expect(() => cellsOf(row, { record: utf8('{}'), fetchedAt: 0 })).toThrow(expect.objectContaining({ code: 'RECORD_MISMATCH' }) as Error)
})

it('refuses a record that is no JSON object', () => {
  for (const bad of ['[1]', 'null', '{"a":', '"x"']) {
    const { row: named, record } = as(bad)
    expect(() => cellsOf(named, { record, fetchedAt: 0 }), bad).toThrow(expect.objectContaining({ code: 'BAD_RECORD' }) as Error)
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
  const cells = cellsOf({ ...named, schema: 'other@1' }, { record, fetchedAt: 42 })
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
  expect(recordOf(cells)).toBeUndefined()
})

it('gives the record of a web page back, byte for byte', () => {
  const page = {
    url: 'https://a.example/',
    canonicalUrl: null,
    title: 'T',
    text: 'né\u0000',
    markdown: 'né',
    language: null,
    author: null,
    published: '2026-03-01',
    license: { spdx: null, url: 'https://a.example/l', evidence: 'rel=license' },
    links: [{ url: 'https://a.example/b', text: 'b', rel: null }],
    data: { jsonLd: [{ '@type': 'Article', n: 1 }], openGraph: null, microdata: null },
  }
  for (const one of [page, { ...page, license: null, language: 'de' }]) {
    const { row: named, record } = as(one)
    const cells = cellsOf({ ...named, language: one.language ?? 'und' }, { record, fetchedAt: 0 })
    expect(recordOf(cells)).toEqual(record)
  }
})
