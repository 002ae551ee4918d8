/**
 * Asks the DAO for the receipts of published batches. Beside the steps: a DAO that answers slowly delays no commitment. Not at every step either: the
 * log grows several times in the second in which everybody reveals, and the DAO has the batches of everybody to pull first.
 */
import { verifyObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { askAgain, receiptProtocol } from '../../core/mesh/index.ts'
import { batchReceipt } from '../../schemas/wire/index.ts'
import { mayCount } from './advance-batch.ts'
import type { BatchNote } from './batch-book.ts'
import type { Bench } from './options.ts'

export class Receipts implements AsyncDisposable {
  readonly #bench: Bench
  /** The round under way; never rejects. */
  #round: Promise<void> | undefined
  /** Batches of the last round, and when it began. */
  #asked: { batches: readonly BatchNote[]; at: number } = { batches: [], at: 0 }

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** Asks for whatever is lacking, unless that is being done. Call it after every advance. */
  tend(): void {
    const { book, state, options } = this.#bench
    const { clock, pollMs = 2000 } = options
    const lacking = book.all.filter((batch) => batch.published && batch.receipt === null && mayCount(state(), batch))
    if (lacking.length === 0 || this.#round !== undefined) return
    // a new batch is asked for at once; a clock that was set back lets nobody wait longer than this
    const sinceMs = clock.now() - this.#asked.at
    if (sinceMs >= 0 && sinceMs < pollMs && lacking.every((batch) => this.#asked.batches.includes(batch))) return
    this.#asked = { batches: lacking, at: clock.now() }
    this.#round = this.#ask(lacking).finally(() => {
      this.#round = undefined
    })
  }

  /** Waits for the round under way; the role's signal must have ended it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#round
  }

  async #ask(batches: readonly BatchNote[]): Promise<void> {
    const { options, signal } = this.#bench
    for (const batch of batches) {
      if (signal.aborted) return
      try {
        await this.#askOne(batch)
      } catch (error) {
        if (!signal.aborted) options.logger.debug('receipt-waits', { sequence: batch.manifest.sequence, code: codeOf(error) })
      }
    }
  }

  async #askOne(batch: BatchNote): Promise<void> {
    const { options, link, signal, state, book, say } = this.#bench
    const reply = await askAgain(options.mesh, link.peer, receiptProtocol, { manifest: batch.manifestCid }, { signal })
    if (reply.status !== 'receipt') return
    const verdict = verifyObject(batchReceipt, reply.receipt, 'batch-receipt', 'by')
    if (!verdict.ok || verdict.value.by !== state().operator || !verdict.value.manifest.equals(batch.manifestCid)) return
    await book.update(batch, { receipt: reply.receipt })
    say('receipt', batch.epoch, batch.manifest.count)
  }
}
