import { Channel } from './channel.ts'
import { Crawler } from './crawler.ts'
import type { CrawledPage, CrawlOptions, CrawlSummary } from './types.ts'

/** Pages that wait for the consumer; beyond it hosts stand still. */
const WAITING_PAGES = 16

/**
 * Crawls from the seeds and yields every page that may be kept, as its evidence and its measures; returns the summary.
 * Polite by construction: robots.txt and reservations first, one request at a time per host, pauses between. Everything else that happened
 * goes to `onJournal`. Ends early, without an error, when the signal aborts or the consumer leaves. All waiting is by `clock`.
 * Throws InvalidInputError NO_SEEDS or UNKNOWN_PIPELINE.
 */
export async function* crawl(options: CrawlOptions): AsyncGenerator<CrawledPage, CrawlSummary, void> {
  const left = new AbortController()
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal])
  const pages = new Channel<CrawledPage>(WAITING_PAGES)
  const crawler = new Crawler(options, signal, async (page) => {
    // without an earlier crawl no page is unchanged
    if ('measured' in page) await pages.put(page)
  })
  const stop = (): void => pages.close()
  signal.addEventListener('abort', stop, { once: true })
  const running = crawler.run().finally(stop)
  // the fault is thrown below, once the pages before it are delivered
  running.catch(() => {})
  try {
    for (let page = await pages.take(); page !== undefined; page = await pages.take()) yield page
    await running
    return crawler.summary
  } finally {
    left.abort()
    signal.removeEventListener('abort', stop)
    await running.catch(() => {})
  }
}
