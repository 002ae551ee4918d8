/**
 * Crawls of ours with everything on, as a process of its own: robots, guard, journal, WARC, extraction, measures; and, as a contributor does,
 * batches sealed as pages come. The blocks are made and let go: where a role keeps them is its store's affair.
 */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { AddressGuard, openWeb } from '../../core/web/index.ts'
import {
  BatchWriter,
  type CrawledPage,
  CrawlFolder,
  runIntoFolder,
  type PageWorker,
  sealPage,
  WorkerPool,
  workPage,
} from '../../node/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import { didFromPublicKey, MAX_BATCH_RECORDS, sha256, utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'

export interface OursJob {
  seeds: string[]
  allowPrivate: string[]
  out: string
  workers: number
  /** False: no robots.txt, no address guard, no journal, no sitemaps. */
  isPolite: boolean
  /** Crawls of the same pages, one after the other: a line of output each. */
  passes: number
  /** Where the lists of pages go, with the crawl's number behind it. */
  list: string
}

// as the command does
setFlagsFromString('--no-allocation-site-pretenuring')

const job = JSON.parse(process.argv[2] ?? '') as OursJob
const { seeds, allowPrivate, out, workers, isPolite, passes, list } = job

const SPAN = { from: 1, to: 2 }
const begin = (): BatchWriter =>
  new BatchWriter(
    { put: async () => undefined },
    {
      ledger: 'quern/bench',
      contributor: didFromPublicKey(sha256(utf8('bench'))),
      schema: 'web-page@1',
      pipeline: 'web-page@1/1',
      sequence: 0,
      prev: null,
      salt: sha256(utf8('salt')),
      warcinfo: [warcinfoMember({ at: 0, fields: [] })],
    },
  )

if (!isPolite) {
  AddressGuard.prototype.checkAddress = () => {}
  AddressGuard.prototype.checkName = () => {}
  AddressGuard.prototype.checkPort = () => {}
  CrawlFolder.prototype.journal = () => {}
}

/** The first crawl pays for its threads' start too. */
let mark = markNow()
await using pool = workers === 0 ? undefined : new WorkerPool({ clock: realClock, size: workers })
/** The main thread would remember results by their pages, and a second crawl of few enough would be the memory's. */
const once: PageWorker = { work: (page) => workPage(page, { isOnce: true }) }
for (let pass = 0; pass < passes; pass++) await crawl(pass)

/** One crawl from nothing, as a contributor's epochs are: the threads stay. */
async function crawl(pass: number): Promise<void> {
  let batch = begin()
  let sealed = 0
  /** Behind the pages before it; in the next batch where this one has no room for another. */
  const seal = async (page: CrawledPage): Promise<void> => {
    if (batch.count + 1 + page.more.length > MAX_BATCH_RECORDS) {
      const full = batch
      batch = begin()
      const { manifest } = await full.finish(SPAN)
      sealed += manifest.count
    }
    await batch.add(sealPage(page))
  }

  const pages: string[] = []
  await using web = await openWeb({ clock: realClock, userAgent: 'QuernBot/1.0 (+http://127.0.0.1/)', allowPrivate })
  const get = web.get.bind(web)
  if (!isPolite) {
    const nothing = { status: 404, headers: [], requestHead: new Uint8Array(), responseHead: utf8('HTTP/1.1 404 Not Found\r\n\r\n') }
    web.get = (url, options) =>
      /\/(robots\.txt|tdmrep\.json|ai\.txt)$/.test(url)
        ? Promise.resolve({
            ...nothing,
            requestHead: utf8('GET / HTTP/1.1\r\n\r\n'),
            url,
            body: new Uint8Array(),
            fetchedAt: Date.now(),
            remoteAddress: null,
            truncated: false,
          })
        : get(url, options)
  }
  const summary = await runIntoFolder(
    {
      web,
      clock: realClock,
      seeds,
      agentToken: 'QuernBot',
      pace: { delayMs: 0 },
      limits: { depth: 64 },
      sitemaps: isPolite,
      dropDuplicates: false,
      worker: pool ?? once,
      onJournal: ({ url, status, outcome, bytes }) => {
        // pages that were worked on, whether or not they gave a record
        if (status === 200 && bytes > 0 && !['ROBOTS', 'TDMREP', 'SITEMAP', 'NOT_HTML'].includes(outcome)) pages.push(url)
      },
    },
    await CrawlFolder.open({ out, clock: realClock, settings: {}, overwrite: true, isForSealing: true }),
    async (page) => {
      if ('measured' in page) await seal(page)
    },
  )
  sealed += (await batch.finish(SPAN)).manifest.count
  if (sealed !== summary.kept) throw new Error(`${sealed} records sealed of ${summary.kept} kept`)
  const now = markNow()
  writeFileSync(`${list}.${pass}`, pages.join('\n'))
  console.log(
    JSON.stringify({
      pages: pages.length,
      kept: summary.kept,
      wallMs: now.wallMs - mark.wallMs,
      cpuMs: now.cpuMs - mark.cpuMs,
      mainMs: now.mainMs - mark.mainMs,
      rssMb: process.resourceUsage().maxRSS / 1024,
    }),
  )
  mark = markNow()
}

function markNow(): { wallMs: number; cpuMs: number; mainMs: number } {
  const sum = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000
  return { wallMs: performance.now(), cpuMs: sum(process.cpuUsage()), mainMs: sum(process.threadCpuUsage()) }
}
