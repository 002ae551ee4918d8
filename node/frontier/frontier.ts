/** What to fetch next: URLs by host, each met once, nearest to the seeds first. No clock and no network: who asks decides when. */
import { canonical } from './canonical-url.ts'
import { HostQueue } from './host-queue.ts'
import { type ItemBook, MemoryItems, type RememberedItem } from './item-book.ts'
import { type Scope, scopeOf } from './scope.ts'
import { fingerprint, SeenSet } from './seen-set.ts'
import { type Trap, TrapGuard, type TrapLimits } from './trap-guard.ts'

export interface FrontierItem {
  /** Canonical. */
  url: string
  /** Host with port, lower case. */
  host: string
  /** Links from a seed. */
  depth: number
  /** URL that named this one; null for seeds. */
  via: string | null
  /** Redirects followed to get here. */
  redirects: number
  /** Fetched for its links only: a seed that is another contributor's to keep. */
  linksOnly: boolean
  /** Earlier tries that failed. */
  attempts: number
  /** A list of addresses by the sitemap protocol, not a page; `depth` is then that of the pages it names, less one. */
  isSitemap: boolean
}

/** An item handed out, with its number in the book. */
export interface TakenItem extends FrontierItem {
  ref: number
}

export type Offer = 'queued' | 'known' | 'not-a-page' | 'out-of-scope' | 'too-deep' | 'gone' | 'not-mine' | 'full' | Trap

export interface FrontierLimits {
  /** Pages handed out, over all hosts and per host. */
  pages: number
  pagesPerHost: number
  depth: number
  /** URLs waiting, over all hosts and per host. */
  queued: number
  queuedPerHost: number
  /** Different URLs remembered. */
  seen: number
}

export const frontierLimits: FrontierLimits = {
  pages: Number.MAX_SAFE_INTEGER,
  pagesPerHost: Number.MAX_SAFE_INTEGER,
  depth: 16,
  queued: 200_000,
  queuedPerHost: 20_000,
  seen: 5_000_000,
}

/** Links out of scope that are remembered; the pages of a site repeat a few. */
const MOST_OUTSIDE = 50_000

export interface FrontierOptions {
  seeds: readonly string[]
  /** The start pages that make the scope, and whose redirects may widen it; `seeds` when absent. */
  scopeSeeds?: readonly string[] | undefined
  /** Hosts (with port) that belong to it besides: where those led in an earlier crawl. */
  scopeHosts?: readonly string[] | undefined
  /** Told of every host that a start page's redirect brought in, now or before this process. */
  onWidened?: ((host: string, seed: string) => void) | undefined
  scope?: Scope
  limits?: Partial<FrontierLimits>
  traps?: Partial<TrapLimits>
  /** The lease filter: URLs that answer false are another contributor's. */
  mine?: ((url: string) => boolean) | undefined
  /** Where waiting items lie; in memory when absent. */
  book?: ItemBook | undefined
  /** What the book holds from an earlier process, in the order it was added. */
  remembered?: Iterable<RememberedItem> | undefined
  /** Told of every host that got something to fetch. */
  onQueued?: (host: string) => void
}

export interface OfferFacts {
  depth: number
  via: string | null
  redirects?: number
  widens?: boolean
  isSitemap?: boolean
}

export class Frontier {
  readonly #limits: FrontierLimits
  readonly #inScope: (url: URL) => boolean
  readonly #mine: (url: string) => boolean
  readonly #book: ItemBook
  readonly #onQueued: (host: string) => void
  readonly #traps: TrapGuard
  readonly #seen = new SeenSet()
  /** Canonical URLs out of scope, as long as the scope stays what it is. */
  #outside = new SeenSet()
  readonly #hosts = new Map<string, HostQueue>()
  readonly #alsoHosts: Set<string>
  readonly #onWidened: (host: string, seed: string) => void
  /** The start page behind a URL: of itself, and of where its redirects led. */
  readonly #seedOf = new Map<string, string>()
  #queued = 0
  #taken = 0

  /** Seeds that are no page addresses are left out; ask `size` whether any was taken. */
  constructor(options: FrontierOptions) {
    const { seeds, scopeSeeds = seeds, scopeHosts = [], scope = 'host', limits, traps, mine, book, remembered = [], onQueued } = options
    this.#limits = { ...frontierLimits, ...limits }
    this.#inScope = scopeOf(scope, scopeSeeds)
    this.#alsoHosts = new Set(scopeHosts)
    this.#onWidened = options.onWidened ?? (() => {})
    for (const seed of scopeSeeds) this.#seedOf.set(canonical(seed)?.href ?? seed, seed)
    this.#mine = mine ?? (() => true)
    this.#book = book ?? new MemoryItems()
    this.#onQueued = onQueued ?? (() => {})
    this.#traps = new TrapGuard(traps)
    for (const one of remembered) this.#restore(one)
    for (const seed of seeds) this.offer(seed, { depth: 0, via: null })
  }

