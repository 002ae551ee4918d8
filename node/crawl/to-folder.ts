/** `quern crawl`: a crawl as ordinary files, without a mesh. */
import { InvalidInputError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { CURRENT_PIPELINE } from '../../schemas/pipeline/index.ts'
import { canonicalUrl } from '../frontier/index.ts'
import { CrawlFolder, type FolderFile } from './crawl-folder.ts'
import { Crawler } from './crawler.ts'
import type { CrawledPage, CrawlOptions, CrawlSummary, UnchangedPage } from './types.ts'

type OnPage = (page: CrawledPage | UnchangedPage) => Promise<void> | void

export interface FolderOptions extends Omit<CrawlOptions, 'book'> {
  /** Made when missing. */
  out: string
  /** Replace files of an earlier crawl, finished or not. */
  overwrite?: boolean
  /** What the WARC says about who wrote it: `software`, `http-header-user-agent`, `operator`… */
  warcinfo?: [name: string, value: string][]
  /** Signs the journal. */
  signer?: Signer | undefined
  /** Every kept page, as `runIntoFolder` hands it over. */
  onPage?: OnPage
}

export interface FolderSummary extends CrawlSummary {
  files: { evidence: FolderFile; records: FolderFile; journal: FolderFile }
  /** It went on where an earlier process stopped. */
  isResumed: boolean
}

/**
 * Crawls into `out`: evidence.warc.gz, records.jsonl.gz (one gzip member per record and per WARC record), journal.jsonl and frontier.log. The
 * names appear when the files are whole. A crawl that was killed or aborted goes on when it is called again with the same seeds, scope,
 * profile, pipeline and agent. Throws InvalidInputError OUT_EXISTS, OTHER_CRAWL and what `crawl` throws.
 */
export async function crawlToFolder(options: FolderOptions): Promise<FolderSummary> {
  const { out, overwrite, clock, warcinfo, onPage, signer, seeds, agentToken } = options
  const { scope = 'host', profile = 'standard', pipeline = CURRENT_PIPELINE } = options
  if (!seeds.some((seed) => canonicalUrl(seed) !== undefined))
    throw new InvalidInputError('NO_SEEDS', 'no seed is an http(s) URL that may be crawled')
  const settings = { seeds: seeds.toSorted(), scope, profile, pipeline, agentToken }
  const book = await CrawlFolder.open({ out, clock, settings, overwrite, warcinfo, signer })
  const { files, ...summary } = await runIntoFolder(options, book, onPage)
  return { ...summary, files, isResumed: book.isResumed }
}

/**
 * Crawls with a folder as memory and as output, and finishes or closes it. An aborted crawl's folder may be opened again. `onPage` is given every
 * kept page when the folder has taken it and before it is written, in the order of the folder's log; until it resolves the page's host waits,
 * and what it throws ends the crawl and is thrown, also while an aborted one comes to its end.
 */
export async function runIntoFolder(
  options: Omit<CrawlOptions, 'book'>,
  book: CrawlFolder,
  onPage?: OnPage,
): Promise<Omit<FolderSummary, 'isResumed'>> {
  const { onJournal } = options
  const own = new AbortController()
  const signal = options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal])
  try {
    const crawler = new Crawler(
      {
        ...options,
        book,
        onJournal: (row) => {
          book.journal(row)
          onJournal?.(row)
        },
      },
      signal,
      async (page) => {
        own.signal.throwIfAborted()
        // both at once: whichever page waits for the disk, the order is the log's
        await Promise.all([book.keep(page), (async () => onPage?.(page))()]).catch((thrown: unknown) => {
          // told here, and the other hosts stop as well: the crawler would take a code such as QUOTA_FULL for what became of the page, and
          // one that is being ended hears of no fault any more
          own.abort(thrown)
          throw thrown
        })
      },
    )
    book.summaryNow = () => crawler.summary
    await crawler.run()
    own.signal.throwIfAborted()
    const files = await book.finish(!signal.aborted)
    return { ...crawler.summary, files }
  } catch (thrown) {
    own.abort(thrown)
    await book.close()
    throw thrown
  }
}
