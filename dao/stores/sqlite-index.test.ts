import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { openIndex } from './index.ts'
import type { LedgerIndex } from './sqlite-index.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'quern-index-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const catchUp = (index: LedgerIndex, world: LedgerWorld): void => index.catchUp(world.state, world.files)

function everything(index: LedgerIndex) {
  const all = <T>(page: (cursor?: string) => { rows: T[]; cursor: string | null }): T[] => {
    const rows: T[] = []
    for (let cursor: string | undefined; ; ) {
      const next = page(cursor)
      rows.push(...next.rows)
      if (next.cursor === null) return rows
      cursor = next.cursor
    }
  }
  return {
    batches: all((cursor) => index.batches({ limit: 2, cursor })),
    records: all((cursor) => index.records({ limit: 3, cursor })).map(({ ...row }) => row),
  }
}

describe('the ledger index', () => {
  let world: LedgerWorld
  let index: LedgerIndex

  beforeAll(async () => {
    world = new LedgerWorld()
    index = await openIndex(path.join(folder, 'grown.sqlite'))
    for (let epoch = 0; epoch < 2; epoch++) {
      world.playEpoch(world.contributors.map((signer, i) => [signer, pages(`${i}-${epoch}`, 4, { language: i === 0 ? 'de' : 'en' })]))
      catchUp(index, world)
    }
    world.apply(utf8('no entry at all'))
    catchUp(index, world)
  })
  afterAll(() => index[Symbol.dispose]())

  it('answers what the fold says, page by page', () => {
    const { batches, records } = everything(index)
    expect(index.size).toBe(world.state.size)
    expect(batches).toHaveLength(6)
    expect(batches.every((batch) => batch.settled !== null)).toBe(true)
    expect(records).toHaveLength(24)
    expect(records[0]).toMatchObject({ epoch: 1, row: 0, host: '0-0-0.example', language: 'de', tokens: 100, value: '100000' })
  })

  it('filters', () => {
    const [ann] = world.contributors
    expect(index.records({ language: 'de' }).rows).toHaveLength(8)
    expect(index.records({ host: '1-1-2.example' }).rows).toHaveLength(1)
    expect(index.records({ contributor: ann!.did, epoch: 2, minQuality: 1 }).rows).toHaveLength(4)
    expect(index.records({ epoch: 3 }).rows).toEqual([])
    const [one] = index.records({ limit: 1 }).rows
    expect(index.records({ record: one!.record }).rows).toMatchObject([{ manifest: one!.manifest }])
    expect(index.batches({ contributor: ann!.did, epoch: 2 }).rows).toHaveLength(1)
  })

  it('is the same whether it grew with the log, was built at once, or lay damaged on disk', async () => {
    const file = path.join(folder, 'old.sqlite')
    {
      using once = await openIndex(file)
      catchUp(once, world)
      expect(everything(once)).toEqual(everything(index))
    }
    using again = await openIndex(file)
    expect(again.size).toBe(world.state.size)
    writeFileSync(path.join(folder, 'bad.sqlite'), 'this is no database at all, whatever its name says')
    using bad = await openIndex(path.join(folder, 'bad.sqlite'))
    catchUp(bad, world)
    expect(everything(bad)).toEqual(everything(index))
  })

  it('starts again for another ledger', async () => {
    const other = new LedgerWorld({ contributors: ['dan'], charter: { nonce: 'aa' } })
    using mine = await openIndex(':memory:')
    catchUp(mine, world)
    catchUp(mine, other)
    expect(everything(mine)).toEqual({ batches: [], records: [] })
    expect(mine.size).toBe(other.state.size)
  })

  it('refuses a cursor and a limit that are none', async () => {
    expect(() => index.records({ cursor: 'x' })).toThrow(expect.objectContaining({ code: 'BAD_CURSOR' }))
    expect(() => index.records({ limit: 0 })).toThrow(expect.objectContaining({ code: 'BAD_LIMIT' }))
  })
})
