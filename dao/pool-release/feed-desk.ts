/** The signed list of a log's withdrawals, kept up with the log: what trainers are told by, and what "quern pool check" asks for. */
import type { Clock } from '../../core/effects/index.ts'
import { verifyEntry } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { LedgerState } from '../ledger/index.ts'
import type { LogReader } from '../log/index.ts'
import { signFeed } from './notices.ts'

export interface FeedDeskOptions {
  state: () => LedgerState
  reader: LogReader
  operator: Signer
  clock: Clock
}

/** A feed is dated anew after this long, or when somebody withdrew. Seconds. */
const FRESH_SECONDS = 60

export class FeedDesk {
  readonly #options: FeedDeskOptions
  readonly #withdrawals: Uint8Array[] = []
  #last: { count: number; at: number; bytes: Uint8Array } | undefined
  #reading: Promise<void> = Promise.resolve()

  constructor(options: FeedDeskOptions) {
    this.#options = options
  }

  /** Signed bytes of all withdrawals, in the order of the log. */
  async withdrawals(): Promise<readonly Uint8Array[]> {
    // one after the other, so that the list stays in the order of the log
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read())
    await this.#reading
    return this.#withdrawals
  }

  /** Signed bytes of a withdrawalFeed that is at most a minute old. Throws WireError BAD_SHAPE for more withdrawals than a feed holds. */
  async feed(): Promise<Uint8Array> {
    await this.withdrawals()
    const { state, reader, operator, clock } = this.#options
    const at = Math.floor(clock.now() / 1000)
    const count = this.#withdrawals.length
    if (this.#last?.count !== count || at - this.#last.at >= FRESH_SECONDS) {
      const draft = { dao: state().id, size: reader.size, withdrawals: this.#withdrawals, at }
      this.#last = { count, at, bytes: signFeed(draft, operator) }
    }
    return this.#last.bytes
  }

  /** The fold says which entries count, and runs ahead of the log's files; what is not there yet comes with the next reading. */
  async #read(): Promise<void> {
    const { state, reader } = this.#options
    for (const { index } of state().withdrawals.slice(this.#withdrawals.length)) {
      if (index >= reader.size) return
      const read = verifyEntry(await reader.entry(index), state().id)
      if (read.ok && read.entry.t === 'consent.withdrawn') this.#withdrawals.push(read.entry.p.withdrawal)
    }
  }
}
