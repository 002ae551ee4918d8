/** What hosts wish for between two requests, by their robots.txt: the longest that it said to anybody, in milliseconds and never more than anybody waits. */
import { maxCrawlDelayMs } from '../../core/web/index.ts'

/** Hosts remembered; those that wish for nothing are not. */
const MAX_HOSTS = 100_000

export class HostWishes {
  readonly #wishes = new Map<string, number>()

  /** 0 where nothing is known. */
  of(host: string): number {
    return this.#wishes.get(host) ?? 0
  }

  learn(host: string, wishMs: number): void {
    const wish = Math.max(Math.min(wishMs, maxCrawlDelayMs), this.of(host))
    if (wish > 0 && (this.#wishes.has(host) || this.#wishes.size < MAX_HOSTS)) this.#wishes.set(host, wish)
  }
}
