/** Cuts a release once an epoch is final. Beside the steps: however long it takes, phases move on and batches are held. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf, toError } from '../../core/errors/index.ts'
import type { Payload } from '../../schemas/wire/index.ts'
import type { Outbox } from '../follower/index.ts'
import type { BatchState, LedgerState } from '../ledger/index.ts'
import type { OperatorProgress } from './options.ts'

export interface ReleasesOptions {
  /** See OperatorOptions; undefined: no releases. */
  cut: ((throughEpoch: number) => Promise<Payload<'release'> | undefined>) | undefined
  state: () => LedgerState
  /** Whether everything of a batch lies here. */
  holdsAll: (batch: BatchState) => Promise<boolean>
  write: Outbox['write']
  clock: Clock
  logger: Logger
  signal: AbortSignal
  onProgress: (progress: OperatorProgress) => void
}

/** A release that failed is tried again after this long, and each time after twice as long, until the next epoch is final. */
const RETRY_MS = 60_000

interface Due {
  /** The last final epoch, and the last one that has vested with it. */
  epoch: number
  through: number
  /** When we saw that the epoch is final, and when to try next; milliseconds. */
  since: number
  nextAt: number
  tries: number
  isDone: boolean
}

export class Releases implements AsyncDisposable {
  readonly #options: ReleasesOptions
  #due: Due = { epoch: 0, through: 0, since: 0, nextAt: 0, tries: 0, isDone: true }
  /** The cutting under way; never rejects. */
  #cutting: Promise<void> | undefined

  constructor(options: ReleasesOptions) {
    this.#options = options
  }

  /** Begins a release when one is due and none is being cut. Call it after every advance. */
  tend(): void {
    const { state, clock, cut, onProgress } = this.#options
    const last = state().results.at(-1)
    if (cut === undefined || last === undefined || !last.final) return
    if (this.#due.epoch < last.epoch) {
      // what vests when this epoch is final
      const through = last.epoch - state().charter.vestingEpochs
      const isKnown = state().releases.some((known) => known.throughEpoch >= through)
      this.#due = { epoch: last.epoch, through, since: clock.now(), nextAt: 0, tries: 0, isDone: isKnown || through < 1 }
      if (!isKnown || through < 1) onProgress({ what: 'final', epoch: last.epoch })
    }
    if (this.#due.isDone || this.#cutting !== undefined || clock.now() < this.#due.nextAt) return
    this.#cutting = this.#cut(this.#due, cut).finally(() => {
      this.#cutting = undefined
    })
  }

  /** Waits for the cutting under way; the signal given must have ended it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cutting
  }

  async #cut(due: Due, cut: NonNullable<ReleasesOptions['cut']>): Promise<void> {
    const { write, clock, logger, signal, onProgress } = this.#options
    const { epoch, through } = due
    try {
      if (!(await this.#mayBegin(due))) return logger.debug('release-waits', { epoch })
      const payload = await cut(through)
      if (payload !== undefined) await write('release', payload, { key: `release/${through}` })
      due.isDone = true
      onProgress(
        payload === undefined
          ? { what: 'nothing-to-release', epoch: through }
          : { what: 'released', epoch: through, release: payload.release.toString() },
      )
    } catch (error) {
      if (signal.aborted) return
      due.nextAt = clock.now() + RETRY_MS * 2 ** due.tries++
      logger.error('release-failed', { epoch: through, code: codeOf(error), message: toError(error).message })
    }
  }

  /**
   * Every batch that may be in the release is here. They all were somewhere when they counted, so what is still on its way is waited for as long
   * as reveals may take, and not longer: then the release says what is missing, and is tried again.
   */
  async #mayBegin({ since }: Due): Promise<boolean> {
    const { state, clock, holdsAll } = this.#options
    const { charter, batches } = state()
    if (clock.now() - since >= charter.epoch.reveal.maxSeconds * 1000) return true
    for (const batch of batches.values()) if (batch.settled !== null && batch.voided === null && !(await holdsAll(batch))) return false
    return true
  }
}
