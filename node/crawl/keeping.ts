/** What becomes of a page that was fetched: it is worked on, held against what was kept already, and handed over or ended. */
import { toError } from '../../core/errors/index.ts'
import { type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { WireError } from '../../schemas/wire/index.ts'
import { type Frontier, SeenSet, type TakenItem } from '../frontier/index.ts'
import type { Discovery } from './discovery.ts'
import { contentNumber, contentsOf, type EarlierVisit, recordOf } from './earlier.ts'
import { asHops, type HopStore } from './hop-store.ts'
import { recordLinks } from './page-links.ts'
import { inlineWorker, type PageJob, type PageResult, type PageWorker } from './page-work.ts'
import { notModified, sameBody, STANDS } from './revisit.ts'
import type { Site } from './site.ts'
import { Slots } from './slots.ts'
import type { CrawlLimits, CrawlOptions, Deliver } from './types.ts'
import type { Verdict, Verdicts } from './verdicts.ts'

/** An answer to a page that may be kept, with what its journal row says of the request. */
export interface Fetched {
  item: TakenItem
  site: Site
  exchange: Exchange
  row: Omit<Verdict, 'outcome'>
}

export type JobRules = Pick<PageJob, 'agentToken' | 'pipeline' | 'qualityWeights' | 'selectors' | 'profile'>

export interface KeepingOptions extends Pick<CrawlOptions, 'dropDuplicates' | 'optedOut' | 'book' | 'worker'> {
  rules: JobRules
  frontier: Frontier
  discovery: Discovery
  verdicts: Verdicts
  hops: HopStore
  limits: Pick<CrawlLimits, 'working' | 'tries'>
  deliver: Deliver
  /** A page that was in work has come to its end. `fault`: not by an outcome. */
  onWorked: (fault?: Error) => void
}

/** Of the pages in work, one host's: those behind a slow one wait for it, and must not keep all places from other hosts. */
const HOST_SHARE = 1 / 4

/** Pages of one host that other threads work on. */
interface Line {
  slots: Slots
  /** Resolves when the page that was handed over last has come to its end. */
  last: Promise<void>
}

export class Keeping {
  readonly #options: KeepingOptions
  readonly #worker: PageWorker
  readonly #slots: Slots
  readonly #contents = new SeenSet()
  readonly #lines = new Map<string, Line>()
  #inWork = 0

  constructor(options: KeepingOptions) {
    this.#options = options
    this.#worker = options.worker ?? inlineWorker
    this.#slots = new Slots(options.limits.working)
    for (const content of options.book?.contents() ?? []) this.#contents.addNumber(content)
  }

  /** Pages that are being worked on or handed over, while their host goes on. */
  get inWork(): number {
    return this.#inWork
  }

  /**
   * Works on a page: in this thread at once, in others while the host goes on. A host's pages come to their ends in the order they were fetched in,
   * whichever thread is done first: of two with the same content the same one is kept each time, and links are met in the same order.
   */
  async keep(fetched: Fetched): Promise<void> {
    const { url, host } = fetched.item
    const chain = this.#options.hops.take(url)
    const work = (): PageResult | Promise<PageResult> => this.#worker.work(this.#jobOf(fetched, chain))
    if (this.#worker.isElsewhere !== true) return this.#worked(fetched, chain, await work())
    const line = this.#lineOf(host)
    await line.slots.enter()
    await this.#slots.enter()
    this.#inWork++
    const before = line.last
    line.last = (async () => {
      let fault: Error | undefined
      try {
        const result = await work()
        await before
        await this.#worked(fetched, chain, result)
      } catch (thrown) {
        fault = toError(thrown)
      }
      this.#inWork--
      line.slots.leave()
      this.#slots.leave()
      this.#options.onWorked(fault)
    })()
  }

  /** Resolves when all pages that a host gave before have come to their ends. */
  async settled(host: string): Promise<void> {
    await this.#lines.get(host)?.last
  }

  /** The earlier body stands. Where what the answer says lets its records stand too, a revisit record proves them; else it ends as any page would. */
  async keepUnchanged(fetched: Fetched, earlier: EarlierVisit): Promise<void> {
    const { item, exchange, row, site } = fetched
    const { discovery, verdicts, dropDuplicates, deliver } = this.#options
    const { url, host, depth, ref } = item
    await this.settled(host)
    const { facts } = earlier
    const chain = this.#options.hops.take(url)
    const job = this.#jobOf(fetched, chain)
    const { id, url: from, at, payloadDigest } = facts.response
    const profile = exchange.status === 304 ? ('server-not-modified' as const) : ('identical-payload-digest' as const)
    const then = earlier.members
    const known = (): string[] => facts.links ?? then.flatMap((member) => recordLinks(recordOf(member)) ?? [])
    const result = exchange.status === 304 ? notModified(job, known()) : await this.#slots.run(() => sameBody(job, this.#worker, then))
    if (result.outcome !== STANDS) return this.#worked(fetched, chain, result)
    try {
      const revisit = { profile, recordId: id, url: from, fetchedAt: at, payloadDigest }
      const evidence = fetchGroup({ ...exchange, body: new Uint8Array() }, { robots: job.fact, via: job.via, revisit })
      discovery.follow(result.links, depth + 1, url)
      const all = contentsOf(facts).map((content, i) => ({ content, member: then[i] as Uint8Array }))
      const fresh = all.filter(({ content }) => this.#contents.addNumber(content))
      const records = dropDuplicates === false ? all : fresh
      if (records.length === 0) return verdicts.end(item, { ...row, outcome: 'DUPLICATE' })
      verdicts.note(item, { ...row, outcome: 'UNCHANGED', detail: profile })
      const hops = asHops(chain)
      await deliver({ ref, url, depth, evidence, hops, robots: site.capture, facts, records, time: exchange.fetchedAt })
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown
      verdicts.end(item, { ...row, outcome: thrown.code, detail: thrown.message })
    }
  }

  #lineOf(host: string): Line {
    let line = this.#lines.get(host)
    if (line === undefined) {
      const slots = new Slots(Math.ceil(this.#options.limits.working * HOST_SHARE))
      this.#lines.set(host, (line = { slots, last: Promise.resolve() }))
    }
    return line
  }

  #jobOf({ item: { url, via, linksOnly }, site, exchange }: Fetched, chain: Exchange[]): PageJob {
    return {
      ...this.#options.rules,
      exchange,
      via: chain.at(-1)?.url ?? via,
      rules: site.capture.rules,
      fact: site.fact(url),
      linksOnly,
    }
  }

  async #worked({ item, site, exchange, row }: Fetched, chain: Exchange[], result: PageResult): Promise<void> {
    const { frontier, discovery, verdicts, hops: redirects, limits, optedOut, dropDuplicates, deliver } = this.#options
    const { ref, url, depth } = item
    // not the page's fault, nor the host's
    if (result.outcome === 'WORKER_LOST' && item.attempts + 1 < limits.tries && !frontier.isGone(item.host)) {
      if (chain.length > 0) redirects.store(url, chain)
      verdicts.end(item, { ...row, outcome: result.outcome }, false)
      return frontier.retry(item)
    }
    discovery.follow(result.links, depth + 1, url)
    if (result.measured === undefined) return verdicts.end(item, { ...row, outcome: result.outcome, detail: result.detail })
    const gone = optedOut?.(url, 'page')
    if (gone !== undefined) return verdicts.end(item, { ...row, outcome: 'OPTED_OUT', detail: gone })
    const { training, evidence, links } = result
    const records = [result.measured, ...result.more]
    const fresh = records.filter(({ contentDigest }) => this.#contents.addNumber(contentNumber(contentDigest)))
    const [measured, ...more] = dropDuplicates === false ? records : fresh
    if (measured === undefined) return verdicts.end(item, { ...row, outcome: 'DUPLICATE' })
    verdicts.note(item, { ...row, outcome: 'KEPT' })
    const isPartial = 1 + more.length < records.length
    const hops = asHops(chain)
    await deliver({ ref, url, depth, exchange, measured, more, isPartial, links, training, evidence, hops, robots: site.capture })
  }
}
