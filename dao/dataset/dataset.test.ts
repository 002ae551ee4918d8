import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Release } from '../release/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { sampleRelease } from '../../tests/support/sample-release.ts'
import {
  fetchRelease,
  listReleases,
  parquetFiles,
  parseFilters,
  queryText,
  queryToParquetFile,
  showRelease,
  verifyRelease,
} from './index.ts'

let base: string
let good: string
let release: Release
beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'quern-dataset-'))
  good = path.join(base, 'good')
  ;({ release } = await sampleRelease(
    good,
    { charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, shardBytes: 60_000 } } },
    ({ state }) => state.optouts.push({ index: 3, domain: 'c.example', pattern: null, from: 0, evidence: state.charterCid }),
  ))
})
afterAll(() => rm(base, { recursive: true }))

let copies = 0
async function tampered(change: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(base, `copy-${copies++}`)
  await cp(good, folder, { recursive: true })
  await change(folder)
  return folder
}
const logOf = (one: Release) => ({ ledger: one.manifest.ledger, releases: [one.entry] })

it('finds nothing wrong with a release, its rows and its entry in the log', async () => {
  const report = await verifyRelease({ folder: good, root: release.root, log: logOf(release) })
  expect(report.problems).toEqual([])
  expect(report).toMatchObject({ ok: true, root: release.root.toString(), checked: { rows: release.manifest.counts.records, log: true } })
})

it('names every change to a file', async () => {
  const shard = release.manifest.files[0]?.path as string
  const edit = (file: string, to: (text: string) => string) => async (folder: string) =>
    writeFile(path.join(folder, file), to(await readFile(path.join(folder, file), 'latin1')), 'latin1')
  const cases: [what: string, change: (folder: string) => Promise<void>, codes: string[]][] = [
    [
      'a flipped byte of a shard',
      edit(shard, (text) => `${text.slice(0, 2000)}${text[2000] === 'x' ? 'y' : 'x'}${text.slice(2001)}`),
      ['DIGEST_MISMATCH', 'CID_MISMATCH', 'ROOT_MISMATCH'],
    ],
    ['a missing shard', (folder) => rm(path.join(folder, shard)), ['FILE_MISSING', 'ROOT_MISMATCH']],
    ['another file', (folder) => writeFile(path.join(folder, 'data/extra.parquet'), 'x'), ['UNLISTED_FILE']],
    [
      'a share taken',
      edit('shares.json', (text) => text.replace(/"ppm": \d+/, '"ppm": 1')),
      ['SHARES_ROOT', 'SHARES_WRONG', 'DIGEST_MISMATCH'],
    ],
    ['a card', edit('README.md', (text) => `${text}!`), ['SIZE_MISMATCH', 'DIGEST_MISMATCH', 'ROOT_MISMATCH']],
    ['no manifest', (folder) => rm(path.join(folder, 'manifest.json')), ['NOT_A_RELEASE']],
    ['a manifest that is none', (folder) => writeFile(path.join(folder, 'manifest.json'), '[1'), ['BAD_MANIFEST']],
    [
      'a manifest that reaches outside',
      edit('manifest.json', (text) => text.replace('"path": "shares.json"', '"path": "../shares.json"')),
      ['BAD_MANIFEST'],
    ],
    ['a count', edit('manifest.json', (text) => text.replace(/"tokens": \d+/, '"tokens": 7')), ['COUNTS', 'ROOT_MISMATCH']],
  ]
  for (const [what, change, codes] of cases) {
    const folder = await tampered(change)
    const report = await verifyRelease({ folder, root: release.root })
    expect(report.ok, what).toBe(false)
    expect(new Set(report.problems.map(({ code }) => code)), what).toEqual(new Set([...codes, ...report.problems.map(({ code }) => code)]))
    for (const code of codes)
      expect(
        report.problems.map((problem) => problem.code),
        what,
      ).toContain(code)
  }
})

it('sees through a release whose files agree with each other but not with their records', async () => {
  const folder = await tampered(async (copy) => {
    const shard = release.manifest.files[0]?.path as string
    const { Duckdb } = await import('../stores/duckdb.ts')
    using database = await Duckdb.open({ folders: [copy] })
    const file = path.join(copy, shard)
    await database.run(`CREATE TABLE t AS SELECT * REPLACE (text || ' and more' AS text) FROM read_parquet('${file}')`)
    await database.run(`COPY t TO '${file}' (FORMAT parquet)`)
  })
  const codes = new Set((await verifyRelease({ folder })).problems.map(({ code }) => code))
  for (const code of ['ROWS_ROOT', 'TEXT_DIGEST', 'RECORD_MISMATCH']) expect(codes).toContain(code)
})

it('holds a release against the log', async () => {
  const log = logOf(release)
  const codes = async (changed: typeof log) =>
    (await verifyRelease({ folder: good, log: changed, rows: false })).problems.map(({ code }) => code)
  expect(await codes(log)).toEqual([])
  expect(await codes({ ...log, releases: [] })).toEqual(['NOT_IN_LOG'])
  expect(await codes({ ...log, ledger: 'quern/other' })).toEqual(['OTHER_LEDGER'])
  expect(await codes({ ...log, releases: [{ ...release.entry, records: 1, shares: new Uint8Array(32) }] })).toEqual([
    'LOG_MISMATCH',
    'LOG_MISMATCH',
  ])
})

