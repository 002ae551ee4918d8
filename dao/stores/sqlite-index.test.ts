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

const catchUp = (index: LedgerIndex, world: LedgerWorld): void =>
  index.catchUp(world.state, (from, to) => world.entries.slice(from, to), world.files)

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
    entries: all((cursor) => index.entries({ limit: 7, cursor })),
    epochs: all((cursor) => index.epochs({ limit: 1, cursor })),
    contributors: all((cursor) => index.contributors({ limit: 2, cursor })),
    batches: all((cursor) => index.batches({ limit: 2, cursor })),
    records: all((cursor) => index.records({ limit: 3, cursor })).map(({ ...row }) => row),
    shares: index.shares({}),
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
    const { entries, epochs, batches, contributors, records, shares } = everything(index)
    expect(entries).toHaveLength(world.state.size)
    expect(entries[0]).toMatchObject({ position: 0, type: 'genesis', author: world.operator.did, n: 0, invalid: null })
    expect(entries.at(-1)).toMatchObject({ type: '', invalid: 'UNKNOWN_TYPE' })
    expect(epochs).toMatchObject([
      { epoch: 1, final: 1 },
      { epoch: 2, final: 1 },
    ])
    expect(contributors.map((one) => one.account)).toEqual(world.contributors.map((one) => one.did).toSorted())
    expect(batches).toHaveLength(6)
    expect(batches.every((batch) => batch.settled !== null)).toBe(true)
    expect(records).toHaveLength(24)
    expect(records[0]).toMatchObject({ epoch: 1, row: 0, host: '0-0-0.example', language: 'de', tokens: 100, value: '100000' })
    expect(shares.filter((row) => row.epoch === 1)).toHaveLength(7)
  })

  it('filters', () => {
    const [ann] = world.contributors
    expect(index.entries({ type: 'epoch.close' }).rows.map((row) => row.author)).toEqual([world.operator.did, world.operator.did])
    expect(index.entries({ author: ann!.did }).rows.map((row) => row.n)).toEqual([0, 1, 2, 3, 4])
    expect(index.records({ language: 'de' }).rows).toHaveLength(8)
    expect(index.records({ host: '1-1-2.example' }).rows).toHaveLength(1)
    expect(index.records({ contributor: ann!.did, epoch: 2, minTokens: 100, minQuality: 1, paid: true }).rows).toHaveLength(4)
    expect(index.records({ minTokens: 101 }).rows).toEqual([])
    const [one] = index.records({ limit: 1 }).rows
    expect(index.records({ record: one!.record }).rows).toMatchObject([{ manifest: one!.manifest }])
    expect(index.batches({ contributor: ann!.did, epoch: 2 }).rows).toHaveLength(1)
    expect(index.shares({ account: ann!.did }).map((row) => row.points)).toEqual(['400000', '400000'])
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
    expect(mine.contributors().rows.map((row) => row.account)).toEqual([other.contributors[0]!.did])
    expect(mine.size).toBe(other.state.size)
  })

  it('refuses a cursor and a limit that are none', async () => {
    expect(() => index.entries({ cursor: 'x' })).toThrow(expect.objectContaining({ code: 'BAD_CURSOR' }))
    expect(() => index.entries({ limit: 0 })).toThrow(expect.objectContaining({ code: 'BAD_LIMIT' }))
  })
})
