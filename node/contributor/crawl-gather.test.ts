import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SampleSite, serveSampleSite } from '../../cli/sample-site/index.ts'
import { type Logger, silent } from '../../core/effects/index.ts'
import { generateKey } from '../../core/identity/index.ts'
import { openWeb, type Web } from '../../core/web/index.ts'
import { parseFetchGroup, parseFetchGroups } from '../../schemas/evidence/index.ts'
import { MAX_RULE_CAPTURES, siteOfCaptures } from '../../schemas/permission/index.ts'
import { pipelines } from '../../schemas/pipeline/index.ts'
import { type Charter, concatBytes } from '../../schemas/wire/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { type GatheredPages, gatherPages } from '../../tests/support/gather-pages.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { verifyJournal } from '../crawl/index.ts'
import { crawlGather, type CrawlGatherOptions, type GatherJob } from './index.ts'

let site: SampleSite
let base: string
let charter: Charter
const signer = generateKey()

beforeAll(async () => {
  site = await serveSampleSite({ slowMs: 5 })
  base = await mkdtemp(path.join(tmpdir(), 'quern-gather-'))
  charter = testCharter({ sources: { seeds: site.urls, scope: 'domain', delayMs: 0, allowPrivate: site.allowPrivate } })
})
afterAll(async () => {
  await site.close()
  await rm(base, { recursive: true })
})

const openOwn = (): Promise<Web> =>
  openWeb({ clock: realClock, userAgent: 'QuernBot/1.0', hosts: site.hosts, allowPrivate: site.allowPrivate })
const jobOf = (change: Partial<GatherJob> = {}): Omit<GatherJob, 'seal'> => {
  const never = new AbortController().signal
  return {
    epoch: 3,
    charter,
    mine: () => true,
    leased: () => true,
    share: () => ({ times: 1, place: 0 }),
    known: () => false,
    frontier: [],
    limit: 60,
    until: never,
    signal: never,
    ...change,
  }
}
const gatherIn =
  (folder: string | undefined, own: Partial<CrawlGatherOptions> = {}) =>
  (job: Omit<GatherJob, 'seal'>): Promise<GatheredPages> => {
    const options = { clock: realClock, logger: silent, openWeb: openOwn, agentToken: 'QuernBot', ...own }
    return gatherPages(crawlGather({ ...options, ...(folder === undefined ? {} : { folder, signer }) }), job)
  }
/** Every record follows from its evidence, and its robots group is all that its site says of itself. */
function check({ pages }: GatheredPages): void {
  for (const { evidence, robots, records } of pages) {
    const { exchange } = parseFetchGroup(concatBytes(...evidence))
    const again = pipelines.get('web-page@1/1')?.run(exchange, { qualityWeights: charter.quality })
    expect(records.map(({ record }) => again?.ok === true && Buffer.compare(again.measured.record, record))).toEqual([0])
    if (robots === null) continue
    const captures = parseFetchGroups(concatBytes(...robots.read()), MAX_RULE_CAPTURES)
    expect(siteOfCaptures(captures, new URL(exchange.url).origin, 'QuernBot').ok).toBe(true)
  }
}

it('asks no host for more pages than the charter gives it', async () => {
  const bounded = { ...charter, sources: { ...charter.sources, maxPagesPerHost: 3 } }
  const { urls } = await gatherIn(undefined)(jobOf({ limit: 400, charter: bounded }))
  const counts = Map.groupBy(urls, (url) => new URL(url).host)
  expect(counts.size).toBeGreaterThan(1)
  expect(Math.max(...[...counts.values()].map(({ length }) => length))).toBe(3)
})

it('gathers by way of a folder what it gathers in memory', async () => {
  const disk = await gatherIn(path.join(base, 'same'))(jobOf({ limit: 400 }))
  const memory = await gatherIn(undefined)(jobOf({ limit: 400 }))
  expect(disk.urls.toSorted()).toEqual(memory.urls.toSorted())
  expect(disk.frontier.toSorted()).toEqual(memory.frontier.toSorted())
  expect(disk.urls.length).toBeGreaterThan(100)
  // `url` is the pipeline's word beside the record, which holds it too
  const strip = ({ pages }: GatheredPages): unknown[] =>
    [...pages].flatMap(({ records, robots }) =>
      records.map(({ record, host, language, tokens, quality, contentDigest, sketch }) => [
        Buffer.from(record).toString(),
        [host, language, tokens, quality, contentDigest, sketch, robots !== null],
      ]),
    )
  const byRecord = (a: unknown, b: unknown): number => (String((a as unknown[])[0]) < String((b as unknown[])[0]) ? -1 : 1)
  expect(strip(disk).toSorted(byRecord)).toEqual(strip(memory).toSorted(byRecord))
  check(disk)
})

