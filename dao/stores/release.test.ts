import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Cells, placeOfColumn, releaseManifest, rowJson, shareTable } from '../release/index.ts'
import { MemoryStorage, readCar } from '../../core/storage/index.ts'
import { fromHex, merkleTreeHash, toHex, utf8 } from '../../schemas/wire/index.ts'
import { account, prose } from '../../tests/support/release-world.ts'
import { oddTexts, sampleRelease } from '../../tests/support/sample-release.ts'
import { openParquet, openQueries } from './index.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'quern-release-'))
})
afterAll(() => rm(base, { recursive: true }))

it('gives the same root CID in fresh processes', async () => {
  const program = path.resolve(import.meta.dirname, '../../tests/support/sample-release.ts')
  const roots = []
  for (const name of ['one', 'two'])
    roots.push((await promisify(execFile)(process.execPath, [program, path.join(base, name)])).stdout.trim())
  const { release } = await sampleRelease(path.join(base, 'three'))
  expect(roots).toEqual([release.root.toString(), release.root.toString()])
})

it('changes the root with any record, any rule and any entry of the log', async () => {
  const folder = (): string => path.join(base, `change-${Math.random()}`)
  const roots = new Set([
    (await sampleRelease(folder())).release.root.toString(),
    (
      await sampleRelease(folder(), {
        charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, minQualityPpm: 510_000 } },
      })
    ).release.root.toString(),
    (await sampleRelease(folder(), {}, ({ state }) => state.size++)).release.root.toString(),
    (
      await sampleRelease(folder(), {}, ({ state }) =>
        state.optouts.push({ index: 3, domain: 'a.example', pattern: '/ada/0', from: 0, evidence: state.charterCid }),
      )
    ).release.root.toString(),
  ])
  expect(roots.size).toBe(4)
})

it('writes what the manifest says, row by row', async () => {
  const folder = path.join(base, 'rows')
  const { release } = await sampleRelease(folder, {
    charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, shardBytes: 20_000, rowGroup: 50 } },
  })
  const manifest = releaseManifest.parse(JSON.parse(await readFile(path.join(folder, 'manifest.json'), 'utf8')))
  expect(manifest).toEqual(release.manifest)
  const shards = manifest.files.filter((file) => file.rows !== null)
  expect(shards.length).toBeGreaterThan(2)
  const { readCells } = await openQueries()
  const all: Uint8Array[] = []
  const texts: string[] = []
  for (const shard of shards) {
    const rows: Cells[] = []
    for await (const cells of readCells(path.join(folder, shard.path))) rows.push(cells)
    const leaves = rows.map((cells) => utf8(rowJson(cells)))
    expect(toHex(merkleTreeHash(leaves))).toBe(shard.rowsRoot)
    expect(rows).toHaveLength(shard.rows ?? -1)
    all.push(...leaves)
    texts.push(...rows.map((cells) => String(cells[placeOfColumn('text')])))
  }
  expect(toHex(merkleTreeHash(all))).toBe(manifest.rowsRoot)
  expect(all).toHaveLength(120)
  for (const odd of oddTexts) expect(texts.some((text) => text.endsWith(odd))).toBe(true)
})

