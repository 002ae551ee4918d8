/** A first-come-first-served semaphore: how a caller keeps below the number of calls its peer takes at once. */
class CallSlots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** True when nobody holds or waits: the semaphore may be forgotten. */
  idleAt(size: number): boolean {
    return this.#free === size && this.#waiting.length === 0
  }

  /** Waits for a slot; dispose it to give it back. Rejects with the signal's reason when aborted first. */
  async take(signal?: AbortSignal): Promise<Disposable> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (held) this.#give()
        held = false
      },
    }
  }

  #give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(turn)
    })
  }
}

/** One semaphore per peer and protocol, kept only while in use. */
export class SlotsPerPeer {
  readonly #slots = new Map<string, CallSlots>()

  async take(peer: string, protocol: { id: string; limits: { inboundStreams: number } }, signal?: AbortSignal): Promise<Disposable> {
    const key = `${peer} ${protocol.id}`
    const size = protocol.limits.inboundStreams
    let slots = this.#slots.get(key)
    if (slots === undefined) this.#slots.set(key, (slots = new CallSlots(size)))
    const slot = await slots.take(signal)
    return {
      [Symbol.dispose]: () => {
        slot[Symbol.dispose]()
        if (slots.idleAt(size)) this.#slots.delete(key)
      },
    }
  }
}

/** Calls under way per peer and protocol on the serving side: `enter` answers false above the limit. */
export class Busy {
  readonly #counts = new Map<string, number>()

  enter(key: string, limit: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= limit) return false
    this.#counts.set(key, count + 1)
    return true
  }

  leave(key: string): void {
    const count = (this.#counts.get(key) ?? 0) - 1
    if (count > 0) this.#counts.set(key, count)
    else this.#counts.delete(key)
  }
}
