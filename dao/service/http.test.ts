import { createHash } from 'node:crypto'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Clock, silent } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { openPrometheus } from '../../core/events/index.ts'
import { MemoryStorage, readCar } from '../../core/storage/index.ts'
import { LogReader, LogTail, MemoryLogStore } from '../log/index.ts'
import { cborCid, chunkFile, concatBytes, encode, parseCid, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import type { Release } from '../release/index.ts'
import { fetchRelease, verifyRelease } from '../dataset/index.ts'
import { account, type World } from '../../tests/support/release-world.ts'
import { sampleRelease } from '../../tests/support/sample-release.ts'
import { type ApiOptions, type Http, openHttp } from './index.ts'

/** Deadlines never pass here: no test waits for time. */
const clock: Clock = {
  now: () => 0,
  sleep: async () => {},
  timer: () => ({ [Symbol.dispose]() {} }),
  deadline: () => new AbortController().signal,
}
const immediately: Clock = { ...clock, deadline: () => AbortSignal.abort(new DOMException('late', 'TimeoutError')) }

let base: string
let world: World
let release: Release
let options: ApiOptions
let http: Http
const entries = Array.from({ length: 300 }, (_, i) =>
  encode({
    v: 1,
    t: 'contributor.join',
    p: { contact: i === 7 ? '<script>' : null },
    a: account(`peer ${i}`),
    n: 0,
    s: new Uint8Array(64),
  }),
)
/** One that is here, and one that is named and lost. */
const [POOL_RELEASE, POOL_LOST] = [rawCid(utf8('manifest')), rawCid(utf8('lost'))]
const received: { entry: Uint8Array; files: Uint8Array[] }[] = []

beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'quern-http-'))
  ;({ release, world } = await sampleRelease(path.join(base, 'building')))
  await cp(path.join(base, 'building'), path.join(base, 'releases', release.root.toString()), { recursive: true })
  world.state.optouts.push({ index: 9, domain: 'a.example', pattern: null, from: 0, evidence: rawCid(utf8('x')) })
  world.state.poolReleases = [POOL_RELEASE, POOL_LOST].map((pool, i) => ({
    index: 20 + i,
    release: pool,
    name: `pool-${i}`,
    throughEpoch: 1,
    previous: null,
    shares: new Uint8Array(32).fill(i),
    records: 0,
  }))
  const store = new MemoryLogStore()
  await store.write(LogTail.empty().append(entries).files)
  await store.write([{ path: 'checkpoint', bytes: utf8('quern/test/t0\n300\nroot\n\n— sig\n') }])
  const storage = new MemoryStorage()
  await storage.public.put(await Array.fromAsync(release.blocks()))
  await storage.private.put([{ cid: rawCid(utf8('secret')), bytes: utf8('secret') }])
  options = {
    state: () => world.state,
    log: (term) => (term === 0 ? { files: store, reader: new LogReader(store, 300) } : undefined),
    term: () => 0,
    files: world.files,
    releases: path.join(base, 'releases'),
    storage,
    metrics: await openPrometheus({ processMetrics: false }),
    submit: async (entry, files) => {
      received.push({ entry, files })
      if (entry[0] === 0) return { status: 'refused', code: 'BAD_ENTRY', message: 'not an entry' }
      return entry[0] === 1 ? { status: 'elsewhere' } : { status: 'receipt', receipt: utf8('receipt') }
    },
    optOut: async (domain) => {
      if (domain === 'busy.example') throw new RetryableError('BUSY', 'others are being looked at')
      return domain === 'shy.example'
        ? { status: 'opted-out', domain, where: 'TXT _quern.shy.example', patterns: ['/a'], evidence: rawCid(utf8('word')), logged: 1 }
        : { status: 'not-proven', domain, tried: [{ where: 'TXT _quern.loud.example', outcome: 'NO_RECORD' }] }
    },
    pool: {
      manifest: async (cid) => (cid.equals(POOL_RELEASE) ? utf8('manifest') : undefined),
      tags: async (cid) => (cid.equals(POOL_RELEASE) ? utf8('tags') : undefined),
      feed: async () => utf8('feed'),
    },
    addresses: () => ['/ip4/127.0.0.1/tcp/1/p2p/x'],
    clock,
    logger: silent,
  }
  http = await openHttp(options)
})
afterAll(() => rm(base, { recursive: true }))

