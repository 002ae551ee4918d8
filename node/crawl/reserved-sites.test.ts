/** One host for every way to forbid or to reserve, on a server that keeps its own record of what it was asked for. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWeb, type Web } from '../../core/web/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { crawl, type JournalRow } from './index.ts'

interface Host {
  /** By path: a body, or a whole answer. */
  files?: Record<string, string | { status?: number; headers?: Record<string, string>; body?: string }> | undefined
  /** Headers of `/reserved/page`, and what its head says. */
  headers?: Record<string, string>
  head?: string
  /** The journal's word for it. */
  outcome: string
}

const rsl = (inside: string, url = '/reserved/'): string =>
  `<rsl xmlns="https://rslstandard.org/rsl"><content url="${url}"><license>${inside}</license></content></rsl>`
const robots = (...lines: string[]): Host['files'] => ({ '/robots.txt': `User-agent: *\n${lines.join('\n')}\n` })
const licensed = (document: string): Host['files'] => ({ '/robots.txt': 'License: http://HOST/rsl.xml\n', '/rsl.xml': document })

/** What the site says of itself: the page is never asked for. */
const bySite: Record<string, Host> = {
  disallow: { files: robots('Disallow: /reserved/'), outcome: 'ROBOTS_DISALLOWED' },
  wildcard: { files: robots('Disallow: /*served/*ge$'), outcome: 'ROBOTS_DISALLOWED' },
  token: { files: { '/robots.txt': 'User-agent: *\nAllow: /\n\nUser-agent: quern\nDisallow: /reserved/\n' }, outcome: 'ROBOTS_DISALLOWED' },
  escaped: { files: robots('Disallow: /%72eserved/'), outcome: 'ROBOTS_DISALLOWED' },
  moved: {
    files: { '/robots.txt': { status: 301, headers: { location: '/rules' } }, '/rules': 'User-agent: *\nDisallow: /reserved/' },
    outcome: 'ROBOTS_DISALLOWED',
  },
  usage: { files: robots('Content-Usage: /reserved/ train-ai=n'), outcome: 'TRAINING_DENIED' },
  signal: { files: robots('Content-Signal: /reserved/ search=yes, ai-train=no'), outcome: 'TRAINING_DENIED' },
  tdmrep: { files: { '/.well-known/tdmrep.json': '[{"location":"/reserved/*","tdm-reservation":1}]' }, outcome: 'TRAINING_DENIED' },
  aitxt: { files: { '/ai.txt': 'User-Agent: *\nDisallow: /reserved/\n' }, outcome: 'TRAINING_DENIED' },
  'aitxt-training': { files: { '/ai.txt': 'Training: deny\n' }, outcome: 'TRAINING_DENIED' },
  prohibits: { files: licensed(rsl('<prohibits type="usage">ai-train</prohibits>')), outcome: 'TRAINING_DENIED' },
  permits: { files: licensed(rsl('<permits type="usage">search</permits>')), outcome: 'TRAINING_DENIED' },
  price: { files: licensed(rsl('<permits type="usage">ai-all</permits><payment type="crawl"/>')), outcome: 'TRAINING_DENIED' },
  bomb: { files: licensed(`<!DOCTYPE rsl [<!ENTITY a "a">]>${rsl('')}`), outcome: 'TRAINING_DENIED' },
  licences: {
    files: { '/robots.txt': [1, 2, 3].map((n) => `License: http://HOST/${n}.xml\n`).join('') },
    outcome: 'LICENSE_UNREAD',
  },
  failing: { files: { '/.well-known/tdmrep.json': { status: 503 } }, outcome: 'TRAINING_DENIED' },
  delay: { files: robots('Crawl-delay: 61'), outcome: 'CRAWL_DELAY' },
  busy: { files: { '/robots.txt': { status: 429 } }, outcome: 'ROBOTS_UNREACHABLE' },
  'failing-aitxt': { files: { '/ai.txt': { status: 503 } }, outcome: 'TRAINING_DENIED' },
  'failing-licence': {
    files: { '/robots.txt': 'License: http://HOST/rsl.xml\n', '/rsl.xml': { status: 503 } },
    outcome: 'TRAINING_DENIED',
  },
  'usage-all': { files: robots('Content-Usage: train-ai=n'), outcome: 'TRAINING_DENIED' },
  'signal-all': { files: robots('Content-Signal: search=yes, ai-train=no'), outcome: 'TRAINING_DENIED' },
  unreachable: { files: { '/robots.txt': { status: 500 } }, outcome: 'ROBOTS_UNREACHABLE' },
}

