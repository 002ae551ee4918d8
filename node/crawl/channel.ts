/** A bounded hand-over from many producers to one consumer: producers wait while it is full, so memory stays bounded. */
export class Channel<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  readonly #full: (() => void)[] = []
  #empty: (() => void) | undefined
  #closed = false

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Resolves once there is room; drops the item when the channel was closed. */
  async put(item: T): Promise<void> {
    while (this.#items.length >= this.#capacity && !this.#closed) await new Promise<void>((wake) => this.#full.push(wake))
    if (this.#closed) return
    this.#items.push(item)
    this.#wakeConsumer()
  }

  /** The next item; undefined once closed and drained. */
  async take(): Promise<T | undefined> {
    while (this.#items.length === 0 && !this.#closed) await new Promise<void>((wake) => (this.#empty = wake))
    const item = this.#items.shift()
    this.#full.shift()?.()
    return item
  }

  /** No more items; what is inside may still be taken, waiting producers go on. */
  close(): void {
    this.#closed = true
    for (const wake of this.#full.splice(0)) wake()
    this.#wakeConsumer()
  }

  #wakeConsumer(): void {
    this.#empty?.()
    this.#empty = undefined
  }
}
