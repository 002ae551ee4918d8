/** Hands every keyholder its part of a sealed contribution, beside the steps and again until all have theirs, or one says no for good. */
import { codeOf } from '../../../core/errors/index.ts'
import { offerContribution } from '../seal/index.ts'
import type { OfferRefusal, PoolNodeOptions, PoolProgress } from './options.ts'
import { type PoolBook, type PoolNote, saltOf } from './pool-book.ts'

/** What mends itself: whoever says it is asked again. Everything else that a keyholder says is its answer. */
const PASSING = new Set([
  'NOT_CONNECTED',
  'CALL_TIMEOUT',
  'CALL_RESET',
  'CONNECT_FAILED',
  'UNSUPPORTED_PROTOCOL',
  'NO_POLICY',
  'NOT_JOINED',
  'DEPOSIT_KEY',
  'BAD_DEPOSIT_KEY',
  'DISK_FAILED',
  'DISK_FULL',
  'DISK_READ_ONLY',
  'STORE_UNREADABLE',
  'SHARE_TABLE_UNSURE',
  'NOT_YET_GIVEN',
  'INTERNAL',
])
const AGAIN_MS = [500, 1000, 2000, 5000, 15_000]

interface HandingOutOptions extends Pick<PoolNodeOptions, 'mesh' | 'clock' | 'logger'> {
  book: PoolBook
  signal: AbortSignal
  say: (what: PoolProgress['what'], held: number, of: number, faults: Record<string, string>) => void
  /** A keyholder said what asking again does not change. */
  refuse: (refusal: OfferRefusal) => void
  /** All have theirs. */
  wake: () => void
}

export class HandingOut {
  readonly #options: HandingOutOptions
  #running: Promise<void> | undefined
  #tries = 0
  #againAt = 0

  constructor(options: HandingOutOptions) {
    this.#options = options
  }

  /** It was tried before, and somebody was away. */
  get isWaiting(): boolean {
    return this.#tries > 0
  }

  /** Nothing where it runs, or was tried a moment ago. */
  begin(note: PoolNote): void {
    const { clock, signal, logger } = this.#options
    if (clock.now() < this.#againAt) return
    this.#running ??= this.#toAll(note)
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('deposit-waits', { code: codeOf(error) })
      })
      .finally(() => {
        this.#running = undefined
      })
  }

  /** Resolves when nothing runs. */
  async ended(): Promise<void> {
    await this.#running
  }

  /** To all keyholders at once; those that have their part say so again. */
  async #toAll(note: PoolNote): Promise<void> {
    const { mesh, clock, signal, book, say, refuse, wake } = this.#options
    const { cid, manifest, shares, commitments, counts, committee } = note
    const sealed = { cid, manifest, salt: saltOf(note), shares, commitments, counts }
    const receipt = note.receipts.at(-1) as string
    const { complete, acks, faults } = await offerContribution({ mesh, clock, sealed, receipt, committee, signal })
    const of = committee.members.length
    if (complete) {
      // a copy of every part would be a way around the keyholders
      await book.update(note, { depositedAt: Math.floor(clock.now() / 1000), shares: [], counts: [] })
      say('deposited', acks.length, of, {})
      return wake()
    }
    this.#againAt = clock.now() + (AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)] as number)
    const final = [...faults].find(([, code]) => !PASSING.has(code))
    if (final !== undefined) refuse({ keyholder: final[0], code: final[1], message: 'a keyholder does not take its part' })
    say(final === undefined ? 'depositing' : 'refused', acks.length, of, Object.fromEntries(faults))
  }
}
