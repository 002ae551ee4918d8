/** The main job on one machine: real peers crawl the sample site, close an epoch and cut a release; then everything is checked without them. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CarReader } from '@ipld/car'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFile as readStored } from '../../core/storage/index.ts'
import { loadBatch } from '../../dao/batches/index.ts'
import type { BatchState, LedgerState } from '../../dao/ledger/index.ts'
import { peekCheckpoint } from '../../dao/log/index.ts'
import { type CID, rawCid, toHex, utf8 } from '../../schemas/wire/index.ts'
import { replayFolder } from '../../cli/wiring/index.ts'
import { copyLog } from '../support/copy-log.ts'
import { startTestNetwork, type TestNetwork } from '../support/local-network.ts'
import { eventually } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'

/** A contributor at home: nobody can dial it. */
const HOME = 'contributor-3'
const soon = (): AbortSignal => AbortSignal.timeout(200_000)

let network: TestNetwork
let folder: string
let log: string
let release: string
let state: LedgerState

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-e2e-'))
  network = await startTestNetwork({ listen: (name) => (name === HOME ? [] : ['/ip4/127.0.0.1/tcp/0']) })
  const { operator } = network.dao
  await operator.until((now) => (now.releases.length > 0 && now.epoch?.number === 2 ? true : undefined), soon())
  await eventually(() => network.contributors.every(({ contributor }) => contributor.batches.every(({ receipt }) => receipt !== null)))
  await eventually(() => peekCheckpoint(operator.sequencer.checkpoint() ?? '').size === operator.state.size)
  // what somebody else would have: a copy of the published files, and nothing of ours
  log = path.join(folder, 'log')
  await copyLog(path.join(network.home, 'dao', 'log'), log)
  state = (await replayFolder(log)).ledger.state
  release = path.join(folder, 'release')
  // the next one may be being written beside it
  const cut = String(operator.state.releases[0]?.release)
  await cp(path.join(network.home, 'dao', 'releases', cut), release, { recursive: true })
})
afterAll(async () => {
  await network[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const batches = (): BatchState[] => [...state.batches.values()]
const filesOf = (batch: BatchState) => {
  const files = loadBatch((cid) => network.dao.home.files.read(cid), batch.manifestCid)
  if (files === undefined) throw new Error(`no ledger files of ${batch.manifestCid}`)
  return files
}
const linesOf = async (batch: BatchState): Promise<string[]> => {
  const bytes = await readStored(network.dao.home.storage.public, batch.manifest.records, 64 << 20)
  return gunzipSync(bytes).toString('utf8').split('\n').slice(0, -1)
}

describe('the epoch', () => {
  it('is final with the same root on every validator, and every contributor has a share and receipts', () => {
    const [result] = state.results
    expect(result).toMatchObject({ epoch: 1, final: true })
    for (const { validator } of network.validators)
      expect(toHex(validator.state.results[0]?.root as Uint8Array)).toBe(toHex(result?.root as Uint8Array))
    const rows = (result?.rows ?? []).filter(({ role }) => role === 'contributor')
    expect(rows.length).toBe(3)
    for (const row of rows) {
      expect(row.credibility).toBe(1_000_000)
      expect(BigInt(row.points)).toBeGreaterThan(0n)
    }
    for (const { contributor } of network.contributors) expect(contributor.batches.length).toBeGreaterThan(0)
    expect(state.invalid).toEqual([])
  })

  it('tests and acknowledges a contributor that listens nowhere', () => {
    const home = network.contributors.find(({ home: { identity } }) => network.names.get(identity.did) === HOME)
    expect(home?.home.mesh.addresses()).toEqual([])
    expect(home?.contributor.batches.filter(({ epoch, receipt }) => epoch === 1 && receipt === null)).toEqual([])
    expect(state.results[0]?.rows.find(({ account }) => account === home?.home.identity.did)?.records).toBeGreaterThan(0)
  })

  it('keeps every record under its CID in files that gunzip reads', async () => {
    for (const batch of batches()) {
      const { rows } = filesOf(batch).index
      const lines = await linesOf(batch)
      expect(lines.map((line) => rawCid(utf8(line)).toString())).toEqual(rows.map(({ record }) => record.toString()))
    }
  })

  it('asked no host for what its robots.txt forbids, and kept nothing that is reserved', async () => {
    const forbidden: Record<string, RegExp> = {
      docs: /^\/internal\/(?!changelog)|\.bak$/,
      shop: /^\/(cart|checkout|account)|[?&]sort=/,
      forum: /^\/(members\/|reply)/,
      news: /^\/archive\//,
      kitchen: /^\/drafts\//,
      closed: /^\/(?!robots\.txt)/,
      flaky: /^\/(?!robots\.txt)/,
    }
    const { requests } = network.site
    expect(requests.length).toBeGreaterThan(150)
    for (const [label, pattern] of Object.entries(forbidden))
      expect(
        requests.filter(({ host, path: asked }) => host === `${label}.quern.test` && pattern.test(decodeURI(asked))),
        label,
      ).toEqual([])
    expect(new Set(requests.map(({ userAgent }) => userAgent))).toEqual(new Set([`QuernBot/1.0 (+${state.charter.contact})`]))
    const hosts = new Set(batches().flatMap((batch) => filesOf(batch).index.rows.map(({ host }) => host)))
    expect([...hosts].filter((host) => /^(press|closed|flaky)\./.test(host))).toEqual([])
    const urls = (await Promise.all(batches().map(linesOf))).flat().map((line) => (JSON.parse(line) as { url: string }).url)
    expect(urls.length).toBeGreaterThan(100)
    expect(urls.filter((url) => /\/letters|\/manuscripts|\/notes/.test(new URL(url).pathname))).toEqual([])
  })
})

describe('a stranger with a copy of the log', () => {
  it('recomputes the identical root, and an explanation of every account, epoch and batch', async () => {
    const audit = await runCli('ledger', 'audit', log, '--json')
    expect(audit.code).toBe(0)
    expect(audit.json()[0]).toMatchObject({
      ok: true,
      ledger: state.id,
      problems: [],
      invalid: [],
      epochs: [{ epoch: 1, matches: true, final: true }],
    })
    const subjects = [...state.contributors.keys(), ...state.validators.keys(), '1', ...state.batches.keys()]
    for (const subject of subjects) {
      const { code, out } = await runCli('ledger', 'explain', subject, '--log', log)
      expect(code, subject).toBe(0)
      expect(out.split('\n').length, out).toBeGreaterThan(3)
      expect(out).not.toMatch(/undefined|NaN|\[object/)
    }
    const [row] = state.results[0]?.rows.filter(({ role }) => role === 'contributor') ?? []
    const why = await runCli('ledger', 'explain', row?.account as string, '--log', log)
    expect(why.out).toContain(`${row?.records} records of value`)
    expect(why.out).toContain(`= ${row?.points} points`)
    expect((await runCli('ledger', 'explain', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK', '--log', log)).code).toBe(3)
  })

  it('needs no copy from the operator: over HTTP it gets the same root', async () => {
    const copy = path.join(folder, 'over-http')
    const { code, json, err } = await runCli('ledger', 'audit', copy, '--dao', network.api.url, '--ledger', state.id, '--json')
    expect(code, err).toBe(0)
    const [report] = json<{ ok: boolean; epochs: { epoch: number; root: string; matches: boolean }[] }>()
    // the network goes on meanwhile, and may have closed another one
    expect([report?.ok, report?.epochs[0]]).toMatchObject([
      true,
      { epoch: 1, root: toHex(state.results[0]?.root as Uint8Array), matches: true },
    ])
    expect((await runCli('ledger', 'explain', '1', '--log', copy)).code).toBe(0)
  })

  it('verifies the log, and one entry by its proof alone', async () => {
    expect((await runCli('log', 'verify', log)).code).toBe(0)
    const proof = path.join(folder, 'p.tlog-proof')
    expect((await runCli('log', 'prove', '0', '--log', log, '--out', proof)).code).toBe(0)
    const entry = path.join(folder, 'entry')
    await writeFile(entry, await network.dao.operator.sequencer.reader.entry(0))
    expect((await runCli('log', 'verify', log, '--proof', proof, '--entry', entry)).code).toBe(0)
    await writeFile(entry, await network.dao.operator.sequencer.reader.entry(1))
    expect((await runCli('log', 'verify', log, '--proof', proof, '--entry', entry)).code).toBe(3)
  })

  const published = async (): Promise<number> => peekCheckpoint(await readFile(path.join(log, 'checkpoint'), 'utf8')).size
  const one = (cid: CID | undefined): string => `files/${cid?.toString()}`
  const payloadOf = async (type: string): Promise<Record<string, unknown>> =>
    ((await runCli('ledger', 'show', '--log', log, '--type', type, '--json')).json()[0] as { payload: Record<string, unknown> }).payload

  it.each([
    ['a hash tile', async () => `tile/0/000.p/${await published()}`],
    ['an entry bundle', async () => `tile/entries/000.p/${await published()}`],
    ['a report', async () => `files/${String((await payloadOf('report.reveal'))['report'])}`],
    ['the epoch table', async () => `files/${String((await payloadOf('epoch.close'))['table'])}`],
    ['a manifest', async () => one(batches()[0]?.manifestCid)],
    ['an index', async () => one(batches()[0]?.manifest.index)],
    ['the sketches', async () => one(batches()[0]?.manifest.sketches)],
    ['the charter', async () => one(state.charterCid)],
    ['the root in the checkpoint', async () => 'checkpoint', '\n\n', -10],
    ['the origin of the checkpoint', async () => 'checkpoint', '/t0\n', -8],
    ['the log’s signature of the checkpoint', async () => 'checkpoint', '\n\n', 120],
  ] satisfies [string, () => Promise<string>, after?: string, by?: number][])(
    'names %s in which one byte was flipped',
    async (_what, whichFile: () => Promise<string>, after = '', by = 0) => {
      const copy = path.join(folder, 'flipped')
      await cp(log, copy, { recursive: true })
      try {
        const file = await whichFile()
        await flip(path.join(copy, file), (text) => (after === '' ? text.length >> 1 : text.indexOf(after) + by))
        const { code, out, err } = await runCli('ledger', 'audit', copy, '--json')
        expect(code, out).toBe(3)
        expect(JSON.parse(out)).toMatchObject({ ok: false })
        expect((JSON.parse(out) as { problems: { where: string }[] }).problems.map(({ where }) => where)).toContain(file)
        expect(err).toContain(file)
      } finally {
        await rm(copy, { recursive: true })
      }
    },
  )
})

describe('the release', () => {
  it('is right, and as the log says', async () => {
    const { code, err } = await runCli('dataset', 'verify', release, '--log', log, '--json')
    expect(code, err).toBe(0)
  })

  it.each(['manifest.json', 'shares.json', 'croissant.json', 'README.md', 'data/'])(
    'names %s in which one byte was flipped',
    async (start) => {
      const names = await readdir(release, { recursive: true })
      const file = names.find((name) => name.startsWith(start) && name.includes('.')) as string
      const whole = await readFile(path.join(release, file))
      await flip(path.join(release, file))
      try {
        const { code, out, err } = await runCli('dataset', 'verify', release, '--log', log, '--json')
        expect(code, out).toBe(3)
        expect(err).toContain(file)
      } finally {
        await writeFile(path.join(release, file), whole)
      }
    },
  )

  /** Somebody of whom the release holds records. */
  const paid = (): string => state.results[0]?.rows.find(({ role, points }) => role === 'contributor' && points !== '0')?.account as string

  it.each<[string, string[], (row: Record<string, unknown>) => boolean]>([
    ['language', ['--language', 'en'], (row) => row['lang'] === 'en'],
    ['host', ['--host', 'docs.quern.test:PORT'], (row) => String(row['url']).includes('//docs.quern.test')],
    ['schema', ['--schema', 'web-page@1'], (row) => row['schema'] === 'web-page@1'],
    ['quality', ['--min-quality', '900000'], (row) => Number(row['quality']) >= 900_000],
    ['date', ['--since', '2000-01-01'], (row) => Date.parse(String(row['fetched_at'])) > Date.parse('2000-01-01')],
    ['text', ['--text', 'millstone'], (row) => /millstone/i.test(String(row['text']))],
    ['contributor', ['--contributor', 'PAID'], (row) => row['contributor_id'] === paid()],
    ['licence', ['--license', 'CC-BY-4.0'], (row) => row['license_spdx'] === 'CC-BY-4.0'],
  ])('answers queries by %s', async (_what, words, fits) => {
    const { code, json, err } = await runCli(
      'dataset',
      'query',
      release,
      ...words.map((word) => word.replace('PORT', String(network.site.port)).replace('PAID', paid())),
      '--limit',
      '7',
      '--json',
    )
    expect(code, err).toBe(0)
    const rows = json()
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.length).toBeLessThanOrEqual(7)
    expect(rows.filter((row) => !fits(row))).toEqual([])
  })

  it('answers in every format, nothing for what does not match, and refuses what is no filter', async () => {
    const query = (...words: string[]) => runCli('dataset', 'query', release, '--limit', '3', '--columns', 'url,title', ...words)
    expect((await query('--format', 'csv')).out.split('\n')[0]?.trim()).toBe('url,title')
    expect((await query('--format', 'table')).out).toContain('http://')
    expect((await query('--format', 'json')).json()).toHaveLength(3)
    expect((await query('--until', '2000-01-01', '--json')).json()).toEqual([])
    expect((await query('--language', 'tlh', '--json')).json()).toEqual([])
    expect(await query('--format', 'csv', '--out', path.join(folder, 'absent', 'x.csv'))).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot write .*ENOENT.*\[FILE_UNWRITABLE\]/s) as string,
    })
    const csv = path.join(folder, 'some.csv')
    await query('--format', 'csv', '--out', csv)
    expect(await readFile(csv, 'utf8')).toBe((await query('--format', 'csv')).out)
    const out = path.join(folder, 'some.parquet')
    expect((await query('--format', 'parquet', '--out', out)).code).toBe(0)
    expect((await readFile(out)).subarray(0, 4).toString()).toBe('PAR1')
    expect((await query('--format', 'parquet')).code).toBe(2)
    expect((await query('--format', 'xml')).code).toBe(2)
    for (const bad of [
      ['--min-quality', 'good'],
      ['--since', 'yesterday'],
      ['--columns', 'url;drop'],
    ]) {
      const { code, err } = await query(...bad)
      expect([1, 2], err).toContain(code)
      expect(err).toMatch(/\[[A-Z_]+\]/)
    }
  })

  it('is listed and shown, from the folder and from the DAO', async () => {
    const home = path.join(network.home, 'dao')
    for (const from of [
      ['--home', home],
      ['--dao', network.api.url],
    ]) {
      const list = await runCli('dataset', 'ls', ...from, '--json')
      expect(list.json()).toContainEqual(expect.objectContaining({ release: state.releases[0]?.release.toString() }))
      expect((await runCli('dataset', 'ls', ...from)).code).toBe(0)
      expect((await runCli('dataset', 'show', state.releases[0]?.release.toString() as string, ...from, '--json')).code).toBe(0)
      expect((await runCli('ledger', 'show', ...from, '--type', 'epoch.close', '--json')).json().length).toBeGreaterThan(0)
    }
    expect((await runCli('dataset', 'show', state.releases[0]?.release.toString() as string, '--home', home)).out).toContain('share')
  })

  it('is served over HTTP: whole, in ranges, as CAR and by path, beside the log and the ledger', async () => {
    const { url } = network.api
    const root = state.releases[0]?.release.toString() as string
    const json = async (at: string): Promise<Record<string, unknown>> =>
      (await fetch(`${url}${at}`)).json() as Promise<Record<string, unknown>>
    expect(await json('/v1/info')).toMatchObject({ ledger: state.id, operator: state.operator })
    expect((await json('/v1/releases'))['releases']).toContainEqual(expect.objectContaining({ release: root }))
    expect((await json('/v1/contributors'))['contributors']).toHaveLength(3)
    expect((await json('/v1/validators'))['validators']).toHaveLength(4)
    expect((await json('/v1/epochs'))['epochs']).not.toHaveLength(0)
    expect((await json('/v1/ledger?type=genesis'))['entries']).toHaveLength(1)
    const parquet = (await readdir(path.join(release, 'data')))[0] as string
    const whole = await readFile(path.join(release, 'data', parquet))
    const ranged = await fetch(`${url}/v1/releases/${root}/data/${parquet}`, { headers: { range: 'bytes=4-11' } })
    expect(ranged.status).toBe(206)
    expect(Buffer.from(await ranged.arrayBuffer())).toEqual(whole.subarray(4, 12))
    const car = await CarReader.fromBytes(new Uint8Array(await (await fetch(`${url}/ipfs/${root}?format=car`)).arrayBuffer()))
    expect((await car.getRoots()).map(String)).toEqual([root])
    expect(Buffer.from(await (await fetch(`${url}/ipfs/${root}/data/${parquet}`)).arrayBuffer())).toEqual(whole)
    const checkpoint = await (await fetch(`${url}/checkpoint`)).text()
    expect(checkpoint.split('\n')[0]).toBe(`${state.id}/t0`)
    const tile = await fetch(`${url}/log/t0/tile/0/000.p/${checkpoint.split('\n')[1]}`)
    expect(tile.status).toBe(200)
    expect((await fetch(`${url}/v1/releases/none`)).status).toBeGreaterThanOrEqual(400)
  })

  it('is fetched and verified by a client that trusts nobody', async () => {
    const out = path.join(folder, 'fetched')
    const { code, err } = await runCli(
      'dataset',
      'fetch',
      state.releases[0]?.release.toString() as string,
      '--dao',
      network.api.url,
      '--out',
      out,
    )
    expect(code, err).toBe(0)
    expect((await runCli('dataset', 'verify', out, '--log', log)).code).toBe(0)
  })

  it('has the same CID when somebody cuts it again from the same entries', async () => {
    await network.stop()
    const { checkpoint } = JSON.parse(await readFile(path.join(release, 'manifest.json'), 'utf8')) as { checkpoint: { size: number } }
    const again = await runCli(
      'dao',
      'release',
      '--json',
      `--home=${path.join(network.home, 'dao')}`,
      `--out=${path.join(folder, 'again')}`,
      `--at=${checkpoint.size}`,
    )
    expect(again.code, again.err).toBe(0)
    expect(again.json()[0]).toMatchObject({ release: state.releases[0]?.release.toString() })
  })
})

/** Flips the lowest bit of one byte, the middle one unless said. */
async function flip(file: string, where = (text: string): number => text.length >> 1): Promise<void> {
  const bytes = await readFile(file)
  const at = where(bytes.toString('latin1'))
  bytes[at] = (bytes[at] as number) ^ 1
  await writeFile(file, bytes)
}
