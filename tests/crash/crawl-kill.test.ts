/** `quern crawl` killed five times, without a warning: the same command goes on, and the folder ends as if nothing had happened. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyJournal } from '../../node/index.ts'
import { readKeptLines } from '../../node/frontier/index.ts'
import { eventually } from '../support/real-clock.ts'

/** So many that a process which began again at the start would ask for far more pages twice than can be under way. */
const PAGES = 1200
const KILLS = 5
/** What may be under way when a kill comes: requests, pages being worked on, a group that is not full. */
const UNDER_WAY = 1 + 32 + 32

let server: Server
let base: string
let port = 0
let requests: string[] = []
/** What each kill promised, asked once the crawl is over. */
const asserts: (() => void)[] = []

const page = (i: number): string =>
  `<title>Page ${i}</title><article><h1>Page ${i}</h1><p>This is page number ${i} of a site whose pages all say which number they have: ${i}, and then ${i * 7 + 3}.</p></article>${[(i * 2 + 1) % PAGES, (i * 2 + 2) % PAGES, (i * 13) % PAGES].map((to) => `<a href="/p${to}">${to}</a>`).join(' ')}`

beforeAll(async () => {
  server = createServer((request, response) => {
    const place = request.url ?? ''
    requests.push(place)
    const number = place === '/' ? 0 : Number(/^\/p(\d+)$/.exec(place)?.[1] ?? Number.NaN)
    const isPage = number < PAGES
    response.writeHead(isPage ? 200 : 404, { 'content-type': 'text/html' })
    setTimeout(() => response.end(isPage ? page(number) : ''), 2)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
  base = await mkdtemp(path.join(tmpdir(), 'quern-kill-'))
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
  await rm(base, { recursive: true })
})

const crawlInto = (out: string, workers: number): ChildProcess =>
  spawn(
    process.execPath,
    `${path.resolve(import.meta.dirname, '../../cli/main.ts')} crawl http://127.0.0.1:${port}/ --out ${out} --allow-private 127.0.0.1:${port} --delay 0 --max-pages 5000 --max-depth 100 --workers ${workers}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  )

const ended = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('exit', resolve))
const recordsOf = async (out: string): Promise<string[]> =>
  gunzipSync(await readFile(path.join(out, 'records.jsonl.gz')))
    .toString()
    .trimEnd()
    .split('\n')
    .toSorted()

it.each([0, 2])('gives the same records after five kills, and asks for no committed page again (%i workers)', async (workers) => {
  const undisturbed = path.join(base, `whole-${workers}`)
  expect(await ended(crawlInto(undisturbed, workers))).toBe(0)
  const expected = await recordsOf(undisturbed)
  expect(expected.length).toBe(PAGES)

  const out = path.join(base, `killed-${workers}`)
  requests = []
  for (let kill = 1; kill <= KILLS; kill++) {
    const child = crawlInto(out, workers)
    const exit = ended(child)
    await eventually(() => requests.length >= (kill * PAGES) / (KILLS + 1))
    child.kill('SIGKILL')
    await exit
    const committed = new Set([...readKeptLines(path.join(out, 'frontier.log'))].map(({ url }) => new URL(url).pathname))
    expect(committed.size).toBeGreaterThan(0)
    const before = requests.length
    asserts.push(() => expect(requests.slice(before).filter((place) => committed.has(place))).toEqual([]))
  }
  expect(await ended(crawlInto(out, workers))).toBe(0)
  for (const holds of asserts.splice(0)) holds()
  expect(await recordsOf(out)).toEqual(expected)
  const pages = requests.filter((place) => /^\/(p\d+)?$/.test(place))
  expect(pages.length - new Set(pages).size).toBeLessThanOrEqual(KILLS * UNDER_WAY)

  const journal = (await readFile(path.join(out, 'journal.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(await verifyJournal(journal)).toMatchObject({ ok: true, lines: journal.length })
  // a finished crawl is not gone on with
  expect(await ended(crawlInto(out, workers))).toBe(1)
})
