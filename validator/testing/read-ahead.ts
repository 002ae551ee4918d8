/**
 * Leaves of the rows that come next, asked for together: a round trip for some dozen rows instead of one for each. What does not come this way
 * is asked for when its row's turn comes, so nothing is decided here.
 */
import { codeOf } from '../../core/errors/index.ts'
import type { Logger } from '../../core/effects/index.ts'
import type { AskBlocks, Wanted } from '../../dao/batches/index.ts'
import { matchesCid } from '../../schemas/wire/index.ts'

/** A question takes 256 CIDs. */
const MOST_ASKED = 256
/** So much may lie here at once per contributor under test; a large row is asked for by itself. */
const MOST_BYTES = 1 << 20

export class ReadAhead {
  readonly #ask: AskBlocks
  readonly #logger: Logger
  readonly #signal: AbortSignal
  #leaves = new Map<string, Uint8Array>()
  #until = 0

  constructor({ ask, logger, signal }: { ask: AskBlocks; logger: Logger; signal: AbortSignal }) {
    this.#ask = ask
    this.#logger = logger
    this.#signal = signal
  }

  /** Row `at` is next, and `leavesOf` says what the rows from there on consist of, until there are no more. Throws the signal's reason only. */
  async reach(at: number, leavesOf: (row: number) => Wanted[] | undefined): Promise<void> {
    if (at < this.#until) return
    this.#leaves = new Map()
    const wanted = this.#portion(at, leavesOf)
    if (this.#until - at < 2) return
    const blocks = await this.#ask(
      wanted.map(({ cid }) => cid),
      this.#signal,
      wanted.reduce((sum, { most }) => sum + most, 0),
    ).catch((error: unknown) => {
      this.#signal.throwIfAborted()
      this.#logger.debug('nothing-read-ahead', { code: codeOf(error) })
      return []
    })
    for (const [i, { cid, most }] of wanted.entries()) {
      const bytes = blocks[i]
      if (bytes && bytes.byteLength <= most && matchesCid(cid, bytes)) this.#leaves.set(cid.toString(), bytes)
    }
  }

  /** The first row that was not reached yet. */
  get until(): number {
    return this.#until
  }

  /** A leaf that came already, checked against its CID. */
  leaf(cid: Wanted['cid']): Uint8Array | null {
    return this.#leaves.get(cid.toString()) ?? null
  }

  /** Leaves of as many whole rows as fit, each leaf once. */
  #portion(at: number, leavesOf: (row: number) => Wanted[] | undefined): Wanted[] {
    const portion = new Map<string, Wanted>()
    let bytes = 0
    for (this.#until = at; ; this.#until++) {
      const fresh = leavesOf(this.#until)?.filter(({ cid }) => !portion.has(cid.toString()))
      if (fresh === undefined) break
      bytes += fresh.reduce((sum, { most }) => sum + most, 0)
      if (bytes > MOST_BYTES || portion.size + fresh.length > MOST_ASKED) break
      for (const one of fresh) portion.set(one.cid.toString(), one)
    }
    // the row that did not fit has to be read too, alone
    if (this.#until === at) this.#until++
    return [...portion.values()].toSorted((a, b) => (a.cid.toString() < b.cid.toString() ? -1 : 1))
  }
}
