/** Several records of a page on their way through a gather's folder: all of them, none twice, and no more than were asked for. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { openWeb } from '../../core/web/index.ts'
import { parseFetchGroup } from '../../schemas/evidence/index.ts'
import { pipelineOptions, recordsOf, runPipeline } from '../../schemas/pipeline/index.ts'
import { type Charter, concatBytes } from '../../schemas/wire/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { type GatheredPages, gatherPages } from '../../tests/support/gather-pages.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { crawlGather, type CrawlGatherOptions, type GatherJob } from './index.ts'

const LISTS = 12
/** Of each list alone; one more is on every list, and is a record once. */
const OWN = 3

const offer = (title: string): string => `<li class="offer"><h2>An offer of ${title} in one plain sentence</h2></li>`
const links = Array.from({ length: LISTS }, (_, i) => `<a href="/list/${i}">${i}</a>`).join('')

let base: string
let server: Server
let origin: string
let charter: Charter
let asked: string[] = []

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'quern-own-'))
  server = createServer((request, response) => {
    const place = request.url ?? ''
    asked.push(place)
    const list = /^\/list\/(\d+)$/.exec(place)?.[1]
    if (place !== '/' && list === undefined) return void response.writeHead(404).end()
    const own = Array.from({ length: OWN }, (_, i) => offer(`list ${list} number ${i}`))
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end(list === undefined ? `<h1>Start</h1>${links}` : `<ul>${own.join('')}${offer('everything everywhere')}</ul>${links}`)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  origin = `http://127.0.0.1:${port}`
  charter = testCharter({
    schemas: ['shop@1'],
    pipelines: ['shop@1/1'],
    selectors: [{ name: 'shop', each: 'li.offer', fields: [{ name: 'title', select: ['h2'], type: 'string', required: true }] }],
    sources: { seeds: [`${origin}/`], scope: 'host', delayMs: 0, allowPrivate: [`127.0.0.1:${port}`] },
  })
})
beforeEach(() => void (asked = []))
afterAll(async () => {
  await new Promise((closed) => server.close(closed))
  await rm(base, { recursive: true })
})

const lists = (): string[] => asked.filter((place) => place.startsWith('/list/'))
const never = new AbortController().signal
function gather(
  folder: string | undefined,
  change: Partial<GatherJob> = {},
  own: Partial<CrawlGatherOptions> = {},
): Promise<GatheredPages> {
  const openOwn = () => openWeb({ clock: realClock, userAgent: 'QuernBot/1.0', allowPrivate: charter.sources.allowPrivate })
  const options = { clock: realClock, logger: silent, openWeb: openOwn, agentToken: 'QuernBot', ...own }
  const job = {
    epoch: 1,
    charter,
    mine: () => true,
    leased: () => true,
    share: () => ({ times: 1, place: 0 }),
    known: () => false,
    frontier: [],
    until: never,
    signal: never,
  }
  const crawling = crawlGather({ ...options, ...(folder === undefined ? {} : { folder: path.join(base, folder) }) })
  return gatherPages(crawling, { ...job, limit: 400, ...change })
}

/** Every record is one of those that its evidence gives, numbers and all, and none is there twice. */
function check(gathered: GatheredPages): void {
  for (const { records, evidence } of gathered.pages) {
    const { exchange } = parseFetchGroup(concatBytes(...evidence))
    const again = runPipeline('shop@1/1', exchange, pipelineOptions(charter))
    for (const { record, contentDigest, sketch, host, language, tokens, quality } of records) {
      const found = again.ok ? recordsOf(again).find((one) => Buffer.compare(one.record, record) === 0) : undefined
      expect(found).toMatchObject({ contentDigest, sketch, host, language, tokens, quality })
    }
  }
  const titles = titlesOf(gathered)
  expect(new Set(titles).size).toBe(titles.length)
}

const titlesOf = ({ pages }: GatheredPages): string[] =>
  [...pages].flatMap(({ records }) => records.map(({ record }) => (JSON.parse(Buffer.from(record).toString()) as { title: string }).title))

it('keeps all records of a page in a folder as in memory, and one that is on every page once', async () => {
  const disk = await gather('all')
  const memory = await gather(undefined)
  expect(titlesOf(disk)).toHaveLength(LISTS * OWN + 1)
  expect(titlesOf(disk).toSorted()).toEqual(titlesOf(memory).toSorted())
  expect(disk.urls).toHaveLength(LISTS)
  check(disk)
  check(memory)
})

it('knows every record of the pages before an interruption', async () => {
  const stop = new AbortController()
  const onJournal: CrawlGatherOptions['onJournal'] = ({ outcome }) => void (outcome === 'KEPT' && stop.abort(new Error('stopped')))
  const first = await gather('again', { until: stop.signal }, { onJournal })
  expect(titlesOf(first).length).toBeGreaterThan(0)
  expect(titlesOf(first).length).toBeLessThan(LISTS * OWN)
  const second = await gather('again')
  expect(titlesOf(second)).toHaveLength(LISTS * OWN + 1)
  expect(second.urls).toEqual(expect.arrayContaining(first.urls))
  check(second)
  expect(new Set(lists()).size).toBe(lists().length)
})

it('stops at a limit of records, not of pages, also when some were there already', async () => {
  expect(titlesOf(await gather('limit', { limit: 2 * OWN + 1 }))).toHaveLength(2 * OWN + 1)
  expect(lists()).toHaveLength(2)
  const more = await gather('limit', { limit: 3 * OWN + 1 })
  expect(titlesOf(more)).toHaveLength(3 * OWN + 1)
  expect(lists()).toHaveLength(3)
  check(more)
})

it.each(['cut', undefined])('cuts no page at the limit: over epochs no record is lost and none is sealed twice (%s)', async (folder) => {
  const limit = 2 * OWN
  const known = new Set<string>()
  const titles: string[] = []
  let frontier: string[] = []
  let epochs = 0
  do {
    const epoch = ++epochs
    const gathered = await gather(folder, { epoch, limit, frontier, known: (url) => known.has(url) })
    check(gathered)
    const found = titlesOf(gathered)
    expect(found.length).toBeLessThanOrEqual(limit)
    // by itself a crawl does not know what an earlier epoch's held
    titles.push(...found.filter((title) => !title.includes('everywhere')))
    for (const url of gathered.urls) known.add(url)
    ;({ frontier } = gathered)
  } while (frontier.length > 0 && epochs < 4 * LISTS)
  expect(titles.toSorted()).toEqual([...new Set(titles)].toSorted())
  expect(titles).toHaveLength(LISTS * OWN)
})

it('brings a single page whole that gives more than the limit', async () => {
  for (const folder of ['whole', undefined]) {
    const gathered = await gather(folder, { limit: 2 })
    expect(titlesOf(gathered)).toHaveLength(OWN + 1)
    check(gathered)
  }
})
