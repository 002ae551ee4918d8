/** A page that reserves itself by a header while its HTML stays: a later crawl must come to what a first one would. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openWeb } from '../../core/web/index.ts'
import { type PageServer, recordLines, servePages } from '../../tests/support/page-server.ts'
import { eventually, realClock } from '../../tests/support/real-clock.ts'
import { readKeptLines } from '../frontier/index.ts'
import { keptFacts, KEPT_LAYOUT } from './earlier.ts'
import { earlierRules } from './earlier-rules.ts'
import { crawlToFolder, EarlierFolder, type FolderOptions, type FolderSummary, type PageWorker, WorkerPool, workPage } from './index.ts'

type Headers = Record<string, string>
/** What each page's header says later, and what becomes of it. */
const later: Record<string, { headers: Headers; outcome: string }> = {
  tdm: { headers: { 'tdm-reservation': '1' }, outcome: 'TRAINING_DENIED' },
  noai: { headers: { 'x-robots-tag': 'quern: noai' }, outcome: 'TRAINING_DENIED' },
  usage: { headers: { 'content-usage': 'train-ai=n' }, outcome: 'TRAINING_DENIED' },
  signal: { headers: { 'content-signal': 'ai-train=no' }, outcome: 'TRAINING_DENIED' },
  noindex: { headers: { 'x-robots-tag': 'noindex' }, outcome: 'NOINDEX' },
  licence: { headers: { link: '</rsl.xml>; rel="license"; type="application/rsl+xml"' }, outcome: 'LICENSE_UNREAD' },
  nofollow: { headers: { 'x-robots-tag': 'nofollow' }, outcome: 'UNCHANGED' },
  silent: { headers: {}, outcome: 'UNCHANGED' },
}
const kinds = Object.keys(later)

let server: PageServer
let robots = ''
/** Headers of a page, by its name. */
let headersOf: (name: string) => Headers
/** Its 304 repeat none of them. */
let isTerse = false
let asked: { url: string; isConditional: boolean }[] = []

