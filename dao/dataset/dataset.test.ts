import { createWriteStream } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeCar } from '../../core/storage/index.ts'
import type { Release } from '../release/index.ts'
import { chunkFile, pbCid, rawCid, utf8 } from '../../schemas/wire/index.ts'
import type { World } from '../../tests/support/release-world.ts'
import { sampleRelease } from '../../tests/support/sample-release.ts'
import {
  cachedRelease,
  checkRelease,
  fetchRelease,
  listReleases,
  parquetFiles,
  parseFilters,
  parseRemovals,
  queryRows,
  queryText,
  queryToParquetFile,
  receiptOf,
  recordReceipt,
  replayRelease,
  showRelease,
  unpackReleaseCar,
  verifyReceipt,
  verifyRelease,
} from './index.ts'

let base: string
let good: string
let release: Release
let world: World
beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'quern-dataset-'))
  good = path.join(base, 'good')
  ;({ release, world } = await sampleRelease(
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

it('goes through a CAR file and comes out the same', async () => {
  const car = path.join(base, 'release.car')
  await pipeline(Readable.from(writeCar([release.root], release.blocks())), createWriteStream(car))
  const out = path.join(base, 'from-car')
  const unpacked = await unpackReleaseCar({ car, release: release.root, out })
  expect(unpacked.root.toString()).toBe(release.root.toString())
  expect((await verifyRelease({ folder: out, root: release.root })).problems).toEqual([])
  await expect(unpackReleaseCar({ car, out })).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  await expect(unpackReleaseCar({ car, release: rawCid(utf8('x')), out: path.join(base, 'no') })).rejects.toMatchObject({
    code: 'ROOT_MISMATCH',
  })
})

it('refuses CAR files that are cut, forged, or would climb out of their folder', async () => {
  const dagPb = await import('@ipld/dag-pb')
  const { UnixFS } = await import('ipfs-unixfs')
  const blocks = await Array.fromAsync(release.blocks())
  const evil = (links: { Name: string; Hash: (typeof blocks)[number]['cid']; Tsize: number }[]) => {
    const bytes = dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: links })
    return { cid: pbCid(bytes), bytes }
  }
  const leaf = { cid: rawCid(utf8('evil')), bytes: utf8('evil') }
  const climbing = evil([{ Name: '..%2f', Hash: leaf.cid, Tsize: 4 }])
  const outside = evil([{ Name: '../out', Hash: leaf.cid, Tsize: 4 }])
  const bomb = chunkFile(new Uint8Array(1 << 20))
  const bombNode = (children: number, size: number, child: typeof leaf.cid) => {
    const node = new UnixFS({ type: 'file', blockSizes: Array.from({ length: children }, () => BigInt(size)) })
    const bytes = dagPb.encode({
      Data: node.marshal(),
      Links: Array.from({ length: children }, () => ({ Name: '', Hash: child, Tsize: size })),
    })
    return { cid: pbCid(bytes), bytes }
  }
  const many = bombNode(200, 1 << 20, bomb.root)
  const bombFolder = evil([{ Name: 'manifest.json', Hash: many.cid, Tsize: 1 }])
  const cases: [list: { cid: typeof leaf.cid; bytes: Uint8Array }[], root: typeof leaf.cid, code: string][] = [
    [blocks.slice(0, 2), release.root, 'BLOCK_MISSING'],
    [blocks.map((block, i) => (i === 0 ? { ...block, bytes: utf8('other') } : block)), release.root, 'CID_MISMATCH'],
    [[leaf, climbing], climbing.cid, 'NOT_A_RELEASE'],
    [[leaf, outside], outside.cid, 'NOT_A_RELEASE'],
    [[leaf], leaf.cid, 'NOT_A_RELEASE'],
    [[...bomb.blocks, many, bombFolder], bombFolder.cid, 'NOT_A_RELEASE'],
  ]
  for (const [i, [list, root, code]] of cases.entries()) {
    const car = path.join(base, `bad-${i}.car`)
    await pipeline(Readable.from(writeCar([root], list)), createWriteStream(car))
    await expect(unpackReleaseCar({ car, out: path.join(base, `bad-${i}`) }), String(i)).rejects.toMatchObject({ code })
  }
  expect((await readdir(base)).filter((name) => name.startsWith('bad-') && !name.endsWith('.car'))).toEqual([])
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

it('proves that one record is in a release, to anyone with the manifest', async () => {
  const query = { files: parquetFiles(good, release.manifest), columns: ['id', 'url'] }
  for (const { id, url } of await Array.fromAsync(queryRows({ ...query, limit: 5 }))) {
    const receipt = await receiptOf(good, release.manifest, String(id))
    expect(receipt).toMatchObject({ rowsRoot: release.manifest.rowsRoot, size: release.manifest.counts.records, row: { id, url } })
    const received = recordReceipt.parse(JSON.parse(JSON.stringify(receipt)))
    expect(verifyReceipt(received)).toBe(true)
    expect(verifyReceipt({ ...received, row: { ...received.row, text: 'other' } })).toBe(false)
    expect(verifyReceipt({ ...received, index: received.index + 1 })).toBe(false)
    expect(await Array.fromAsync(queryRows({ ...query, filters: { url: [String(url)] } }))).toEqual([{ id, url }])
  }
  await expect(receiptOf(good, release.manifest, 'bafkother')).rejects.toMatchObject({ code: 'NOT_IN_RELEASE' })
})

it('says what was withdrawn since', async () => {
  const nothing = { removals: new Map<string, string>(), optouts: [] }
  expect(await checkRelease(good, release.manifest, nothing)).toEqual([])
  const [first] = await Array.fromAsync(queryRows({ files: parquetFiles(good, release.manifest), columns: ['id', 'domain'], limit: 1 }))
  const removals = parseRemovals(`{"host":"x","index":4,"reason":"void","record":"${first?.id}"}\n`)
  expect(await checkRelease(good, release.manifest, { ...nothing, removals })).toMatchObject([
    { id: first?.id, reason: 'void', index: null },
  ])
  const optouts = [{ index: 12, domain: 'b.example', pattern: '/ada/' }]
  const stale = await checkRelease(good, release.manifest, { ...nothing, optouts })
  expect(stale).toHaveLength(20)
  expect(stale.every(({ url, index }) => index === 12 && /^https:\/\/(www\.)?b\.example\/ada\//.test(url))).toBe(true)
  expect(() => parseRemovals('{"a":1}')).toThrow(SyntaxError)
})

it('replays a release from the ledger, and sees rows and shares that the ledger does not give', async () => {
  const { state, files } = world
  const shares = release.shares
  const replay = (change: object) => replayRelease({ folder: good, manifest: release.manifest, shares, state, files, ...change })
  const codes = async (change: object) => (await replay(change)).map(({ code }) => code)
  expect(await codes({})).toEqual([])
  expect(await codes({ state: { ...state, size: 7 } })).toEqual(['OTHER_SIZE'])
  expect(await codes({ shares: { ...shares, rows: shares.rows.slice(1) } })).toEqual(['SHARES_WRONG'])
  const optouts = [...state.optouts, { index: 5, domain: 'a.example', pattern: null, from: 0, evidence: state.charterCid }]
  expect(new Set(await codes({ state: { ...state, optouts } }))).toEqual(new Set(['ROWS_EXTRA', 'SHARES_WRONG']))
  expect(new Set(await codes({ state: { ...state, optouts: [] } }))).toEqual(new Set(['ROWS_MISSING', 'SHARES_WRONG']))
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

  const cache = path.join(base, 'cache')
  const first = await cachedRelease({ from: options.from, cache, request })
  asked.length = 0
  expect(await cachedRelease({ from: options.from, cache, request })).toEqual(first)
  expect([first.folder, asked]).toEqual([path.join(cache, release.root.toString()), ['releases ']])

  served.set(`https://dao.example/v1/releases/${release.root}/README.md`, utf8('other'))
  await expect(fetchRelease({ ...options, out: `${out}-2` })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  await expect(fetchRelease({ ...options, out: `${out}-3`, release: rawCid(utf8('x')) })).rejects.toMatchObject({ code: 'NO_RELEASE' })
  await expect(fetchRelease({ ...options, from: 'file:///etc' })).rejects.toMatchObject({ code: 'OUT_EXISTS' })
  await expect(fetchRelease({ ...options, out: `${out}-4`, from: 'file:///etc' })).rejects.toMatchObject({ code: 'BAD_URL' })
})
