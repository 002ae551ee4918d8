import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWeb, type Web } from '../../core/web/index.ts'
import { eventually, realClock } from '../../tests/support/real-clock.ts'
import { crawl, type CrawledPage, journalLine, type JournalRow } from './index.ts'

const html = (response: ServerResponse, body: string, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'text/html', ...headers })
  response.end(body)
}
const article = (title: string, rest = ''): string =>
  `<title>${title}</title><article><p>A plain page called ${title} that stands among hostile ones and says something true.</p></article>${rest}`

const BOMB = gzipSync(Buffer.alloc(40 << 20))
const LONG_ROBOTS = `User-agent: *\nDisallow: /never\n${'x'.repeat(10 << 20)}\nDisallow: /`

/** Every way to be a nuisance, by path. */
const nuisances: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/endless': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const more = (): void => {
      while (!response.destroyed && response.write('<p>and so on and so forth</p>'.repeat(500)));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  },
  '/drip': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const timer = setInterval(() => (response.destroyed ? clearInterval(timer) : response.write('x')), 20)
  },
  '/silent': () => {},
  '/bomb': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' })
    response.end(BOMB)
  },
  '/garbage': (request) => request.socket.end('\u0000\u0001 what is this\r\n\r\n'),
  '/short': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', 'content-length': '5000' })
    response.write('half')
    setImmediate(() => response.destroy())
  },
  '/lying-type': (_request, response) => html(response, '%PDF-1.7 binary'),
  '/lying-gzip': (_request, response) => html(response, article('not gzip'), { 'content-encoding': 'gzip' }),
  '/escape': (request) =>
    request.socket.end(Buffer.from('HTTP/1.1 302 Found\r\nLocation: /\u009b31m\u00e9\r\nContent-Length: 0\r\n\r\n', 'latin1')),
  '/title': (_request, response) => html(response, article('\u001b[2J\u001b]0;owned \u202etitle')),
  '/loop': (_request, response) => {
    response.writeHead(301, { location: '/loop' })
    response.end()
  },
  '/inside': (_request, response) => {
    response.writeHead(302, { location: 'http://10.0.0.1/hidden' })
    response.end()
  },
  '/good': (_request, response) => html(response, article('good')),
}

let port = 0
let web: Web
const pages: CrawledPage[] = []
const rows: JournalRow[] = []
const asked: string[] = []
const server = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push(path)
  if (path === '/robots.txt') {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end(LONG_ROBOTS)
  } else if (path === '/') {
    const links = [...Object.keys(nuisances), '/never', `http://user:secret@localhost:${port}/x`, 'http://[::1/', `/${'a'.repeat(5000)}`]
    html(response, article('start', links.map((link) => `<a href="${link}">x</a>`).join('')))
  } else (nuisances[path] ?? ((_request, other) => (other.writeHead(404), other.end())))(request, response)
})

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
  web = await openWeb({
    clock: realClock,
    userAgent: 'Quern/0.1',
    allowPrivate: [`127.0.0.1:${port}`],
    limits: { headersMs: 2000, bodyMs: 2000, bodyBytes: 1 << 20 },
  })
  const options = {
    web,
    clock: realClock,
    agentToken: 'Quern',
    seeds: [`http://127.0.0.1:${port}/`],
    scope: 'any' as const,
    pace: { delayMs: 0, failureRestMs: 10 },
  }
  for await (const page of crawl({
    ...options,
    limits: { tries: 1, hostFailures: 99, pageBytes: 1 << 20 },
    onJournal: (row) => rows.push(row),
  }))
    pages.push(page)
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

it('comes through a hostile site with the good pages and a reason for each bad one', () => {
  const own = rows.filter(({ url }) => new URL(url).host === `127.0.0.1:${port}`)
  const outcomes = Object.fromEntries(own.map(({ url, outcome }) => [new URL(url).pathname, outcome]))
  expect(outcomes).toMatchObject({
    '/robots.txt': 'ROBOTS',
    '/': 'KEPT',
    '/good': 'KEPT',
    '/title': 'KEPT',
    '/endless': 'TRUNCATED',
    '/drip': 'TIMEOUT',
    '/silent': 'TIMEOUT',
    '/bomb': 'BODY_TOO_LARGE',
    '/garbage': 'BAD_RESPONSE',
    '/short': 'RESET',
    '/lying-type': 'NOT_HTML',
    '/lying-gzip': 'BAD_ENCODING',
    '/escape': 'REDIRECT',
    '/loop': 'REDIRECT_LOOP',
    '/inside': 'REDIRECT',
    '/never': 'ROBOTS_DISALLOWED',
  })
  expect(rows.findLast(({ url }) => url === 'http://10.0.0.1/hidden')).toMatchObject({ outcome: 'ADDRESS_NOT_ALLOWED', status: null })
  expect(pages.map(({ url }) => new URL(url).pathname).toSorted()).toEqual(['/', '/good', '/title'])
  expect(asked.filter((path) => path === '/never' || path === '/x')).toEqual([])
})

it('keeps secrets and control characters out of the journal', () => {
  const lines = rows.map(journalLine)
  for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]+$/)
  expect(lines.join('\n')).not.toContain('secret')
  // nor in a record: JSON writes what is left of them in letters
  const escaped = String.raw`[\u0000-\u001f\u007f-\u009f]|\\u00[01189]`
  for (const { measured } of pages) expect(new TextDecoder().decode(measured.record)).not.toMatch(new RegExp(escaped))
})

it('leaves no request behind: open is no more than what may lie idle, and nothing once the web is closed', async () => {
  const open = (): Promise<number> => new Promise((done) => server.getConnections((_error, count) => done(count)))
  await eventually(async () => (await open()) <= 1)
  // one at a time was asked: a second connection would be one that an answer kept
  expect(await open()).toBeLessThanOrEqual(1)
  await web[Symbol.asyncDispose]()
  await eventually(async () => (await open()) === 0)
  expect(await open()).toBe(0)
})
