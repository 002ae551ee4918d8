/** What to fetch next: URLs by host, each met once, nearest to the seeds first. No clock and no network: who asks decides when. */
import { canonical } from './canonical-url.ts'
import { HostQueue } from './host-queue.ts'
import { type Scope, scopeOf } from './scope.ts'
import { SeenSet } from './seen-set.ts'
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
}

export type Offer = 'queued' | 'known' | 'not-a-page' | 'out-of-scope' | 'too-deep' | 'not-mine' | 'full' | Trap

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

/** What a store must keep to resume: replaying the events in order gives the same frontier. */
export type FrontierEvent = { type: 'add'; item: FrontierItem } | { type: 'take'; url: string }

export interface FrontierOptions {
  seeds: readonly string[]
  scope?: Scope
  limits?: Partial<FrontierLimits>
  traps?: Partial<TrapLimits>
  /** The lease filter: URLs that answer false are another contributor's. */
  mine?: ((url: string) => boolean) | undefined
  /** Told of every change, in order. */
  onEvent?: (event: FrontierEvent) => void
}

export interface OfferFacts {
  depth: number
  via: string | null
  redirects?: number
  widens?: boolean
}

export class Frontier {
  readonly #limits: FrontierLimits
  readonly #inScope: (url: URL) => boolean
  readonly #mine: (url: string) => boolean
  readonly #onEvent: (event: FrontierEvent) => void
  readonly #traps: TrapGuard
  readonly #seen = new SeenSet()
  readonly #hosts = new Map<string, HostQueue>()
  readonly #alsoHosts = new Set<string>()
  #queued = 0
  #taken = 0

  /** Seeds that are no page addresses are left out; ask `size` whether any was taken. */
  constructor({ seeds, scope = 'host', limits, traps, mine, onEvent }: FrontierOptions) {
    this.#limits = { ...frontierLimits, ...limits }
    this.#inScope = scopeOf(scope, seeds)
    this.#mine = mine ?? (() => true)
    this.#onEvent = onEvent ?? (() => {})
    this.#traps = new TrapGuard(traps)
    for (const seed of seeds) this.offer(seed, { depth: 0, via: null })
  }

  /**
   * Takes a link; relative ones against `via`. Every answer but `queued` means that it will not be fetched through this offer.
   * `widens`: where a seed redirects, its target's host joins the scope.
   */
  offer(link: string, { depth, via, redirects = 0, widens = false }: OfferFacts): Offer {
    if (depth > this.#limits.depth) return 'too-deep'
    const url = canonical(link, via ?? undefined)
    if (url === undefined) return 'not-a-page'
    const key = url.href
    if (this.#seen.has(key)) return 'known'
    if (!this.#inScope(url) && !this.#alsoHosts.has(url.host)) {
      if (!widens) return 'out-of-scope'
      this.#alsoHosts.add(url.host)
    }
    const isMine = this.#mine(key)
    if (!isMine && depth > 0) return 'not-mine'
    const host = this.#hosts.get(url.host)
    if (this.#queued >= this.#limits.queued || (host?.size ?? 0) >= this.#limits.queuedPerHost || this.#seen.size >= this.#limits.seen)
      return 'full'
    const trap = this.#traps.check(url)
    this.#seen.add(key)
    if (trap !== undefined) return trap
    const item = { url: key, host: url.host, depth, via, redirects, linksOnly: !isMine, attempts: 0 }
    this.#push(item)
    this.#onEvent({ type: 'add', item })
    return 'queued'
  }

  /** The host's next URL: redirect targets and retries first, then by depth, then in the order of arrival. Undefined when empty or over budget. */
  next(hostName: string): FrontierItem | undefined {
    const host = this.#hosts.get(hostName)
    if (host === undefined || this.#taken >= this.#limits.pages || host.taken >= this.#limits.pagesPerHost) return undefined
    const item = host.shift()
    if (item === undefined) return undefined
    this.#queued--
    this.#taken++
    host.taken++
    this.#onEvent({ type: 'take', url: item.url })
    return item
  }

  /** Puts a failed item back in front; it counts against the budget only once. */
  retry(item: FrontierItem): void {
    const again = { ...item, attempts: item.attempts + 1 }
    this.giveBack(item.host)
    this.#push(again)
    this.#onEvent({ type: 'add', item: again })
  }

  /** An item that cost no page fetch (refused by rules) does not count against the budgets. */
  giveBack(hostName: string): void {
    const host = this.#hosts.get(hostName)
    this.#taken--
    if (host !== undefined) host.taken--
  }

  /** Drops whatever waits for a host; gives how many that were. */
  drop(hostName: string): number {
    const dropped = this.#hosts.get(hostName)?.clear() ?? 0
    this.#queued -= dropped
    return dropped
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

  /** A frontier in the state that these events left; items taken but never finished are not repeated. */
  static replay(options: FrontierOptions, events: Iterable<FrontierEvent>): Frontier {
    const frontier = new Frontier({ ...options, onEvent: () => {} })
    frontier.#hosts.clear()
    frontier.#queued = 0
    const pending = new Map<string, FrontierItem>()
    for (const event of events) {
      if (event.type === 'add') {
        frontier.#seen.add(event.item.url)
        pending.delete(event.item.url)
        pending.set(event.item.url, event.item)
      } else pending.delete(event.url)
    }
    for (const item of pending.values()) frontier.#push(item)
    return frontier
  }

  #push(item: FrontierItem): void {
    let host = this.#hosts.get(item.host)
    if (host === undefined) this.#hosts.set(item.host, (host = new HostQueue()))
    host.push(item)
    this.#queued++
  }
}
