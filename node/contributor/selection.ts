/** Which of the pages that a crawl kept make the epoch's batch, and what is left for later epochs. */
import { canonical, trapLimits } from '../frontier/index.ts'
import type { CharterScope } from './charter-scope.ts'
import { type GatherJob, MAX_KEPT_FRONTIER, withinFrontier } from './gather.ts'

/** Of what is kept: pages that are not reached for many epochs must leave room for those that are found. */
const EARLIER_SHARE = 0.5

/**
 * Takes pages whole: one whose records do not all fit goes back to the frontier and is fetched again in a later epoch, so that none of its
 * records is lost, none is sealed twice, and none is sealed when it is stale.
 */
export class Selection {
  readonly urls: string[] = []
  readonly #limit: number
  readonly #known: (url: string) => boolean
  readonly #scope: CharterScope
  readonly #earlier: readonly string[]
  readonly #ended = new Set<string>()
  readonly #left = new Set<string>()
  readonly #links = new Set<string>()
  /** Links that lead out of the scope, into which a start page may yet redirect. */
  readonly #outside = new Set<string>()
  #records = 0

  constructor({ limit, known, frontier }: Pick<GatherJob, 'limit' | 'known' | 'frontier'>, scope: CharterScope) {
    this.#limit = limit
    this.#known = known
    this.#scope = scope
    this.#earlier = frontier.flatMap((link) => {
      const url = speltRight(link)
      return url !== undefined && scope.has(url) ? url.href : []
    })
  }

  /** What earlier epochs left, as far as the charter's scope holds it. */
  get earlier(): readonly string[] {
    return this.#earlier
  }

  /** Nothing more needs to be asked for. */
  get isFull(): boolean {
    return this.#records >= this.#limit || this.#left.size > 0
  }

  /** Whether a page of so many records belongs to the batch. The first one does however many it has: it would not fit next time either. */
  take(url: string, records: number, links: readonly string[]): boolean {
    const fits = this.#records + records <= this.#limit || (this.urls.length === 0 && this.#limit > 0)
    if (fits) {
      this.urls.push(url)
      this.#records += records
      for (const link of links) {
        // pages of a site lead to the same places
        if (this.#links.has(link) || this.#outside.has(link)) continue
        const target = speltRight(link)
        if (target === undefined) continue
        const found = this.#scope.has(target) ? this.#links : this.#outside
        if (found.size < MAX_KEPT_FRONTIER) found.add(target.href)
      }
    } else this.#left.add(url)
    return fits
  }

  /** It was asked for, or refused, and gives no record: nothing is left to come back for. */
  end(url: string): void {
    this.#ended.add(url)
  }

  /**
   * Pages that were left; then what earlier epochs left and this one did not get to, leased or not; then what the pages taken lead to. Without
   * those that this batch or an earlier one holds.
   */
  frontier(): string[] {
    const taken = new Set(this.urls)
    const isOpen = (url: string): boolean => !taken.has(url) && !this.#known(url)
    const earlier = this.#earlier.filter((url) => isOpen(url) && !this.#ended.has(url))
    const outside = [...this.#outside].filter((url) => this.#scope.has(new URL(url)))
    return [...new Set([...this.#left, ...withinFrontier(earlier, EARLIER_SHARE), ...this.#links, ...outside])].filter(isOpen)
  }
}

/** The one spelling of a URL that a later epoch may ask for; undefined where it is none. */
function speltRight(link: string): URL | undefined {
  const url = canonical(link)
  return url !== undefined && url.href.length <= trapLimits.urlLength ? url : undefined
}
