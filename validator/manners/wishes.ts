/** What hosts wish for, of all that one validator asks them: a pause between two requests, by their robots.txt, and to be left alone, by a 429 or 503. */
import { maxCrawlDelayMs } from '../../core/web/index.ts'

/** Hosts remembered; those that wish for nothing are not. */
const MAX_HOSTS = 100_000

export class HostWishes {
  readonly #wishes = new Map<string, number>()

  readonly #busy = new Set<string>()

  /** The longest pause that it said to anybody, in milliseconds and never more than anybody waits; 0 where nothing is known. */
  of(host: string): number {
    return this.#wishes.get(host) ?? 0
  }

  learn(host: string, wishMs: number): void {
    const wish = Math.max(Math.min(wishMs, maxCrawlDelayMs), this.of(host))
    if (wish > 0 && (this.#wishes.has(host) || this.#wishes.size < MAX_HOSTS)) this.#wishes.set(host, wish)
  }

  /** Whether its last answer was a 429 or 503: who waits for it waits by its wish, not by ours. */
  isBusy(host: string): boolean {
    return this.#busy.has(host)
  }

  answered(host: string, isBusy: boolean): void {
    if (!isBusy) this.#busy.delete(host)
    else if (this.#busy.size < MAX_HOSTS) this.#busy.add(host)
  }
}
