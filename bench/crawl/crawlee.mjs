// The strongest Crawlee: LinkeDOM and Readability, storage in memory or, with `disk`, as it comes. Copied into the peers' folder and run there.
import { writeFileSync } from 'node:fs'
import { Readability } from '@mozilla/readability'
import { MemoryStorage } from '@crawlee/memory-storage'
import { Configuration, Dataset, LinkeDOMCrawler, log, LogLevel } from 'crawlee'

const { seeds, storage, list, folder } = JSON.parse(process.argv[2])
log.setLevel(LogLevel.ERROR)
const config = new Configuration({
  purgeOnStart: true,
  persistStorage: storage === 'disk',
  availableMemoryRatio: 0.8,
  storageClient: new MemoryStorage({ persistStorage: storage === 'disk', localDataDirectory: folder }),
})
const pages = []
const cpu = process.cpuUsage()
const started = performance.now()
const dataset = await Dataset.open(undefined, { config })
const crawler = new LinkeDOMCrawler(
  {
    minConcurrency: 32,
    maxConcurrency: 32,
    maxRequestRetries: 0,
    async requestHandler({ request, window, document, enqueueLinks, response }) {
      if (response.statusCode === 200) pages.push(request.loadedUrl ?? request.url)
      await enqueueLinks({ strategy: 'same-origin' })
      const article = new Readability(document).parse()
      await dataset.pushData({ url: request.url, title: article?.title ?? '', text: article?.textContent ?? '' })
      window.close?.()
    },
    failedRequestHandler() {},
  },
  config,
)
await crawler.run(seeds)
const wallMs = performance.now() - started
const { user, system } = process.cpuUsage(cpu)
writeFileSync(list, pages.join('\n'))
console.log(JSON.stringify({ pages: pages.length, wallMs, cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 }))
process.exit(0)
