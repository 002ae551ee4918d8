import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKey } from '../../core/identity/index.ts'
import { openWeb, type Web } from '../../core/web/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import {
  type CrawledPage,
  crawlToFolder,
  DenyList,
  EarlierFolder,
  JournalChain,
  type JournalRow,
  type UnchangedPage,
  verifyJournal,
} from './index.ts'
import { readSitemap } from './sitemap.ts'

let base: string
let server: Server
let web: Web
let port = 0
let version = 1
let asked: { path: string; since: string | undefined; none: string | undefined }[] = []

const page = (title: string, ...links: string[]): string =>
  `<title>${title}</title><article><p>A plain page called ${title} says in one plain sentence that it is ${title}, and nothing else.</p></article>${links.map((link) => `<a href="${link}">x</a>`).join('')}`

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'quern-manners-'))
  server = createServer((request, response) => {
    const place = request.url ?? ''
    const none = request.headers['if-none-match']
    asked.push({ path: place, since: request.headers['if-modified-since'], none })
    const send = (body: string, headers: Record<string, string> = {}): void => {
      if (headers['etag'] !== undefined && headers['etag'] === none) response.writeHead(304, { etag: none }).end()
      else response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(body)
    }
    if (place === '/') send(page('start', '/tagged', '/same', '/changing'), { etag: '"s1"' })
    else if (place === '/moved') response.writeHead(301, { location: '/moved-again' }).end()
    else if (place === '/moved-again') response.writeHead(302, { location: '/tagged' }).end()
    else if (place === '/tagged') send(page('tagged', '/behind'), { etag: '"t1"' })
    else if (place === '/behind' || place === '/same') send(page(place))
    else if (place === '/changing') send(page(`changing ${version}`), { etag: `"c${version}"` })
    else response.writeHead(404).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
  web = await openWeb({ clock: realClock, userAgent: 'Quern/0.1', allowPrivate: [`127.0.0.1:${port}`] })
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await new Promise((closed) => server.close(closed))
  await rm(base, { recursive: true })
})

const options = () => ({ web, clock: realClock, agentToken: 'Quern', seeds: [`http://127.0.0.1:${port}/`], pace: { delayMs: 0 } })
const linesIn = async (file: string): Promise<string[]> =>
  gunzipSync(await readFile(file))
    .toString()
    .trimEnd()
    .split('\n')
    .toSorted()

describe('a later crawl of the same pages', () => {
  it('asks conditionally, proves what is unchanged by revisit records, and holds every record again', async () => {
    const outs = ['first', 'second', 'third'].map((name) => path.join(base, name)) as [string, string, string]
    await crawlToFolder({ ...options(), out: outs[0] })
    for (const [earlier, out] of [outs.slice(0, 2), outs.slice(1)] as [string, string][]) {
      asked = []
      version++
      using since = new EarlierFolder(earlier)
      const summary = await crawlToFolder({ ...options(), out, earlier: since })
      expect(summary.outcomes).toMatchObject({ UNCHANGED: 4, KEPT: 1 })
      expect(asked.find(({ path: place }) => place === '/tagged')?.none).toBe('"t1"')
      const before = await linesIn(path.join(earlier, 'records.jsonl.gz'))
      const now = await linesIn(path.join(out, 'records.jsonl.gz'))
      expect([before.length, now.length, now.filter((line) => before.includes(line)).length]).toEqual([5, 5, 4])
      const warc = gunzipSync(await readFile(path.join(out, 'evidence.warc.gz'))).toString('latin1')
      expect(warc.match(/WARC-Type: revisit/g)?.length).toBe(4)
      expect(warc.match(/revisit\/server-not-modified/g)?.length).toBe(2)
      expect(warc.match(/revisit\/identical-payload-digest/g)?.length).toBe(2)
      // the record that holds the body, which lies in the first crawl
      const id = /WARC-Refers-To: (\S+)/.exec(warc)?.[1] ?? 'none'
      expect(gunzipSync(await readFile(path.join(outs[0], 'evidence.warc.gz'))).toString('latin1')).toContain(`WARC-Record-ID: ${id}`)
    }
  })
})