beforeAll(async () => {
  server = await servePages((request, response) => {
    const url = request.url ?? ''
    const none = request.headers['if-none-match']
    asked.push({ url, isConditional: none !== undefined })
    const [, kind = '', name = ''] = url.split('/')
    if (url === '/robots.txt') return void response.writeHead(200, { 'content-type': 'text/plain' }).end(robots)
    if (url !== '/' && !['tagged', 'plain', 'behind'].includes(kind)) return void response.writeHead(404).end()
    const links =
      url === '/' ? kinds.flatMap((one) => [`/tagged/${one}`, `/plain/${one}`]) : kind === 'behind' ? [] : [`/behind/${name}/${kind}`]
    const etag: Headers = kind === 'tagged' ? { etag: '"same"' } : {}
    const headers = { ...etag, ...(kind === 'tagged' || kind === 'plain' ? headersOf(name) : {}) }
    if (none !== undefined && none === etag['etag']) return void response.writeHead(304, isTerse ? etag : headers).end()
    response.writeHead(200, { 'content-type': 'text/html', ...headers })
    response.end(
      `<title>${url}</title><article><p>The page at ${url} says in one plain – and short – sentence that it is ${url}, and nothing else.</p></article>${links.map((link) => `<a href="${link}">x</a>`).join('')}`,
    )
  })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(() => {
  robots = ''
  headersOf = () => ({})
  isTerse = false
})

let folders = 0
interface Ran extends Omit<FolderSummary, 'kept'> {
  out: string
  outcomeOf: (place: string) => string | undefined
  kept: string[]
}

async function crawlSite(since?: string, options: Partial<FolderOptions> = {}): Promise<Ran> {
  asked = []
  const { base, web, origin } = server
  const out = path.join(base, String(folders++))
  const outcomes = new Map<string, string>()
  using earlier = since === undefined ? undefined : new EarlierFolder(since)
  const summary = await crawlToFolder({
    web,
    clock: realClock,
    agentToken: 'Quern',
    seeds: [`${origin}/`],
    pace: { delayMs: 0 },
    earlier,
    onJournal: ({ url, outcome }) => outcomes.set(url, outcome),
    ...options,
    out,
  })
  const lines = (await recordLines(out)).join('\n')
  // text and markdown of a record say it both
  const kept = [...new Set(Array.from(lines.matchAll(/The page at (\S+) says/g), ([, place = '']) => place))]
  return { ...summary, out, outcomeOf: (place) => outcomes.get(`${origin}${place}`), kept }
}

it.each(['tagged', 'plain'])('decides by what the header says now: %s', async (kind) => {
  const first = await crawlSite()
  headersOf = (name) => later[name]?.headers ?? {}
  const fresh = await crawlSite()
  const again = await crawlSite(first.out)
  for (const name of kinds) {
    const place = `/${kind}/${name}`
    expect(asked.find(({ url }) => url === place)?.isConditional, place).toBe(kind === 'tagged')
    expect([again.outcomeOf(place), again.kept.includes(place)], place).toEqual([
      later[name]?.outcome,
      later[name]?.outcome === 'UNCHANGED',
    ])
    // its links are followed as a first crawl follows them
    const behind = `/behind/${name}/${kind}`
    expect([behind, again.kept.includes(behind)]).toEqual([behind, name !== 'nofollow'])
  }
  expect(again.kept.toSorted()).toEqual(fresh.kept.toSorted())
})

it('decides the same with pages worked on in threads', async () => {
  const first = await crawlSite()
  headersOf = (name) => later[name]?.headers ?? {}
  await using worker = new WorkerPool({ clock: realClock, size: 1 })
  const again = await crawlSite(first.out, { worker })
  for (const name of kinds)
    expect([name, again.outcomeOf(`/tagged/${name}`), again.outcomeOf(`/plain/${name}`)]).toEqual([
      name,
      later[name]?.outcome,
      later[name]?.outcome,
    ])
})

it('under strict takes a 304 for enough where the site permits, and asks for the whole page where only the page did', async () => {
  const permission = { 'content-usage': 'train-ai=y' }
  const strict = { profile: 'strict' } as const
  isTerse = true
  robots = 'User-agent: *\nContent-Usage: / train-ai=y\n'
  headersOf = (name) => (name === 'silent' ? permission : {})
  const first = await crawlSite(undefined, strict)
  const second = await crawlSite(first.out, strict)
  expect(second.outcomeOf('/tagged/silent')).toBe('UNCHANGED')
  expect(asked.find(({ url }) => url === '/tagged/silent')?.isConditional).toBe(true)
  robots = 'User-agent: *\nContent-Usage: /$ train-ai=y\n'
  const third = await crawlSite(first.out, strict)
  expect(third.kept.toSorted()).toEqual(['/', '/plain/silent', '/tagged/silent'])
  expect([third.outcomeOf('/tagged/silent'), third.outcomeOf('/tagged/tdm')]).toEqual(['UNCHANGED', 'TRAINING_UNKNOWN'])
})

it('lets stand what an earlier header said where a 304 does not repeat it', async () => {
  headersOf = () => ({ 'tdm-reservation': '0', 'content-usage': 'train-ai=y' })
  isTerse = true
  const first = await crawlSite()
  const again = await crawlSite(first.out)
  expect(again.outcomeOf('/tagged/silent')).toBe('UNCHANGED')
  expect(again.kept.toSorted()).toEqual(first.kept.toSorted())
})

it('reads a body of before anew where its header names another charset', async () => {
  const first = await crawlSite()
  headersOf = (name) => (name === 'silent' ? { 'content-type': 'text/html; charset=windows-1252' } : {})
  const fresh = await crawlSite()
  const again = await crawlSite(first.out)
  expect([again.outcomeOf('/plain/silent'), again.outcomeOf('/plain/nofollow')]).toEqual(['KEPT', 'UNCHANGED'])
  const textAt = async ({ out }: Ran): Promise<unknown> =>
    (await recordLines(out)).find((line) => line.endsWith(`"url":"${server.origin}/plain/silent"}`))
  expect(await textAt(again)).toBe(await textAt(fresh))
  expect(await textAt(again)).not.toBe(await textAt(first))
})

it('asks for a page whole where what was kept of it is damaged', async () => {
  const first = await crawlSite()
  const file = path.join(first.out, 'records.jsonl.gz')
  const bytes = await readFile(file)
  for (const { url, facts } of readKeptLines(path.join(first.out, 'frontier.log'))) {
    const [at, length] = keptFacts.parse(facts).record
    if (url.endsWith('/silent')) bytes.fill(0, at, at + length)
  }
  await writeFile(file, bytes)
  const again = await crawlSite(first.out)
  expect(asked.find(({ url }) => url === '/tagged/silent')?.isConditional).toBe(false)
  expect(['/tagged/silent', '/plain/silent', '/plain/tdm'].map(again.outcomeOf)).toEqual(['KEPT', 'KEPT', 'UNCHANGED'])
  expect(again.kept.toSorted()).toEqual(first.kept.toSorted())
})

it('reads no more pages again at a time than may be in work', async () => {
  const { port } = new URL(server.origin)
  const names = ['a.test', 'b.test', 'c.test']
  const hosts = Object.fromEntries(names.map((name) => [name, '127.0.0.1']))
  await using web = await openWeb({ clock: realClock, userAgent: 'Quern/0.1', allowPrivate: [`127.0.0.0/8:${port}`], hosts })
  const seeds = names.map((name) => `http://${name}:${port}/plain/silent`)
  const three = { web, seeds, limits: { depth: 0, working: 1 }, dropDuplicates: false }
  const first = await crawlSite(undefined, three)
  const running: number[] = []
  let now = 0
  const work: PageWorker['work'] = async (job) => {
    running.push(++now)
    // the others have their answers as well
    await eventually(() => asked.filter(({ url }) => url === '/plain/silent').length === names.length, realClock, 20_000)
    for (let turn = 0; turn < 100; turn++) await new Promise((next) => setImmediate(next))
    now--
    return workPage(job)
  }
  const again = await crawlSite(first.out, { ...three, worker: { isElsewhere: true, work } })
  expect([again.outcomes['UNCHANGED'], running]).toEqual([3, [1, 1, 1]])
})

it.each<[string, Partial<FolderOptions>]>([
  ['profile', { profile: 'strict' }],
  ['agent', { agentToken: 'Other' }],
])('reads every page anew where the earlier crawl had another %s', async (_what, options) => {
  robots = 'User-agent: *\nContent-Usage: / train-ai=y\n'
  const first = await crawlSite()
  const again = await crawlSite(first.out, options)
  expect(asked.filter(({ isConditional }) => isConditional)).toEqual([])
  expect(again.outcomes['UNCHANGED']).toBeUndefined()
  expect(again.kept.toSorted()).toEqual(first.kept.toSorted())
})

it.each([
  [KEPT_LAYOUT, { profile: 'standard', pipeline: 'web-page@1/1', agentToken: 'Quern' }],
  [KEPT_LAYOUT - 1, undefined],
])('takes the rules of an earlier crawl whose lines have the layout of now, and of no other: %i', async (layout, rules) => {
  const file = path.join(server.base, `layout-${layout}`)
  const settings = { profile: 'standard', pipeline: 'web-page@1/1', agentToken: 'Quern', seeds: [] }
  await writeFile(file, `00000000 ${JSON.stringify(['q', 1, { layout, settings }])}\n`)
  expect(earlierRules(file, KEPT_LAYOUT)).toEqual(rules)
})