it('leaves an opted-out record out of the files and of the shares, and names it among the removals', async () => {
  const folder = path.join(base, 'optout')
  const { release } = await sampleRelease(folder, {}, ({ state }) =>
    state.optouts.push({ index: 90, domain: 'b.example', pattern: null, from: 0, evidence: state.charterCid }),
  )
  expect(release.manifest.hosts.map(({ host }) => host)).toEqual(['a.example', 'c.example'])
  const removals = (await readFile(path.join(folder, 'removals.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string; index: number })
  expect(removals).toHaveLength(60)
  expect(removals.every(({ reason, index }) => reason === 'opt-out' && index === 90)).toBe(true)
  expect(release.shares.rows.filter((row) => row.role === 'contributor').map((row) => row.points)).toEqual(['20000', '20000', '20000'])
})

it('exports as a CAR that another store takes whole', async () => {
  const { release } = await sampleRelease(path.join(base, 'car'))
  await using storage = new MemoryStorage()
  const blocks = []
  for await (const block of release.blocks()) blocks.push(block)
  await storage.public.put(blocks)
  await storage.public.pin(release.root)
  await using other = new MemoryStorage()
  expect((await other.public.importCar(storage.public.exportCar(release.root))).map(String)).toEqual([release.root.toString()])
  await other.public.pin(release.root)
  expect((await readCar(storage.public.exportCar(release.root))).roots.map(String)).toEqual([release.root.toString()])
})

it('gives the log’s entry the root of shares.json', async () => {
  const folder = path.join(base, 'entry')
  const { release } = await sampleRelease(folder)
  const table = shareTable.parse(JSON.parse(await readFile(path.join(folder, 'shares.json'), 'utf8')))
  expect(release.entry.shares).toEqual(fromHex(table.root))
  expect(release.entry.records).toBe(120)
})

it('leaves out what its own evidence reserves, as if it had never been selected', async () => {
  const page = (name: string, headers: [string, string][] = []) => ({ url: `https://${name}.example/`, text: prose(name), headers })
  const pages = [page('a'), page('b', [['content-usage', 'train-ai=n']]), page('c', [['content-usage', 'train-ai=y']])]
  const batches = [{ contributor: 'ada', epoch: 1, pages }]
  const folder = path.join(base, 'reserved')
  const { release } = await sampleRelease(folder, { batches })
  expect(release.manifest.hosts.map(({ host }) => host)).toEqual(['a.example', 'c.example'])
  expect(release.manifest.counts.left.permission).toBe(1)
  expect(release.shares.rows.find((row) => row.account === account('ada'))?.points).toBe('2000')
  const { queryParquet } = await openQueries()
  const rows = await Array.fromAsync(
    queryParquet({ files: [path.join(folder, 'data/train-00000-of-00001.parquet')], columns: ['domain', 'usage_train'] }),
  )
  expect(rows.map((row) => row.usage_train)).toEqual(['unknown', 'allow'])
  const strict = await sampleRelease(path.join(base, 'strict'), { batches, charter: { sources: { profile: 'strict' } } })
  expect(strict.release.manifest.hosts.map(({ host }) => host)).toEqual(['c.example'])
})

it('reads no file that it was not given', async () => {
  const folder = path.join(base, 'fence')
  await sampleRelease(folder)
  const { Duckdb } = await import('./duckdb.ts')
  using database = await Duckdb.open({ files: [path.join(folder, 'data/train-00000-of-00001.parquet')] })
  for (const sql of [
    `SELECT * FROM read_text('/etc/passwd')`,
    `COPY (SELECT 1) TO '${path.join(base, 'stolen.csv')}'`,
    `SET enable_external_access = true`,
    `INSTALL httpfs`,
    `ATTACH '${path.join(base, 'x.db')}'`,
    `SELECT * FROM read_csv('${path.join(folder, 'removals.jsonl')}')`,
  ])
    await expect(database.run(sql), sql).rejects.toBeDefined()
  await database.run(`SELECT count(*) FROM read_parquet('${path.join(folder, 'data/train-00000-of-00001.parquet')}')`)
})

it('answers filters, columns and limits, and takes hostile words for words', async () => {
  const folder = path.join(base, 'query')
  await sampleRelease(folder)
  const files = [path.join(folder, 'data/train-00000-of-00001.parquet')]
  const { queryParquet, queryToParquet } = await openQueries()
  const ask = async (query: object) => {
    const rows = []
    for await (const row of queryParquet({ files, ...query })) rows.push(row)
    return rows
  }
  expect(await ask({})).toHaveLength(120)
  expect(await ask({ limit: 7 })).toHaveLength(7)
  expect(await ask({ filters: { language: ['DE'] } })).toHaveLength(24)
  expect(await ask({ filters: { host: ['b.example'] } })).toHaveLength(60)
  expect(await ask({ filters: { host: ['www.b.example'] } })).toHaveLength(30)
  expect(await ask({ filters: { license: ['cc-by-4.0'] } })).toHaveLength(42)
  expect(await ask({ filters: { license: ['none'] } })).toHaveLength(78)
  expect(await ask({ filters: { minQuality: 530_000 } })).toHaveLength(30)
  expect(await ask({ filters: { schema: ['web-page@1', 'x@1'] } })).toHaveLength(120)
  expect(await ask({ filters: { since: 1_790_000_000_000, until: 1_790_000_000_001 } })).toHaveLength(3)
  expect(await ask({ filters: { text: 'DROP TABLE' } })).toHaveLength(24)
  expect(await ask({ filters: { text: `' OR 1=1 --` } })).toHaveLength(0)
  expect(await ask({ filters: { host: [`' OR 1=1 --`, `%`, `_`] } })).toHaveLength(0)
  const [row] = await ask({ columns: ['fetched_at', 'n_tokens', 'links_json', 'id'], limit: 1 })
  expect(Object.keys(row ?? {})).toEqual(['fetched_at', 'n_tokens', 'links_json', 'id'])
  expect(row?.fetched_at).toMatch(/^2026-09-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  await expect(ask({ columns: ['text" FROM x; --'] })).rejects.toMatchObject({ code: 'UNKNOWN_COLUMN' })
  await expect(ask({ limit: 1.5 })).rejects.toMatchObject({ code: 'BAD_LIMIT' })
  await expect(ask({ files: [path.join(folder, 'README.md')] })).rejects.toMatchObject({ code: 'BAD_PARQUET' })
  const out = path.join(base, "it's out.parquet")
  expect(await queryToParquet({ files, filters: { language: ['de'] } }, out)).toBe(24)
  expect(await ask({ files: [out] })).toHaveLength(24)
})

it('closes a writer it could not finish', async () => {
  const folder = path.join(base, 'unfinished')
  using parquet = await openParquet({ folder })
  const shard = await parquet.create('data/x.parquet', { rowGroup: 10 })
  expect(() => shard.append(Array(30).fill(1.5) as Cells)).toThrow(expect.objectContaining({ code: 'BAD_CELL' }) as Error)
  await shard.close()
})