describe('a page that redirects led to', () => {
  it('has them as evidence again when it is unchanged', async () => {
    const moved = { ...options(), seeds: [`http://127.0.0.1:${port}/moved`], limits: { depth: 0 } }
    const outs = ['moved', 'moved again'].map((name) => path.join(base, name)) as [string, string]
    await crawlToFolder({ ...moved, out: outs[0] })
    using since = new EarlierFolder(outs[0])
    const hops: string[] = []
    const onPage = (one: CrawledPage | UnchangedPage) => void hops.push(...one.hops.map(({ exchange }) => new URL(exchange.url).pathname))
    const summary = await crawlToFolder({ ...moved, out: outs[1], earlier: since, onPage })
    expect(summary.outcomes).toMatchObject({ REDIRECT: 2, UNCHANGED: 1 })
    expect(hops).toEqual(['/moved', '/moved-again'])
    for (const out of outs) {
      const warc = gunzipSync(await readFile(path.join(out, 'evidence.warc.gz'))).toString('latin1')
      const pages = warc.matchAll(/WARC-Type: (?:response|revisit)\r\n[^]*?WARC-Target-URI: (\S+)/g)
      const places = Array.from(pages, ([, url = '']) => new URL(url).pathname)
      expect(places.slice(-3)).toEqual(['/moved', '/moved-again', '/tagged'])
      expect(warc.split('WARC-Target-URI: ').at(-1)).toContain(`via: http://127.0.0.1:${port}/moved-again`)
    }
  })
})

describe('a deny list', () => {
  it('names hosts, domains and beginnings of URLs', async () => {
    const file = path.join(base, 'deny.txt')
    await writeFile(
      file,
      '# not these\nexact.example\n*.Whole.example # all of it\nb.example:8080\nhttps://part.example/private\nb\u00fccher.example\n',
    )
    const list = await DenyList.open(file, realClock)
    const denied = [
      'http://exact.example:81/x',
      'https://whole.example/',
      'http://a.b.whole.example/',
      'http://b.example:8080/',
      'https://part.example/private/x',
      'http://xn--bcher-kva.example/',
    ]
    const open = [
      'http://sub.exact.example/',
      'http://notwhole.example/',
      'http://b.example/',
      'https://part.example/',
      'http://part.example/private',
    ]
    expect(denied.map((url) => list.denies(url) !== undefined)).toEqual(denied.map(() => true))
    expect(open.map((url) => list.denies(url))).toEqual(open.map(() => undefined))
  })

  it('that is missing or not understood stops the start', async () => {
    const file = path.join(base, 'bad.txt')
    await expect(DenyList.open(file, realClock)).rejects.toMatchObject({ code: 'DENY_LIST_MISSING' })
    for (const line of ['ftp://x.example/', 'a b', 'user@host', '/path']) {
      await writeFile(file, `ok.example\n${line}\n`)
      await expect(DenyList.open(file, realClock)).rejects.toMatchObject({
        code: 'BAD_DENY_LIST',
        message: expect.stringContaining('line 2'),
      })
    }
  })

  it('is obeyed from the moment it changes, also for what waits already', async () => {
    const file = path.join(base, 'live.txt')
    await writeFile(file, '')
    let now = 0
    const clock = { ...realClock, now: () => (now += 2000) }
    const deny = await DenyList.open(file, clock)
    asked = []
    const rows: JournalRow[] = []
    let isFirst = true
    const summary = await crawlToFolder({
      ...options(),
      out: path.join(base, 'denied'),
      deny,
      onJournal: (row) => rows.push(row),
      worker: {
        work: async (job) => {
          // edited while the first page is being worked on, before its links are followed
          if (isFirst) await writeFile(file, `http://127.0.0.1:${port}/tagged\nhttp://127.0.0.1:${port}/same\n`)
          if (isFirst) await utimes(file, 1, 1)
          isFirst = false
          return (await import('./index.ts')).workPage(job)
        },
      },
    })
    expect(asked.map(({ path: place }) => place).filter((place) => place === '/tagged' || place === '/same')).toEqual([])
    expect(rows.filter(({ outcome }) => outcome === 'DENIED').map(({ detail }) => detail)).toEqual([
      `deny list: http://127.0.0.1:${port}/tagged`,
      `deny list: http://127.0.0.1:${port}/same`,
    ])
    expect(summary.kept).toBe(2)
  })
})