const ask = (target: string, init?: RequestInit): Promise<Response> => Promise.resolve(http.app.request(target, init))
const bodyOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer())
const jsonOf = async (target: string): Promise<Record<string, never>> => {
  const response = await ask(target)
  expect(response.status, target).toBe(200)
  return (await response.json()) as Record<string, never>
}

describe('the ledger', () => {
  it('says which one it is', async () => {
    expect(await jsonOf('/v1/info')).toMatchObject({
      ledger: world.state.id,
      name: 'test-dao',
      size: 100,
      addresses: ['/ip4/127.0.0.1/tcp/1/p2p/x'],
      term: 0,
    })
    expect((await jsonOf('/v1/charter')) as object).toMatchObject({ name: 'test-dao', operator: account('operator') })
    expect(await jsonOf('/healthz')).toMatchObject({ ok: true })
  })

  it('says that it is not ready before genesis', async () => {
    const { app } = await openHttp({ ...options, state: () => undefined })
    expect((await app.request('/healthz')).status).toBe(503)
    expect(await (await app.request('/v1/info')).json()).toMatchObject({ code: 'NOT_READY', status: 503 })
    expect((await app.request('/')).status).toBe(200)
  })

  it('pages through contributors, epochs and tables to the end, each once', async () => {
    const accounts: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page = (await jsonOf(`/v1/contributors?limit=2${next === '' ? '' : `&cursor=${next}`}`)) as unknown as {
        contributors: { account: string }[]
        next: string | null
      }
      accounts.push(...page.contributors.map((one) => one.account))
      next = page.next
    }
    expect(accounts).toEqual([...world.state.contributors.keys()].toSorted())
    expect((await jsonOf('/v1/epochs')).epochs).toHaveLength(2)
    expect(await jsonOf('/v1/epochs/1')).toMatchObject({ epoch: 1, final: true })
    expect(((await jsonOf('/v1/epochs/1')) as unknown as { rows: object[] }).rows).toEqual(world.state.results[0]?.rows)
    expect(await jsonOf(`/v1/contributors/${account('ada')}`)).toMatchObject({ account: account('ada'), points: '40000' })
    expect((await jsonOf('/v1/optouts')).optouts).toMatchObject([{ domain: 'a.example', index: 9 }])
  })

  it('shows entries as DAG-JSON with their leaf hashes, across bundles', async () => {
    const page = (await jsonOf('/v1/ledger?from=250&limit=20')) as unknown as {
      size: number
      next: string
      entries: { index: number; leafHash: string; type: string; author: string }[]
    }
    expect(page.size).toBe(300)
    expect(page.entries.map((entry) => entry.index)).toEqual(Array.from({ length: 20 }, (_, i) => 250 + i))
    expect(page.entries[10]).toMatchObject({
      type: 'contributor.join',
      author: account('peer 260'),
      leafHash: toHex(sha256(Uint8Array.of(0), entries[260] as Uint8Array)),
    })
    const rest = (await jsonOf(`/v1/ledger?cursor=${page.next}&limit=256`)) as unknown as { entries: object[]; next: null }
    expect([rest.entries.length, rest.next]).toEqual([30, null])
    expect((await jsonOf('/v1/ledger?type=genesis')).entries).toEqual([])
  })
})

describe('the log’s files', () => {
  it('serves checkpoint, tiles and bundles as C2SP names them', async () => {
    const to = await ask('/checkpoint')
    expect([to.status, to.headers.get('location')]).toEqual([307, '/log/t0/checkpoint'])
    const note = await ask('/log/t0/checkpoint')
    expect([note.headers.get('content-type'), (await note.text()).slice(0, 14)]).toEqual(['text/plain; charset=utf-8', 'quern/test/t0\n'])
    const tile = await ask('/log/t0/tile/0/000')
    expect((await bodyOf(tile)).byteLength).toBe(8192)
    expect(tile.headers.get('cache-control')).toContain('immutable')
    expect((await bodyOf(await ask('/log/t0/tile/0/001.p/44'))).byteLength).toBe(44 * 32)
    expect((await bodyOf(await ask('/log/t0/tile/entries/000'))).byteLength).toBeGreaterThan(256 * 100)
  })

  it('serves ledger files by CID', async () => {
    const batch = [...world.state.batches.values()][0]
    const response = await ask(`/files/${batch?.manifestCid}`)
    expect(cborCid(await bodyOf(response)).toString()).toBe(batch?.manifestCid.toString())
  })
})