/** What the page says: it is asked for, and never kept. */
const byPage: Record<string, Host> = {
  'usage-header': { headers: { 'content-usage': 'search=y, train-ai=n' }, outcome: 'TRAINING_DENIED' },
  'signal-header': { headers: { 'content-signal': 'ai-train=no' }, outcome: 'TRAINING_DENIED' },
  'tdm-header': { headers: { 'tdm-reservation': '1' }, outcome: 'TRAINING_DENIED' },
  'tdm-meta': { head: '<meta name="tdm-reservation" content="1">', outcome: 'TRAINING_DENIED' },
  'noai-header': { headers: { 'x-robots-tag': 'otherbot: all, quern: noai' }, outcome: 'TRAINING_DENIED' },
  'noai-meta': { head: '<meta name="robots" content="noai, noimageai">', outcome: 'TRAINING_DENIED' },
  'noindex-meta': { head: '<meta name="robots" content="noindex">', outcome: 'NOINDEX' },
  'noindex-header': { headers: { 'x-robots-tag': 'noindex' }, outcome: 'NOINDEX' },
  'own-noindex': { head: '<meta name="Quern" content="noindex">', outcome: 'NOINDEX' },
  'own-none': { head: '<meta name="quern" content="none">', outcome: 'NOINDEX' },
  'own-meta': { head: '<meta name="Quern" content="noai">', outcome: 'TRAINING_DENIED' },
  'rsl-header': { headers: { link: '</rsl.xml>; rel="license"; type="application/rsl+xml"' }, outcome: 'LICENSE_UNREAD' },
  'rsl-link': { head: '<link rel="license" type="application/rsl+xml" href="/rsl.xml">', outcome: 'LICENSE_UNREAD' },
  'rsl-script': {
    head: `<script type="application/rsl+xml">${rsl('<prohibits type="usage">all</prohibits>')}</script>`,
    outcome: 'TRAINING_DENIED',
  },
}

/** Statements that take nothing away: the page is kept. */
const open: Record<string, Host> = {
  silent: { outcome: 'KEPT' },
  allowed: { files: robots('Disallow: /', 'Allow: /'), outcome: 'KEPT' },
  granted: { files: licensed(rsl('<permits type="usage">ai-train</permits><payment type="free"/>')), outcome: 'KEPT' },
  others: { files: { '/robots.txt': 'User-agent: GPTBot\nDisallow: /\n' }, headers: { 'x-robots-tag': 'otherbot: noai' }, outcome: 'KEPT' },
  spa: { files: { '/ai.txt': '<!doctype html>', '/.well-known/tdmrep.json': '<!doctype html>' }, outcome: 'KEPT' },
  'named-noindex': { head: '<meta name="otherbot" content="noindex">', outcome: 'KEPT' },
  noimageai: { headers: { 'x-robots-tag': 'noimageai' }, outcome: 'KEPT' },
  superseded: { headers: { 'tdm-reservation': '1' }, head: '<meta name="tdm-reservation" content="0">', outcome: 'KEPT' },
}
const hosts: Record<string, Host> = { ...bySite, ...byPage, ...open }