describe('the journal', () => {
  const row = (i: number): JournalRow => ({
    time: i,
    url: `http://a.example/${i}`,
    host: 'a.example',
    status: 200,
    outcome: 'KEPT',
    bytes: 1,
    ms: 2,
    depth: 0,
  })
  const signer = generateKey()
  const written = (): string[] => {
    const chain = new JournalChain(signer)
    const text = [chain.line(row(1)), chain.line(row(2)), chain.seal(), chain.line(row(3))].join('')
    const later = new JournalChain(signer, text.trimEnd().split('\n').at(-1))
    return (text + later.line(row(4)) + later.seal() + later.seal()).trimEnd().split('\n')
  }

  it('is one chain over restarts, and says who stands for how much of it', async () => {
    expect(await verifyJournal(written())).toEqual({ ok: true, lines: 6, sealed: 6, by: [signer.did] })
    expect(await verifyJournal(written().slice(0, 4))).toEqual({ ok: true, lines: 4, sealed: 3, by: [signer.did] })
  })

  it('shows a line that was changed, removed, added, moved, or signed by another', async () => {
    const lines = written()
    const swap = [lines[1], lines[0], ...lines.slice(2)] as string[]
    const changed = lines.with(1, (lines[1] as string).replace('"status":200', '"status":404'))
    const forged = lines.with(2, (lines[2] as string).replace(signer.did, generateKey().did))
    for (const [bad, at] of [
      [swap, 1],
      [changed, 2],
      [lines.toSpliced(1, 1), 2],
      [lines.toSpliced(1, 0, lines[0] as string), 2],
      [forged, 3],
      [lines.with(2, (lines[2] as string).replace('{"seal":2', '{"seal":')), 3],
      [lines.with(2, (lines[2] as string).replace(signer.did, 'did:key:nobody')), 3],
      [lines.with(0, '{}'), 1],
    ] as const)
      expect(await verifyJournal(bad)).toMatchObject({ ok: false, line: at })
  })
})

describe('a hostile sitemap', () => {
  const read = (body: string | Uint8Array) =>
    readSitemap({ headers: [], body: typeof body === 'string' ? utf8(body) : body } as unknown as Exchange)
  const list = (count: number): string =>
    `<urlset>${Array.from({ length: count }, (_, i) => `<url><loc>http://a.example/${i}</loc></url>`).join('')}</urlset>`

  it('that laughs a billion times gives nothing', async () => {
    const entities = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('')
    const { urls } = await read(
      `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">${entities}]><urlset><url><loc>http://a.example/&l9;</loc></url></urlset>`,
    )
    expect(urls).toEqual(['http://a.example/&l9;'])
  })

  it('that reads files by entity gives nothing', async () => {
    const { urls } = await read('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url></urlset>')
    expect(urls).toEqual([])
  })

  it('is cut at 50,000 addresses and at 50 MB, also inside gzip', async () => {
    const many = await read(list(60_000))
    expect([many.urls.length, many.isCut]).toEqual([50_000, true])
    const bomb = await read(
      new Uint8Array(gzipSync(Buffer.concat([Buffer.from(list(3).replace('</urlset>', '')), Buffer.alloc(80 << 20, 32)]))),
    )
    expect([bomb.urls.length, bomb.isCut]).toEqual([3, true])
  })

  it('may be gzip, plain text, torn, nested without end, or nonsense', async () => {
    expect((await read(new Uint8Array(gzipSync(list(3))))).urls.length).toBe(3)
    expect((await read('http://a.example/1\r\nhttp://a.example/2\nnonsense\n\nhttps://a.example/3')).urls.length).toBe(3)
    expect((await read(list(3).slice(0, -25))).urls.length).toBe(3)
    expect((await read('<a>'.repeat(200_000))).urls).toEqual([])
    expect((await read(`<urlset><url><loc>http://a.example/${'x'.repeat(3000)}</loc></url></urlset>`)).urls).toEqual([])
    expect(
      (await read('<urlset><url><image:image><image:loc>http://a.example/i.png</image:loc></image:image></url></urlset>')).urls,
    ).toEqual([])
    for (const body of ['', '\u0000\u0001', '{"json":1}']) expect((await read(body)).urls).toEqual([])
    await expect(read(Uint8Array.of(0x1f, 0x8b, 1, 2, 3))).rejects.toMatchObject({ code: 'BAD_ENCODING' })
  })
})