  /**
   * Takes a link; relative ones against `via`. Every answer but `queued` means that it will not be fetched through this offer.
   * `widens`: where a start page redirects, its target's host joins the scope.
   */
  offer(link: string, { depth, via, redirects = 0, widens = false, isSitemap = false }: OfferFacts): Offer {
    if (depth > this.#limits.depth) return 'too-deep'
    // most links of a site are known, or known to lead elsewhere, and spelt as we spell them
    const print = fingerprint(link)
    if (this.#seen.hasNumber(print)) return 'known'
    if (!widens && this.#outside.hasNumber(print)) return 'out-of-scope'
    const url = canonical(link, via ?? undefined)
    if (url === undefined) return 'not-a-page'
    const key = url.href
    if (this.#seen.has(key)) return 'known'
    const seed = widens ? this.#seedOf.get(via ?? '') : undefined
    if (seed !== undefined) this.#widen(url, seed)
    else if (!this.#inScope(url) && !this.#alsoHosts.has(url.host)) {
      if (this.#outside.size >= MOST_OUTSIDE) this.#outside = new SeenSet()
      this.#outside.add(key)
      return 'out-of-scope'
    }
    const host = this.#hosts.get(url.host)
    if (host?.isGone === true) return 'gone'
    const isMine = this.#mine(key)
    if (!isMine && depth > 0 && !isSitemap) return 'not-mine'
    if (this.#queued >= this.#limits.queued || (host?.size ?? 0) >= this.#limits.queuedPerHost || this.#seen.size >= this.#limits.seen)
      return 'full'
    const trap = this.#traps.check(url)
    this.#seen.add(key)
    if (trap !== undefined) return trap
    this.#push({ url: key, host: url.host, depth, via, redirects, linksOnly: !isMine, attempts: 0, isSitemap })
    return 'queued'
  }

  /** The host's next URL: redirect targets and retries first, then by depth, then in the order of arrival. Undefined when empty or over budget. */
  next(hostName: string): TakenItem | undefined {
    const host = this.#hosts.get(hostName)
    if (host === undefined || this.#taken >= this.#limits.pages || host.taken >= this.#limits.pagesPerHost) return undefined
    const ref = host.shift()
    if (ref === undefined) return undefined
    this.#queued--
    this.#taken++
    host.taken++
    return { ...this.#book.take(ref), ref }
  }

  /** Puts a failed item back in front; it counts against the budget only once. */
  retry(item: TakenItem): void {
    if (!item.isSitemap) this.giveBack(item.host)
    this.#push({ ...item, attempts: item.attempts + 1 })
  }

  /** An item that cost no page fetch (refused by rules) does not count against the budgets. */
  giveBack(hostName: string): void {
    const host = this.#hosts.get(hostName)
    this.#taken--
    if (host !== undefined) host.taken--
  }

  /** Drops whatever waits for a host, and takes nothing for it any more; gives how many waited. */
  drop(hostName: string): number {
    const dropped = this.#hostOf(hostName).giveUp()
    this.#queued -= dropped
    return dropped
  }

  /** Whether a host was dropped, now or before this process. */
  isGone(hostName: string): boolean {
    return this.#hosts.get(hostName)?.isGone === true
  }

  /** Hosts with something to fetch, in the order they were first met. */
  waiting(): string[] {
    if (this.#taken >= this.#limits.pages) return []
    return [...this.#hosts].filter(([, host]) => host.size > 0 && host.taken < this.#limits.pagesPerHost).map(([name]) => name)
  }

  hasNext(hostName: string): boolean {
    const host = this.#hosts.get(hostName)
    return host !== undefined && host.size > 0 && this.#taken < this.#limits.pages && host.taken < this.#limits.pagesPerHost
  }

  /** URLs waiting, met, and handed out. */
  get size(): { queued: number; seen: number; taken: number } {
    return { queued: this.#queued, seen: this.#seen.size, taken: this.#taken }
  }

  /** In the order of the book, so that budgets and trap counters end as they were. */
  #restore({ ref, item, isWaiting, isCounted, isDropped }: RememberedItem): void {
    if (this.#seen.add(item.url)) {
      const url = new URL(item.url)
      this.#traps.check(url)
      const seed = item.depth === 0 && item.redirects > 0 ? this.#seedOf.get(item.via ?? '') : undefined
      if (seed !== undefined) this.#widen(url, seed)
    }
    const host = this.#hostOf(item.host)
    if (isDropped) host.isGone = true
    if (isWaiting) this.#line(host, item, ref)
    else if (isCounted) {
      host.taken++
      this.#taken++
    }
  }

  #widen(url: URL, seed: string): void {
    this.#seedOf.set(url.href, seed)
    if (this.#inScope(url)) return
    this.#alsoHosts.add(url.host)
    this.#outside = new SeenSet()
    this.#onWidened(url.host, seed)
  }

  #push(item: FrontierItem): void {
    this.#line(this.#hostOf(item.host), item, this.#book.add(item))
    this.#onQueued(item.host)
  }

  /** Redirect targets and retries go first, then sitemaps, then pages by depth. */
  #line(host: HostQueue, { redirects, attempts, isSitemap, depth }: FrontierItem, ref: number): void {
    host.push(redirects > 0 || attempts > 0 ? -2 : isSitemap ? -1 : depth, ref)
    this.#queued++
  }

  #hostOf(name: string): HostQueue {
    let host = this.#hosts.get(name)
    if (host === undefined) this.#hosts.set(name, (host = new HostQueue()))
    return host
  }
}
