/** Answers that many sites name: one licence document may stand for thousands of them, and whoever keeps it is asked once for all. */
import type { Clock } from '../effects/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'

/** Half of the day that rules may be used, so that a site's rules are good for the other half at least. */
const GOOD_MS = 12 * 3600 * 1000
/** Each holds a body. */
const MAX_KEPT = 64

export class SharedAnswers {
  readonly #clock: Clock
  readonly #kept = new Map<string, Promise<Exchange | undefined>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The answer that is known, or under way, or else what `ask` gives. A failure is kept for nobody. Throws what `ask` throws. */
  async get(url: string, ask: () => Promise<Exchange>): Promise<Exchange> {
    for (let kept = this.#kept.get(url); kept !== undefined; kept = this.#kept.get(url)) {
      const known = await kept
      if (known !== undefined && this.#clock.now() - known.fetchedAt < GOOD_MS) return known
      if (this.#kept.get(url) === kept) this.#kept.delete(url)
    }
    const asked = ask()
    const kept = asked.then(
      (exchange) => (exchange.status < 400 ? exchange : undefined),
      () => undefined,
    )
    this.#kept.set(url, kept)
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value as string)
    return asked
  }
}
