/** One crawl of ours with everything on, as a process of its own: robots, guard, journal, WARC, extraction, measures, a batch sealed on the way. */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { openWeb } from '../../core/web/index.ts'
import { AddressGuard } from '../../core/web/index.ts'
import { BatchSealer, CrawlFolder, type CrawledPage, crawlToFolder, type RobotsCapture, WorkerPool } from '../../node/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import { didFromPublicKey, sha256, utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'

export interface OursJob {
  seeds: string[]
  allowPrivate: string[]
  out: string
  workers: number
  /** False: no robots.txt, no address guard, no journal, no sitemaps. */
  isPolite: boolean
  /** Where the list of pages goes. */
  list: string
}

// as the command does
setFlagsFromString('--no-allocation-site-pretenuring')

const job = JSON.parse(process.argv[2] ?? '') as OursJob
const { seeds, allowPrivate, out, workers, isPolite, list } = job

/** Feeds a batch as a contributor does, and lets its blocks go. */
class Sealing {
  #sealer = this.#open()
  #robots = new Map<RobotsCapture, number | null>()
  sealed = 0

  add({ measured, evidence, robots, packed }: CrawledPage): void {
    if (this.#sealer.isFull) this.finish()
    let robotsGroup = this.#robots.get(robots)
    if (robotsGroup === undefined) {
      robotsGroup = robots.evidence === null ? null : this.#sealer.addGroup(robots.evidence.members)
      this.#robots.set(robots, robotsGroup)
    }
    this.#sealer.addRecord({ ...measured, packed, evidenceGroup: this.#sealer.addGroup(evidence.members), robotsGroup })
    this.sealed++
    if (this.sealed % 64 === 0) this.#sealer.drain()
  }

  finish(): void {
    if (this.#sealer.count > 0) this.#sealer.finish({ from: 1, to: 2 })
    this.#sealer = this.#open()
    this.#robots = new Map()
  }

  #open(): BatchSealer {
    const sealer = new BatchSealer({
      ledger: 'quern/bench',
      contributor: didFromPublicKey(sha256(utf8('bench'))),
      schema: 'web-page@1',
      pipeline: 'web-page@1/1',
      sequence: 0,
      prev: null,
      salt: sha256(utf8('salt')),
    })
    sealer.addGroup([warcinfoMember({ at: 0, fields: [] })])
    return sealer
  }
}

if (!isPolite) {
  AddressGuard.prototype.checkAddress = () => {}
  AddressGuard.prototype.checkName = () => {}
  AddressGuard.prototype.checkPort = () => {}
  CrawlFolder.prototype.journal = () => {}
}

const cpu = process.cpuUsage()
const mainCpu = process.threadCpuUsage()
const started = performance.now()
const pages: string[] = []
const sealing = new Sealing()
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
await using pool = workers === 0 ? undefined : new WorkerPool({ clock: realClock, size: workers })
const summary = await crawlToFolder({
  web,
  clock: realClock,
  seeds,
  agentToken: 'QuernBot',
  out,
  overwrite: true,
  pace: { delayMs: 0 },
  limits: { depth: 64 },
  sitemaps: isPolite,
  dropDuplicates: false,
  ...(pool ? { worker: pool } : {}),
  onPage: (page) => {
    if ('measured' in page) sealing.add(page)
  },
  onJournal: ({ url, status, outcome, bytes }) => {
    // pages that were worked on, whether or not they gave a record
    if (status === 200 && bytes > 0 && !['ROBOTS', 'TDMREP', 'SITEMAP', 'NOT_HTML'].includes(outcome)) pages.push(url)
  },
})
sealing.finish()
const wallMs = performance.now() - started
const { user, system } = process.cpuUsage(cpu)
const main = process.threadCpuUsage(mainCpu)
writeFileSync(list, pages.join('\n'))
console.log(
  JSON.stringify({
    pages: pages.length,
    kept: summary.kept,
    wallMs,
    cpuMs: (user + system) / 1000,
    mainMs: (main.user + main.system) / 1000,
    rssMb: process.resourceUsage().maxRSS / 1024,
  }),
)
