import type { Clock, Logger } from '../../core/effects/index.ts'
import type { FrontierItem, TakenItem } from '../frontier/index.ts'
import type { HopStore } from './hop-store.ts'
import type { JournalRow } from './journal.ts'
import type { CrawlBook, CrawlSummary } from './types.ts'

export type Verdict = Partial<Omit<JournalRow, 'detail'>> & { outcome: string; detail?: string | undefined }

const MAX_TRAPS_TOLD = 100
/** Answers of the frontier that are no news. */
const QUIET = new Set(['queued', 'known', 'not-a-page', 'out-of-scope', 'too-deep', 'gone', 'not-mine', 'full'])

export interface VerdictsOptions {
  clock: Clock
  logger: Logger
  onJournal: (row: JournalRow) => void
  book: CrawlBook | undefined
  hops: HopStore
}

/** Where every verdict of a crawl passes: counted, journalled, logged, and told to its book. */
export class Verdicts {
  readonly summary: CrawlSummary
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #onJournal: (row: JournalRow) => void
  readonly #book: CrawlBook | undefined
  readonly #hops: HopStore
  readonly #trapsTold = new Map<string, number>()

  constructor({ clock, logger, onJournal, book, hops }: VerdictsOptions) {
    this.#clock = clock
    this.#logger = logger
    this.#onJournal = onJournal
    this.#book = book
    this.#hops = hops
    const now = clock.now()
    // what an earlier process of the same crawl had counted stands
    this.summary = book?.summary() ?? {
      kept: 0,
      fetched: 0,
      bytes: 0,
      hosts: 0,
      outcomes: {},
      startedAt: now,
      endedAt: now,
      aborted: false,
    }
  }

  note({ url, host, depth }: Pick<FrontierItem, 'url' | 'host' | 'depth'>, { detail, ...facts }: Verdict): void {
    const row = { time: this.#clock.now(), url, host, status: null, bytes: 0, ms: 0, depth, ...facts }
    this.write(detail === undefined ? row : { ...row, detail })
  }

  /** An item's last word, unless it gives a record: those are ended by whoever takes the page. */
  end(item: TakenItem, verdict: Verdict, isCounted = !item.isSitemap): void {
    // a page that will be tried again still needs the redirects that led to it
    if (isCounted) this.#hops.take(item.url)
    this.note(item, verdict)
    this.#book?.done(item.ref, isCounted, this.#clock.now())
  }

  /** The last word about what was not asked for. */
  refuse(item: TakenItem, verdict: Verdict): void {
    this.#hops.take(item.url)
    this.end(item, verdict, false)
  }

  /** Traps are told of, a hundred per host; that a link is known, foreign or out of scope is not worth a line each. */
  noteOffer(link: string, offer: string, depth: number): void {
    if (QUIET.has(offer)) return
    const host = URL.parse(link)?.host ?? ''
    const told = (this.#trapsTold.get(host) ?? 0) + 1
    this.#trapsTold.set(host, told)
    if (told <= MAX_TRAPS_TOLD) this.note({ url: link.slice(0, 2048), host, depth }, { outcome: 'TRAP', detail: offer })
  }

  write(row: JournalRow): void {
    const { outcomes } = this.summary
    this.summary.bytes += row.bytes
    outcomes[row.outcome] = (outcomes[row.outcome] ?? 0) + 1
    if (row.outcome === 'KEPT' || row.outcome === 'UNCHANGED') this.summary.kept++
    this.#onJournal(row)
    this.#logger.debug('crawl.url', { host: row.host, outcome: row.outcome, status: row.status, ms: row.ms })
  }
}
