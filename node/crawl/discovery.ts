/** Where a crawl may go next: links, redirects and sitemaps, offered to the frontier. */
import type { Exchange } from '../../schemas/evidence/index.ts'
import { WireError } from '../../schemas/wire/index.ts'
import { canonicalUrl, type Frontier, type FrontierItem } from '../frontier/index.ts'
import type { HopStore } from './hop-store.ts'
import { readSitemap, type Sitemap } from './sitemap.ts'
import type { CrawlLimits } from './types.ts'
import type { Verdict, Verdicts } from './verdicts.ts'

/** An index names sitemaps, and those name pages: nothing nests deeper. */
const MAX_SITEMAP_DEPTH = 1

export interface DiscoveryOptions {
  frontier: Frontier
  verdicts: Verdicts
  hops: HopStore
  limits: Pick<CrawlLimits, 'redirects' | 'sitemapsPerHost'>
  /** The frontier may have work for hosts that had none. */
  onFound: () => void
}

export class Discovery {
  readonly #frontier: Frontier
  readonly #verdicts: Verdicts
  readonly #hops: HopStore
  readonly #limits: DiscoveryOptions['limits']
  readonly #onFound: () => void
  readonly #sitemapsOf = new Map<string, number>()

  constructor({ frontier, verdicts, hops, limits, onFound }: DiscoveryOptions) {
    this.#frontier = frontier
    this.#verdicts = verdicts
    this.#hops = hops
    this.#limits = limits
    this.#onFound = onFound
  }

  follow(links: readonly string[], depth: number, via: string): void {
    for (const link of links) {
      const offer = this.#frontier.offer(link, { depth, via })
      if (offer !== 'queued') this.#verdicts.noteOffer(link, offer, depth)
    }
    this.#onFound()
  }

  redirected(item: FrontierItem, exchange: Exchange, target: string): Verdict {
    const { url, depth, redirects, isSitemap } = item
    const chain = [...this.#hops.take(url), exchange]
    const detail = `to ${target}`
    if (chain.some((hop) => hop.url === target)) return { outcome: 'REDIRECT_LOOP', detail }
    if (redirects >= this.#limits.redirects) return { outcome: 'TOO_MANY_REDIRECTS', detail }
    if (isSitemap && URL.parse(target)?.host !== item.host) return { outcome: 'REDIRECT', detail: `${detail} (out-of-scope)` }
    const offer = this.#frontier.offer(target, { depth, via: url, redirects: redirects + 1, widens: depth === 0 && !isSitemap, isSitemap })
    this.#verdicts.noteOffer(target, offer, depth)
    if (offer !== 'queued') return { outcome: 'REDIRECT', detail: `${detail} (${offer})` }
    if (!isSitemap) this.#hops.store(canonicalUrl(target) ?? target, chain)
    this.#onFound()
    return { outcome: 'REDIRECT', detail }
  }

  /** Those that a host's robots.txt names. */
  sitemaps(urls: readonly string[], origin: string): void {
    const { host } = new URL(origin)
    for (const url of urls) this.#offerSitemap(url, host, 0, `${origin}/robots.txt`)
  }

  async sitemap({ url, host, depth }: FrontierItem, exchange: Exchange): Promise<Verdict> {
    let list: Sitemap
    try {
      list = await readSitemap(exchange)
    } catch (thrown) {
      if (!(thrown instanceof WireError)) throw thrown
      return { outcome: thrown.code, detail: thrown.message }
    }
    const { urls, isIndex, isCut } = list
    let queued = 0
    for (const link of urls) {
      // a list speaks for its own host only
      if (URL.parse(link)?.host !== host) continue
      if (!isIndex) {
        const offer = this.#frontier.offer(link, { depth: 1, via: url })
        this.#verdicts.noteOffer(link, offer, 1)
        if (offer === 'queued') queued++
      } else if (depth < MAX_SITEMAP_DEPTH && this.#offerSitemap(link, host, depth + 1, url)) queued++
    }
    this.#onFound()
    return { outcome: 'SITEMAP', detail: `${urls.length} addresses, ${queued} new${isCut ? ', cut' : ''}` }
  }

  /** Only those of the host itself, and only so many. */
  #offerSitemap(link: string, host: string, depth: number, via: string): boolean {
    const count = this.#sitemapsOf.get(host) ?? 0
    if (URL.parse(link)?.host !== host || count >= this.#limits.sitemapsPerHost) return false
    if (this.#frontier.offer(link, { depth, via, isSitemap: true }) !== 'queued') return false
    this.#sitemapsOf.set(host, count + 1)
    return true
  }
}
