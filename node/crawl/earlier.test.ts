/** Pages of several records, crawled again: every record stays, none comes twice, and the links are followed as if the page had been read. */
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { pipelineOptions } from '../../schemas/pipeline/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { type PageServer, recordLines, servePages } from '../../tests/support/page-server.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { crawlToFolder, EarlierFolder, type FolderSummary } from './index.ts'

interface Shelf {
  offers: string[]
  links: string[]
}

const start: Shelf = { offers: [], links: ['/one', '/two'] }
/** All pages have the same shared offer at first, and `/three` hangs on `/one` alone. */
const first: Record<string, Shelf> = {
  '/': start,
  '/one': { offers: ['shared', 'one a', 'one b'], links: ['/three'] },
  '/two': { offers: ['two a', 'shared', 'two b'], links: [] },
  '/three': { offers: ['three a', 'three b'], links: [] },
}

let shelves = first
let conditional: string[] = []
let server: PageServer

beforeAll(async () => {
  server = await servePages((request, response) => {
    const shelf = shelves[request.url ?? '']
    if (shelf === undefined) return void response.writeHead(404).end()
    const offers = shelf.offers.map((title) => `<li class="offer"><h2>An offer of ${title} in one plain sentence</h2></li>`)
    const body = `<h1>Shelf</h1><ul>${offers.join('')}</ul>${shelf.links.map((link) => `<a href="${link}">x</a>`).join('')}`
    const etag = `"${Buffer.from(JSON.stringify(shelf)).toString('base64url')}"`
    const none = request.headers['if-none-match']
    if (none !== undefined) conditional.push(request.url ?? '')
    if (none === etag) return void response.writeHead(304, { etag }).end()
    response.writeHead(200, { 'content-type': 'text/html', etag }).end(body)
  })
})
afterAll(() => server[Symbol.asyncDispose]())

const charter = testCharter({
  schemas: ['shop@1'],
  pipelines: ['shop@1/1'],
  selectors: [{ name: 'shop', each: 'li.offer', fields: [{ name: 'title', select: ['h2'], type: 'string', required: true }] }],
})

async function crawlAgain(name: string, since?: string): Promise<FolderSummary & { offers: string[] }> {
  conditional = []
  const { base, web, origin } = server
  using earlier = since === undefined ? undefined : new EarlierFolder(path.join(base, since))
  const out = path.join(base, name)
  const own = { pipeline: 'shop@1/1', ...pipelineOptions(charter), pace: { delayMs: 0 } }
  const summary = await crawlToFolder({ web, clock: realClock, agentToken: 'Quern', seeds: [`${origin}/`], ...own, earlier, out })
  const offers = (await recordLines(out)).map((line) => /offer of ([\w ]+) in/.exec(line)?.[1] ?? line)
  return { ...summary, offers: offers.toSorted() }
}

const ALL = ['one a', 'one b', 'shared', 'three a', 'three b', 'two a', 'two b']

it('keeps every record of a page that did not change, and follows its links', async () => {
  expect((await crawlAgain('first')).offers).toEqual(ALL)
  const again = await crawlAgain('second', 'first')
  expect(again.offers).toEqual(ALL)
  expect(again.outcomes).toMatchObject({ UNCHANGED: 2 })
  // a page of which a record lay elsewhere is read again: here it may be the only one to have it
  expect(conditional).toEqual(['/one', '/three'])
})

it('keeps a record that two pages have when the one it was kept with loses it', async () => {
  shelves = { ...first, '/one': { offers: ['one a', 'one b'], links: ['/three'] } }
  expect((await crawlAgain('third', 'second')).offers).toEqual(ALL)
})

it('keeps no record of an unchanged page twice that another page brought first, and knows the rest next time', async () => {
  shelves = first
  await crawlAgain('before')
  shelves = { ...first, '/': { ...start, offers: ['shared'] } }
  expect((await crawlAgain('moved', 'before')).offers).toEqual(ALL)
  shelves = first
  expect((await crawlAgain('back', 'moved')).offers).toEqual(ALL)
})
