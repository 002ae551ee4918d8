/** A question being answered: it ends with its handler, or before that when the caller or the time is gone. */
import type { CallContext } from '../../core/mesh/index.ts'

export class Serving {
  /** The connection it came over, while there was one. */
  readonly connection: AbortSignal | undefined
  readonly context: CallContext
  #controller: AbortController | undefined
  #reason: Error | undefined
  #fail: ((reason: Error) => void) | undefined

  constructor(peer: string, connection: AbortSignal | undefined) {
    this.connection = connection
    const signalNow = (): AbortSignal => this.#signal()
    this.context = {
      peer,
      // made when it is asked for: most handlers answer at once and never look
      get signal() {
        return signalNow()
      },
    }
  }

  /** The first reason counts. */
  end(reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#controller?.abort(reason)
    this.#fail?.(reason)
  }

  /** What `work` gives, or the reason as soon as this ends. */
  run(work: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#reason !== undefined) return reject(this.#reason)
      this.#fail = reject
      work().then(resolve, reject)
    })
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    return this.#controller.signal
  }
}
