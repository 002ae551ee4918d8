// The strongest Crawlee: LinkeDOM and Readability, storage in memory or, with `disk`, as it comes. Copied into the peers' folder and run there.
import { writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import path from 'node:path'
import { Readability } from '@mozilla/readability'
import { MemoryStorage } from '@crawlee/memory-storage'
import { Configuration, Dataset, LinkeDOMCrawler, log, LogLevel } from 'crawlee'

const { seeds, storage, passes, list, folder: base } = JSON.parse(process.argv[2])
log.setLevel(LogLevel.ERROR)
for (let pass = 0; pass < passes; pass++) await crawl(pass)
process.exit(0)

/** With stores of its own, so that nothing is known from the crawl before. */
async function crawl(pass) {
  const folder = await mkdtemp(path.join(base, 'crawl-'))
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
  writeFileSync(`${list}.${pass}`, pages.join('\n'))
  console.log(JSON.stringify({ pages: pages.length, wallMs, cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 }))
}