describe('releases', () => {
  const shard = (): string => `/v1/releases/${release.root}/data/train-00000-of-00001.parquet`

  it('lists them and leads to the newest', async () => {
    expect((await jsonOf('/v1/releases')).releases).toMatchObject([{ release: release.root.toString(), records: 120 }])
    expect(await jsonOf(`/v1/releases/${release.root}`)).toEqual(release.manifest)
    const latest = await ask('/v1/releases/latest/shares.json')
    expect([latest.status, latest.headers.get('location')]).toEqual([307, `/v1/releases/${release.root}/shares.json`])
    expect((await ask('/v1/releases/latest')).headers.get('location')).toBe(`/v1/releases/${release.root}`)
  })

  it('serves ranges, conditions and HEAD by the book', async () => {
    const whole = await bodyOf(await ask(shard()))
    const size = whole.byteLength
    const etag = (await ask(shard(), { method: 'HEAD' })).headers.get('etag') as string
    const cases: [headers: Record<string, string>, status: number, from: number, to: number][] = [
      [{}, 200, 0, size],
      [{ range: 'bytes=0-3' }, 206, 0, 4],
      [{ range: `bytes=${size - 8}-` }, 206, size - 8, size],
      [{ range: 'bytes=-8' }, 206, size - 8, size],
      [{ range: `bytes=0-${size * 2}` }, 206, 0, size],
      [{ range: 'bytes=-999999999' }, 206, 0, size],
      [{ range: `bytes=${size}-` }, 416, 0, 0],
      [{ range: 'bytes=-0' }, 416, 0, 0],
      [{ range: 'bytes=5-2' }, 200, 0, size],
      [{ range: 'bytes=0-1,4-5' }, 200, 0, size],
      [{ range: 'lines=0-1' }, 200, 0, size],
      [{ 'if-none-match': etag }, 304, 0, 0],
      [{ 'if-none-match': `"other", W/${etag}` }, 304, 0, 0],
      [{ 'if-range': etag, range: 'bytes=0-3' }, 206, 0, 4],
      [{ 'if-range': '"other"', range: 'bytes=0-3' }, 200, 0, size],
    ]
    for (const [headers, status, from, to] of cases) {
      const response = await ask(shard(), { headers })
      expect(response.status, JSON.stringify(headers)).toBe(status)
      expect(toHex(await bodyOf(response)), JSON.stringify(headers)).toBe(toHex(whole.subarray(from, to)))
      const told = { 206: `bytes ${from}-${to - 1}/${size}`, 416: `bytes */${size}` }[status] ?? null
      expect(response.headers.get('content-range'), JSON.stringify(headers)).toBe(told)
    }
    const head = await ask(shard(), { method: 'HEAD', headers: { range: 'bytes=0-9' } })
    expect([head.status, head.headers.get('content-length'), (await bodyOf(head)).byteLength]).toEqual([206, '10', 0])
  })

  it('answers questions page by page, each row once and in order', async () => {
    const ids: string[] = []
    let next: string | null = ''
    while (next !== null) {
      const page = (await jsonOf(`/v1/manifest?language=en&limit=25${next === '' ? '' : `&cursor=${next}`}`)) as unknown as {
        rows: { id: string; domain: string }[]
        next: string | null
      }
      ids.push(...page.rows.map((row) => row.id))
      next = page.next
    }
    expect(new Set(ids).size).toBe(96)
    const { rows } = (await jsonOf('/v1/manifest?host=b.example&host=c.example&columns=id,domain,text&limit=1000')) as unknown as {
      rows: { domain: string }[]
    }
    expect(rows).toHaveLength(50)
    expect(new Set(rows.map((row) => row.domain))).toEqual(new Set(['b.example', 'c.example']))
    expect(((await jsonOf('/v1/manifest?limit=1')) as unknown as { rows: object[] }).rows[0]).not.toHaveProperty('text')
  })

  it('turns away more questions than it can answer, and ends those that take too long', async () => {
    const busy = await openHttp({ ...options, limits: { queries: 0 } })
    const refused = await busy.app.request('/v1/manifest')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
    const slow = await openHttp({ ...options, clock: immediately })
    expect(await (await slow.app.request('/v1/manifest')).json()).toMatchObject({ status: 504, code: 'TIMEOUT' })
  })
})