let web: Web
const asked: Record<string, string[]> = {}
const rows: JournalRow[] = []
const kept: string[] = []
const server = createServer((request, response) => {
  const [authority = ''] = (request.headers.host ?? '').split('/')
  const name = authority.split('.')[0] as string
  const url = request.url ?? '/'
  ;(asked[name] ??= []).push(url)
  const { files = {}, headers = {}, head = '' } = hosts[name] ?? { outcome: '' }
  const file = files[url]
  if (file !== undefined) {
    const { status = 200, body = '', ...answer } = typeof file === 'string' ? { body: file, headers: {} } : file
    response.writeHead(status, answer.headers).end(body.replaceAll('HOST', authority))
  } else if (url === '/' || url === '/reserved/page') {
    const isFront = url === '/'
    response.writeHead(200, { 'content-type': 'text/html', ...(isFront ? {} : headers) })
    response.end(
      `<html><head>${isFront ? '' : head}<title>${name}${url}</title></head><article><p>What the host called ${name} has to say at ${url} is one plain sentence of some length.</p></article><a href="/reserved/page">on</a></html>`,
    )
  } else response.writeHead(404).end()
})

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  web = await openWeb({
    clock: realClock,
    userAgent: 'Quern/0.1',
    allowPrivate: [`127.0.0.1:${port}`],
    resolve: () => Promise.resolve(['127.0.0.1']),
  })
  const pages = crawl({
    web,
    clock: realClock,
    agentToken: 'Quern',
    seeds: Object.keys(hosts).map((name) => `http://${name}.reserved.example:${port}/`),
    pace: { delayMs: 0, failureRestMs: 1 },
    onJournal: (row) => rows.push(row),
  })
  for await (const { url } of pages) kept.push(url)
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const pageOf = (name: string): RegExp => new RegExp(`//${name}\\.reserved\\.example:\\d+/reserved/page$`)
const outcomeOf = (name: string): string | undefined => rows.findLast(({ url }) => pageOf(name).test(url))?.outcome
const frontOf = (name: string): string | undefined =>
  rows.findLast(({ url }) => new URL(url).pathname === '/' && url.includes(`//${name}.`))?.outcome

describe('a page that the site forbids or reserves', () => {
  it.each(Object.keys(bySite))('is never asked for: %s', (name) => {
    expect(asked[name]).toContain('/robots.txt')
    expect(asked[name]).not.toContain('/reserved/page')
    expect(kept.filter((url) => pageOf(name).test(url))).toEqual([])
    // what holds for the whole site is said of its front page already
    expect(outcomeOf(name) ?? frontOf(name)).toBe(hosts[name]?.outcome)
  })
})

describe('a page that says so itself', () => {
  it.each(Object.keys(byPage))('is asked for once and never kept: %s', (name) => {
    expect(asked[name]?.filter((path) => path === '/reserved/page')).toEqual(['/reserved/page'])
    expect(kept.filter((url) => pageOf(name).test(url))).toEqual([])
    expect(outcomeOf(name)).toBe(hosts[name]?.outcome)
  })
})

describe('a page that nothing is said against', () => {
  it.each(Object.keys(open))('is kept: %s', (name) => {
    expect(kept.filter((url) => pageOf(name).test(url)).length).toBe(1)
  })
})

it('costs a site three requests for its rules, one for each licence, and each is in the journal', () => {
  const rules = (name: string): string[] => (asked[name] ?? []).filter((path) => path !== '/' && path !== '/reserved/page')
  expect(rules('silent')).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt'])
  expect(rules('granted')).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/rsl.xml'])
  expect(rules('licences').slice(3)).toEqual(['/1.xml', '/2.xml'])
  const journal = rows.filter(({ url, status }) => status !== null && url.includes('//granted.')).map(({ outcome }) => outcome)
  expect(journal).toEqual(['ROBOTS', 'TDMREP', 'AI_TXT', 'RSL', 'KEPT', 'KEPT'])
})
