/** Which of the pages that a crawl kept make the epoch's batch, and what is left for later epochs. */
import { type GatherJob, MAX_KEPT_FRONTIER } from './gather.ts'

/**
 * Takes pages whole: one whose records do not all fit goes back to the frontier and is fetched again in a later epoch, so that none of its
 * records is lost, none is sealed twice, and none is sealed when it is stale.
 */
export class Selection {
  readonly urls: string[] = []
  readonly #limit: number
  readonly #known: (url: string) => boolean
  readonly #left = new Set<string>()
  readonly #links = new Set<string>()
  #records = 0

  constructor({ limit, known }: Pick<GatherJob, 'limit' | 'known'>) {
    this.#limit = limit
    this.#known = known
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
      if (this.#links.size < MAX_KEPT_FRONTIER) for (const link of links) this.#links.add(link.replace(/#.*$/, ''))
    } else this.#left.add(url)
    return fits
  }

  /** Pages that were left, then what the pages taken lead to: those that neither this batch holds nor an earlier one. */
  frontier(): string[] {
    const taken = new Set(this.urls)
    return [...new Set([...this.#left, ...this.#links])].filter((url) => !taken.has(url) && !this.#known(url))
  }
}