describe('a personal pool', () => {
  it('shows its releases, their manifests by name, and who withdrew', async () => {
    expect(await jsonOf('/v1/pool/releases')).toMatchObject({
      releases: [
        { release: POOL_RELEASE.toString(), name: 'pool-0', throughEpoch: 1, previous: null, contributions: '00'.repeat(32), index: 20 },
        { release: POOL_LOST.toString(), name: 'pool-1' },
      ],
    })
    const manifest = await ask(`/v1/pool/releases/${POOL_RELEASE.toString()}`)
    expect([manifest.status, manifest.headers.get('content-type'), await manifest.text()]).toEqual([
      200,
      'application/vnd.ipld.dag-cbor',
      'manifest',
    ])
    // named and lost, there and not named, no name at all
    for (const cid of [POOL_LOST.toString(), rawCid(utf8('x')).toString(), 'x'])
      for (const at of [cid, `${cid}/tags`]) expect((await ask(`/v1/pool/releases/${at}`)).status, at).toBe(404)
    const tags = await ask(`/v1/pool/releases/${POOL_RELEASE.toString()}/tags`)
    expect([tags.status, await tags.text()]).toEqual([200, 'tags'])
    const feed = await ask('/v1/pool/withdrawals')
    expect([feed.status, await feed.text()]).toEqual([200, 'feed'])
    const again = await ask('/v1/pool/withdrawals', { headers: { 'if-none-match': feed.headers.get('etag') as string } })
    expect(again.status).toBe(304)
  })

  it('is nothing that a mirror keeps, or that is there before genesis', async () => {
    const mirror = await openHttp({ ...options, pool: undefined as never })
    const named = `/v1/pool/releases/${POOL_RELEASE.toString()}`
    for (const at of [named, `${named}/tags`, '/v1/pool/withdrawals']) expect((await mirror.app.request(at)).status).toBe(404)
    const early = await openHttp({ ...options, state: () => undefined })
    for (const at of ['/v1/pool/releases', '/v1/pool/withdrawals']) expect((await early.app.request(at)).status).toBe(503)
  })
})

describe('the gateway', () => {
  it('gives raw blocks, CAR files, folders and files with ranges', async () => {
    const root = release.root.toString()
    const raw = await ask(`/ipfs/${root}?format=raw`)
    expect(raw.headers.get('content-type')).toBe('application/vnd.ipld.raw')
    const car = await ask(`/ipfs/${root}`, { headers: { accept: 'application/vnd.ipld.car' } })
    const { roots, blocks } = await readCar(car.body as unknown as AsyncIterable<Uint8Array>)
    expect(roots.map(String)).toEqual([root])
    expect((await Array.fromAsync(blocks)).length).toBeGreaterThan(8)
    expect((await jsonOf(`/ipfs/${root}`)).entries).toContainEqual(expect.objectContaining({ name: 'manifest.json' }))
    const shard = release.manifest.files[0]
    const whole = await bodyOf(await ask(`/ipfs/${root}/${shard?.path}`))
    expect(toHex(sha256(whole))).toBe(shard?.sha256)
    const part = await ask(`/ipfs/${root}/${shard?.path}`, { headers: { range: 'bytes=10-19' } })
    expect([part.status, toHex(await bodyOf(part))]).toEqual([206, toHex(whole.subarray(10, 20))])
    const inside = await ask(`/ipfs/${root}/data?format=car&dag-scope=block`)
    const list = await Array.fromAsync((await readCar(inside.body as unknown as AsyncIterable<Uint8Array>)).blocks)
    expect(list.map(({ cid }) => cid.toString())).toEqual([root, inside.headers.get('x-ipfs-roots')])
  })

  it('reads any range of a file of many leaves', async () => {
    const bytes = concatBytes(...Array.from({ length: 700 }, (_, i) => sha256(utf8(String(i)))))
    const file = chunkFile(bytes, 1000)
    await options.storage.public.put(file.blocks)
    for (const [from, to] of [
      [0, 1],
      [999, 1001],
      [1000, 2000],
      [5, 22_400],
      [22_399, 22_400],
    ] as const) {
      const response = await ask(`/ipfs/${file.root}`, { headers: { range: `bytes=${from}-${to - 1}` } })
      expect(toHex(await bodyOf(response))).toBe(toHex(bytes.subarray(from, to)))
    }
  })

  it('shows nothing of the private space', async () => {
    for (const format of ['', '?format=raw', '?format=car'])
      expect((await ask(`/ipfs/${rawCid(utf8('secret'))}${format}`)).status).toBe(404)
  })
})