it('goes on with an epoch that was interrupted, asking for no page again', async () => {
  const folder = path.join(base, 'again')
  const stop = new AbortController()
  let asked = 0
  const first = await gatherIn(folder, {
    onJournal: ({ outcome }) => void (outcome === 'KEPT' && ++asked === 20 && stop.abort(new Error('stopped'))),
  })(jobOf({ until: stop.signal, limit: 400 }))
  expect(first.urls.length).toBeGreaterThanOrEqual(20)
  const before = site.requests.length
  const second = await gatherIn(folder)(jobOf({ limit: 400 }))
  expect(second.urls).toEqual(expect.arrayContaining(first.urls))
  expect(second.urls.length).toBeGreaterThan(first.urls.length)
  const again = new Set(site.requests.slice(before).map(({ host, path: asked_ }) => `${host}${asked_}`))
  expect(
    first.urls.map((url) => new URL(url)).filter(({ hostname, pathname, search }) => again.has(`${hostname}${pathname}${search}`)),
  ).toEqual([])
  check(second)

  // what was gathered and not sealed yet is there at once
  const third = await gatherIn(folder)(jobOf({ limit: 400 }))
  expect(third.urls).toEqual(second.urls)

  const journal = (await readFile(path.join(folder, 'epoch-3', 'journal.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(await verifyJournal(journal)).toMatchObject({ ok: true, by: [signer.did], sealed: journal.length })
  await gatherIn(folder)(jobOf({ epoch: 4, limit: 5 }))
  expect((await readdir(folder)).toSorted()).toEqual(['epoch-4', 'journal-3.jsonl'])
})

it('begins an epoch again, and says so, when another version of the software began it', async () => {
  const folder = path.join(base, 'older')
  const first = await gatherIn(folder)(jobOf({ limit: 10 }))
  // as a version would have left it whose lines lie differently: of the same length, for items are named by where they lie
  const file = path.join(folder, 'epoch-3', 'frontier.log')
  const [settings = '', ...lines] = (await readFile(file, 'utf8')).split('\n')
  const older = settings.slice(9).replace('"layout":2', '"layout":1')
  expect(older).not.toBe(settings.slice(9))
  await writeFile(file, [`${crc32(older).toString(16).padStart(8, '0')} ${older}`, ...lines].join('\n'))
  const said: unknown[] = []
  const logger: Logger = { ...silent, warn: (event, fields) => void said.push([event, fields]) }
  const before = site.requests.length
  const again = await gatherIn(folder, { logger })(jobOf({ limit: 10 }))
  expect(said).toEqual([['epoch-begun-again', expect.objectContaining({ epoch: 3, code: 'OTHER_CRAWL' })]])
  expect(again.urls).toHaveLength(first.urls.length)
  const asked = site.requests.slice(before).map(({ path: one }) => one)
  expect(asked.filter((one) => !/\.(txt|json|xml)$/.test(one)).length).toBeGreaterThanOrEqual(10)
  check(again)
})

it('stops at the limit, also when most of it was there already', async () => {
  const folder = path.join(base, 'limit')
  expect((await gatherIn(folder)(jobOf({ limit: 10 }))).urls.length).toBe(10)
  expect((await gatherIn(folder)(jobOf({ limit: 12 }))).urls.length).toBe(12)
  expect((await gatherIn(folder)(jobOf({ limit: 5 }))).urls.length).toBe(5)
})

it('stays on the hosts of the start pages when its owner says so, and never leaves them where the charter does not let it', async () => {
  const seeds = [site.url('docs:/')]
  const hostsOf = async (scope: 'host' | 'domain', own: 'host' | 'domain' | undefined): Promise<number> => {
    const { urls, frontier } = await gatherIn(undefined, { own: { scope: own } })(
      jobOf({ limit: 40, charter: { ...charter, sources: { ...charter.sources, seeds, scope } } }),
    )
    return new Set([...urls, ...frontier].map((url) => new URL(url).hostname)).size
  }
  expect(await hostsOf('domain', undefined)).toBeGreaterThan(1)
  expect(await hostsOf('domain', 'host')).toBe(1)
  expect(await hostsOf('host', 'domain')).toBe(1)
})
