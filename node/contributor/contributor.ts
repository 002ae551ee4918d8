/**
 * The contributor role. It follows the log and does, after every step, whatever its state calls for: join, gather, commit, reveal, publish,
 * ask for receipts. Each deed is remembered before it leaves, so a restart at any point repeats nothing and loses nothing.
 */
import { codeOf } from '../../core/errors/index.ts'
import { batchTopic } from '../../core/mesh/index.ts'
import { type Follower, joinLedger, serveBlocks, stopWith } from '../../dao/follower/index.ts'
import { isOfTheDao, type LedgerState, seatedValidators } from '../../dao/ledger/index.ts'
import { advanceBatch } from './advance-batch.ts'
import { BatchBook, type BatchNote } from './batch-book.ts'
import { Gathering } from './gathering.ts'
import type { Bench, ContributorOptions } from './options.ts'
import { Receipts } from './receipts.ts'

export class Contributor {
  readonly #options: ContributorOptions
  readonly #stop: AbortController
  readonly #stack = new AsyncDisposableStack()
  #follower!: Follower
  #bench!: Bench
  #gathering!: Gathering
  #receipts!: Receipts

  private constructor(options: ContributorOptions) {
    this.#options = options
    this.#stop = stopWith(options.signal)
  }

  /** Dials the DAO, catches up with its log, then works until disposed. */
  static async start(options: ContributorOptions): Promise<Contributor> {
    const contributor = new Contributor(options)
    try {
      await contributor.#open()
    } catch (error) {
      await contributor[Symbol.asyncDispose]()
      throw error
    }
    return contributor
  }

  get state(): LedgerState {
    return this.#follower.state
  }

  get batches(): readonly BatchNote[] {
    return this.#bench.book.all
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, signer, logger, pollMs = 2000, onProgress } = this.#options
    const { signal } = this.#stop
    const book = await BatchBook.open(kv, logger)
    const onFollower = (follower: Follower): void => {
      this.#follower = follower
      this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: (peer) => mayReadPrivate(peer, follower.state, book.all) }))
    }
    const { link, outbox, begin } = await joinLedger(
      { ...this.#options, role: 'contributor', light: true, hearMs: 500, pollMs, signal, onFollower },
      this.#stack,
    )
    let wake = (): void => undefined
    const bench: Bench = {
      options: this.#options,
      me: signer.did,
      signal,
      link,
      outbox,
      book,
      state: () => this.state,
      wake: () => wake(),
      say: (what, epoch, records) => {
        logger.info(what, { epoch, records })
        onProgress?.({ what, epoch, records })
      },
    }
    this.#bench = bench
    this.#gathering = this.#stack.use(new Gathering(bench))
    this.#receipts = this.#stack.use(new Receipts(bench))
    wake = begin(
      () => this.#act(),
      () => mesh.subscribe(batchTopic(link.ledgerId), () => undefined),
    )
  }

  /** Whatever the state calls for now. */
  async #act(): Promise<void> {
    const { outbox, link, book, me } = this.#bench
    await outbox.settle()
    if (this.state.size === 0) return
    if (!this.state.contributors.has(me)) return this.#join()
    link.meet(seatedValidators(this.state).map((validator) => validator.statement.validator))
    for (const batch of book.all) await this.#advanceAlone(batch)
    this.#receipts.tend()
    this.#gathering.tend()
  }

  async #join(): Promise<void> {
    const { outbox, say } = this.#bench
    if (outbox.has('join')) return
    await outbox.write('contributor.join', { contact: this.#options.contact ?? null }, { key: 'join' })
    say('joined', this.state.epoch?.number ?? 0, 0)
  }

  /** A batch that is refused holds up neither the next one nor the gathering. */
  async #advanceAlone(batch: BatchNote): Promise<void> {
    try {
      await advanceBatch(this.#bench, batch)
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      this.#options.logger.warn('batch-waits', { sequence: batch.manifest.sequence, code: codeOf(error) })
    }
  }
}

/** Until a batch is public only the DAO and seated validators may read it, and only once its reveal is in the log. */
function mayReadPrivate(peer: string, state: LedgerState, batches: readonly BatchNote[]): boolean {
  if (!batches.some((batch) => !batch.published && state.batches.has(batch.manifestCid.toString()))) return false
  return isOfTheDao(state, peer)
}