describe('entries handed in', () => {
  const post = (body: Uint8Array, type = 'application/octet-stream') =>
    ask('/v1/entries', { method: 'POST', body: Buffer.from(body), headers: { 'content-type': type } })

  it('answers with a receipt, a refusal, or who orders now', async () => {
    const done = await post(Uint8Array.of(9))
    expect([done.status, await done.json()]).toEqual([202, { status: 'receipt', receipt: Buffer.from('receipt').toString('base64') }])
    expect(await (await post(Uint8Array.of(0))).json()).toMatchObject({ status: 422, code: 'BAD_ENTRY' })
    expect(await (await post(Uint8Array.of(1))).json()).toMatchObject({ status: 503, code: 'ELSEWHERE' })
    const both = encode({ entry: Uint8Array.of(9, 9), files: [Uint8Array.of(5)] })
    expect((await post(both, 'application/vnd.ipld.dag-cbor')).status).toBe(202)
    expect(received.at(-1)).toEqual({ entry: Uint8Array.of(9, 9), files: [Uint8Array.of(5)] })
  })

  it('reads no more than its limit', async () => {
    const { app } = await openHttp({ ...options, limits: { submitBytes: 1000 } })
    const init = { method: 'POST', headers: { 'content-type': 'application/octet-stream' } }
    expect((await app.request('/v1/entries', { ...init, body: Buffer.alloc(1001) })).status).toBe(413)
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent++
        controller.enqueue(new Uint8Array(100))
      },
    })
    const response = await app.request('/v1/entries', { ...init, body: endless, duplex: 'half' })
    expect(response.status).toBe(413)
    expect(sent).toBeLessThan(30)
  })
})

describe('an opt-out', () => {
  const post = (query: string): Promise<Response> => ask(`/v1/optouts${query}`, { method: 'POST' })

  it('is looked for and logged, or refused with the way to prove it', async () => {
    const found = await post('?domain=shy.example')
    expect(found.status).toBe(200)
    expect(await found.json()).toMatchObject({ domain: 'shy.example', patterns: ['/a'], evidence: rawCid(utf8('word')).toString() })
    const refused = await post('?domain=loud.example')
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({
      code: 'NOT_PROVEN',
      detail: expect.stringMatching(/opt-out: .*loud\.example\/\.well-known\/quern\.txt.*_quern\.loud\.example: NO_RECORD/) as string,
    })
  })

  it('is put off while others are looked at, and needs a domain', async () => {
    const busy = await post('?domain=busy.example')
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '5'])
    expect((await post('')).status).toBe(400)
    const { app } = await openHttp({ ...options, optOut: undefined as never })
    expect((await app.request('/v1/optouts?domain=shy.example', { method: 'POST' })).status).toBe(404)
  })
})