it('lists and shows what a folder of releases holds', async () => {
  const shelf = path.join(base, 'shelf')
  await cp(good, path.join(shelf, release.root.toString()), { recursive: true })
  await cp(good, path.join(shelf, 'notes'), { recursive: true })
  expect(await listReleases(shelf)).toMatchObject([{ release: release.root.toString(), throughEpoch: 2, name: 'test-dao' }])
  expect(await listReleases(path.join(base, 'nowhere'))).toEqual([])
  expect((await showRelease(good)).shares.rows).toEqual(release.shares.rows)
  await expect(showRelease(base)).rejects.toMatchObject({ code: 'NOT_A_RELEASE' })
})

it('answers as table, JSON lines, CSV and Parquet', async () => {
  const query = { files: parquetFiles(good, release.manifest), filters: parseFilters({ language: ['de'], minQuality: '0.5' }) }
  const text = async (format: 'table' | 'json' | 'csv', more: object = {}) =>
    (await Array.fromAsync(queryText({ ...query, ...more }, format))).join('')
  const lines = (await text('json')).trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(10)
  expect(JSON.parse(lines[0] as string)).toMatchObject({ lang: 'de', schema: 'web-page@1' })
  const csv = await text('csv', { columns: ['id', 'text'] })
  expect(csv.startsWith('id,text\r\n')).toBe(true)
  expect(await text('csv', { columns: ['id', 'text'], limit: 0 })).toBe('id,text\r\n')
  const table = await text('table', { columns: ['lang', 'text'] })
  // eslint-disable-next-line no-control-regex
  expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  const out = path.join(base, 'answer.parquet')
  expect(await queryToParquetFile(query, out)).toBe(lines.length)
  await expect(Array.fromAsync(queryText(query, 'parquet'))).rejects.toMatchObject({ code: 'NEEDS_OUT' })
})

it('reads times and qualities as people write them', () => {
  expect(parseFilters({ since: '2026-11-22', until: '2026-11-22T10:00:00+01:00' })).toEqual({
    since: 1_795_305_600_000,
    until: 1_795_338_000_000,
  })
  expect(parseFilters({ minQuality: '0.8' })).toEqual({ minQuality: 800_000 })
  expect(parseFilters({ minQuality: '750000' })).toEqual({ minQuality: 750_000 })
  for (const bad of ['yesterday', '2026-13-01', '2026-11-22T10:00'])
    expect(() => parseFilters({ since: bad }), bad).toThrow(expect.objectContaining({ code: 'BAD_TIME' }) as Error)
  for (const bad of ['1.5', '-1', 'x', '9999999'])
    expect(() => parseFilters({ minQuality: bad }), bad).toThrow(expect.objectContaining({ code: 'BAD_QUALITY' }) as Error)
})

it('fetches over HTTP, goes on after a break, and keeps nothing that does not agree', async () => {
  const served = new Map<string, Uint8Array>()
  for (const file of ['manifest.json', ...release.manifest.files.map((one) => one.path)])
    served.set(`https://dao.example/v1/releases/${release.root}/${file}`, await readFile(path.join(good, file)))
  served.set('https://dao.example/v1/releases', utf8(JSON.stringify({ releases: [{ release: release.root.toString() }] })))
  let cut = true
  const asked: string[] = []
  const request = async (url: string, { headers = {} }: { headers?: Record<string, string> }): Promise<Response> => {
    const bytes = served.get(url)
    const range = /^bytes=(\d+)-$/.exec(headers.range ?? '')
    asked.push(`${url.slice(url.lastIndexOf('/') + 1)} ${headers.range ?? ''}`)
    if (bytes === undefined) return new Response('no', { status: 404 })
    const body = bytes.subarray(Number(range?.[1] ?? 0))
    if (!cut || !url.endsWith('.parquet')) return new Response(Buffer.from(body), { status: range ? 206 : 200 })
    cut = false
    let pulled = 0
    const broken = new ReadableStream({
      pull(controller) {
        if (pulled++ === 0) controller.enqueue(body.subarray(0, 1000))
        else controller.error(new Error('connection lost'))
      },
    })
    return new Response(broken, { status: 200 })
  }
  const out = path.join(base, 'fetched')
  const options = { from: 'https://dao.example/', out, request }
  await expect(fetchRelease(options)).rejects.toMatchObject({ code: 'HTTP' })
  const { root } = await fetchRelease(options)
  expect(root.toString()).toBe(release.root.toString())
  expect(asked.some((line) => /\.parquet bytes=\d+-$/.test(line))).toBe(true)
  expect((await verifyRelease({ folder: out, root: release.root })).problems).toEqual([])

  served.set(`https://dao.example/v1/releases/${release.root}/README.md`, utf8('other'))
  await expect(fetchRelease({ ...options, out: `${out}-2` })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  await expect(fetchRelease({ ...options, out: `${out}-3`, release: rawCid(utf8('x')) })).rejects.toMatchObject({ code: 'NO_RELEASE' })
  await expect(fetchRelease({ ...options, from: 'file:///etc' })).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  await expect(fetchRelease({ ...options, out: `${out}-4`, from: 'file:///etc' })).rejects.toMatchObject({ code: 'BAD_URL' })
})
