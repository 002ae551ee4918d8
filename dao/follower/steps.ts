/** Runs a role's step whenever something changed, one at a time, and now and then besides. A fault is logged and the next wake tries again. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'

export interface StepsOptions {
  step: () => Promise<void>
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Also without news: reconnections and retries need looking after. */
  everyMs: number
}

export class Steps implements AsyncDisposable {
  readonly #options: StepsOptions
  #again = false
  #running: Promise<void> | undefined

  constructor(options: StepsOptions) {
    this.#options = options
    void this.#beat()
  }

  wake(): void {
    this.#again = true
    if (this.#options.signal.aborted) return
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Waits for the step under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    const { step, logger, signal } = this.#options
    while (this.#again && !signal.aborted) {
      this.#again = false
      try {
        await step()
      } catch (error) {
        if (!signal.aborted)
          logger.warn('step-failed', { code: codeOf(error), message: error instanceof Error ? error.message : String(error) })
      }
    }
  }

  async #beat(): Promise<void> {
    const { clock, signal, everyMs } = this.#options
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal).catch(() => undefined)
      this.wake()
    }
  }
}