it('answers bad input with problem details, never with a stack', async () => {
  const root = release.root.toString()
  const cases: [target: string, status: number, code: string][] = [
    ['/nowhere', 404, 'NOT_FOUND'],
    ['/v1/contributors?limit=x', 400, 'BAD_QUERY'],
    ['/v1/contributors?limit=1001', 400, 'BAD_QUERY'],
    ['/v1/contributors?limit=-1', 400, 'BAD_QUERY'],
    ['/v1/contributors?unknown=1', 400, 'BAD_QUERY'],
    ['/v1/contributors?cursor=%00', 400, 'BAD_CURSOR'],
    ['/v1/contributors?cursor=bm90aGVyZQ', 400, 'BAD_CURSOR'],
    [`/v1/contributors?cursor=${'A'.repeat(3000)}`, 400, 'BAD_QUERY'],
    ['/v1/contributors/did:key:nobody', 404, 'NOT_FOUND'],
    ['/v1/epochs/99', 404, 'NOT_FOUND'],
    ['/v1/epochs/x', 404, 'NOT_FOUND'],
    ['/v1/ledger?from=301', 400, 'OUT_OF_RANGE'],
    ['/v1/ledger?from=1e9', 400, 'BAD_QUERY'],
    ['/log/t1/checkpoint', 404, 'NOT_FOUND'],
    ['/log/t0/tile/0/1', 404, 'NOT_FOUND'],
    ['/log/t0/tile/0/..%2f..%2fcheckpoint', 404, 'NOT_FOUND'],
    ['/log/t0/tile/0/005', 404, 'NOT_FOUND'],
    ['/log/t99999999999/checkpoint', 404, 'NOT_FOUND'],
    ['/files/notacid', 404, 'NOT_FOUND'],
    [`/files/${rawCid(utf8('unknown'))}`, 404, 'NOT_FOUND'],
    ['/v1/releases/notacid', 404, 'NOT_FOUND'],
    [`/v1/releases/${rawCid(utf8('x'))}`, 404, 'NOT_FOUND'],
    [`/v1/releases/${root}/../../../etc/passwd`, 404, 'NOT_FOUND'],
    [`/v1/releases/${root}/..%2f..%2fbuilding%2fmanifest.json`, 404, 'NOT_FOUND'],
    [`/v1/releases/${root}/data`, 404, 'NOT_FOUND'],
    ['/v1/manifest?since=yesterday', 400, 'BAD_TIME'],
    ['/v1/manifest?minQuality=7.5', 400, 'BAD_QUALITY'],
    ['/v1/manifest?columns=id,nope', 400, 'UNKNOWN_COLUMN'],
    ['/v1/manifest?cursor=bm90aGVyZQ', 400, 'BAD_CURSOR'],
    [`/v1/manifest?release=${rawCid(utf8('x'))}`, 404, 'NOT_FOUND'],
    [`/v1/manifest?text=${'x'.repeat(300)}`, 400, 'BAD_QUERY'],
    [`/v1/manifest?${'host=a&'.repeat(33)}`, 400, 'BAD_QUERY'],
    ['/ipfs/notacid', 404, 'NOT_FOUND'],
    ['/ipfs/QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn', 404, 'NOT_FOUND'],
    [`/ipfs/${root}/none`, 404, 'NOT_FOUND'],
    [`/ipfs/${root}?format=zip`, 400, 'BAD_QUERY'],
    [`/ipfs/${world.state.charterCid}`, 404, 'NOT_FOUND'],
  ]
  for (const [target, status, code] of cases) {
    const response = await ask(target)
    const body = (await response.json()) as Record<string, unknown>
    expect([response.status, body.code], target).toEqual([status, code])
    expect(response.headers.get('content-type'), target).toBe('application/problem+json')
    expect(Object.keys(body).toSorted(), target).toEqual(['code', 'detail', 'status', 'title', 'type'])
    expect(JSON.stringify(body), target).not.toMatch(/ at .*\.ts|\/tmp\//)
  }
  expect((await ask('/v1/info', { method: 'DELETE' })).status).toBe(405)
  expect((await ask('/v1/entries', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(415)
  expect(
    (await ask('/v1/entries', { method: 'POST', body: 'x', headers: { 'content-type': 'application/vnd.ipld.dag-cbor' } })).status,
  ).toBe(400)
})

it('hides what broke inside, and tells the log', async () => {
  const told: unknown[] = []
  const broken = {
    ...options,
    logger: { ...silent, error: (event: string, fields?: object) => void told.push({ event, ...fields }) },
    files: {
      read: () => {
        throw new Error('/secret/path')
      },
    },
  }
  const { app } = await openHttp(broken)
  const response = await app.request(`/files/${rawCid(utf8('x'))}`)
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('secret')])
  expect(told).toMatchObject([{ event: 'http-failed', error: '/secret/path' }])
})

it('describes itself in OpenAPI 3.1, every route that answers', async () => {
  const document = (await jsonOf('/openapi.json')) as unknown as { openapi: string; paths: Record<string, object> }
  expect(document.openapi).toBe('3.1.0')
  const described = Object.keys(document.paths)
  for (const wanted of [
    '/v1/info',
    '/v1/manifest',
    '/v1/releases',
    '/v1/releases/{release}/{path}',
    '/v1/contributors',
    '/v1/epochs',
    '/v1/epochs/{epoch}',
    '/v1/ledger',
    '/v1/entries',
    '/log/t{term}/checkpoint',
    '/log/t{term}/tile/{path}',
    '/files/{cid}',
    '/ipfs/{cid}',
    '/ipfs/{cid}/{path}',
    '/metrics',
    '/healthz',
  ])
    expect(described).toContain(wanted)
})

it('greets people, with their words kept harmless', async () => {
  world.state.charter.title = '<img src=x onerror=alert(1)>'
  const response = await ask('/')
  world.state.charter.title = 'Test DAO'
  expect(response.headers.get('content-type')).toContain('text/html')
  const page = await response.text()
  expect(page).not.toContain('<img')
  expect(page).toContain('https://dao.example/contact')
  // whoever finds this address in a User-Agent wants to know how to be left alone
  for (const words of ['robots.txt', '/.well-known/quern.txt', '/v1/optouts?domain=']) expect(page).toContain(words)
  expect(await (await ask('/metrics')).text()).toBe('\n')
})

it('shows people the newest release, its shares and commands to copy, under a policy that lets nothing else in', async () => {
  const response = await ask('http://dao.example:8080/')
  const page = await response.text()
  const newest = (await (await ask('/v1/releases')).json()) as { releases: { release: string }[] }
  const cid = newest.releases.at(-1)?.release ?? 'none'
  expect(page).toContain(`FROM &#39;http://dao.example:8080/v1/releases/${cid}/data/`)
  expect(page).toContain('quern ledger audit dao-log --dao http://dao.example:8080<')
  const links = [...page.matchAll(/href="(\/[^"]*)"/g)].map(([, target]) => target as string)
  expect(links).toContain(`/v1/releases/${cid}/shares.json`)
  for (const target of new Set(links)) expect((await ask(target)).status, target).toBeLessThan(400)
  expect(page.match(/<table>/g)?.length).toBe(page.match(/<table><caption>/g)?.length)
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? ''
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
  expect(policy).not.toContain('unsafe')
  expect(page).not.toMatch(/<script|style="|src=/)
})

it('puts no words of a Host header into a command', async () => {
  expect(await (await ask("http://x'$(id)/")).text()).not.toContain('$(id)')
})

it('greets people also before there is a release', async () => {
  const { app } = await openHttp({ ...options, releases: path.join(base, 'no-releases') })
  const response = await app.request('/')
  expect(response.status).toBe(200)
  expect(await response.text()).toContain('None yet')
})

it('lets any page read, and nothing but read and hand in', async () => {
  const response = await ask('/v1/info', { headers: { origin: 'https://elsewhere.example' } })
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect((await ask('/v1/info', { method: 'OPTIONS' })).status).toBe(204)
})

it('works over a real socket: fetch a release, verify it, read a range; and lets go of everything at the end', async () => {
  const listening = await http.listen()
  try {
    const out = path.join(base, 'over-http')
    const { root } = await fetchRelease({ from: listening.url, out, request: fetch })
    expect(root.toString()).toBe(release.root.toString())
    expect((await verifyRelease({ folder: out, root: parseCid(release.root.toString()) })).problems).toEqual([])
    const part = await fetch(`${listening.url}/v1/releases/${root}/manifest.json`, { headers: { range: 'bytes=0-0' } })
    expect([part.status, await part.text()]).toEqual([206, '{'])
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(listening.port, '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'))
      let text = ''
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('close', () => resolve(text))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    await expect((await openHttp(options)).listen({ port: listening.port })).rejects.toMatchObject({ code: 'LISTEN' })
  } finally {
    await listening[Symbol.asyncDispose]()
  }
  await expect(fetch(`${listening.url}/healthz`)).rejects.toThrow('fetch failed')
})
