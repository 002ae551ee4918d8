import { describe, expect, it } from 'vitest'
import { chunk, tokensOf } from '../../tests/unit/pool-ledger-world.ts'
import { charter, type PoolIndexRow, PPM } from '../../schemas/wire/index.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import { chunkValues } from './index.ts'

const rules = charter.parse({
  v: 1,
  name: 'mill',
  operator: seeded('operator').did,
  contact: 'mailto:miller@mill.example',
  purposes: ['any'],
  pool: { unattestedPpm: PPM, sources: { spotify: 500_000 } },
})
const valuesOf = (rows: PoolIndexRow[]): number[] =>
  chunkValues({
    charter: rules,
    index: { v: 1, measures: 'activity@1/1', rows, tokens: tokensOf('x'), key: null },
    shared: 0,
    hasMail: false,
  }).map(({ value }) => value)

describe('the value of a chunk', () => {
  it('weighs what the charter names, and nothing that every object has', () => {
    expect(valuesOf([chunk(), chunk({ source: 'own' })])).toEqual([50_000, 100_000])
    for (const source of ['constructor', '__proto__', 'toString']) expect(valuesOf([chunk({ source })])).toEqual([100_000])
  })

  it('believes no chunk more than eight times what the others of its contribution have', () => {
    const rows = [chunk(), chunk(), chunk({ tokens: 0 }), chunk({ tokens: 16_000 })].map((row) => ({ ...row, source: 'own' }))
    expect(valuesOf(rows)).toEqual([100_000, 100_000, 0, 800_000])
    expect(valuesOf(rows.slice(3))).toEqual([16_000_000])
    expect(valuesOf([{ ...chunk(), tokens: 0 }])).toEqual([0])
  })
})
