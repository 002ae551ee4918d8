/** Bytes of large frames held in memory at once: so much per peer, so much in all. What does not fit waits its turn, in order. */
export class ByteBudget {
  readonly #perPeer: number
  readonly #total: number
  readonly #held = new Map<string, number>()
  #sum = 0
  #waiting: { peer: string; bytes: number; go: () => void }[] = []

  constructor({ perPeer, total }: { perPeer: number; total: number }) {
    this.#perPeer = perPeer
    this.#total = total
  }

  /** Waits until the bytes fit; dispose to give them back. A single frame always fits an idle budget. */
  async take(peer: string, bytes: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#fits(peer, bytes)) this.#add(peer, bytes)
    else await this.#turn(peer, bytes, signal)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        this.#add(peer, -bytes)
        this.#admit()
      },
    }
  }

  #fits(peer: string, bytes: number): boolean {
    const mine = this.#held.get(peer) ?? 0
    return (mine === 0 || mine + bytes <= this.#perPeer) && (this.#sum === 0 || this.#sum + bytes <= this.#total)
  }

  #add(peer: string, bytes: number): void {
    const mine = (this.#held.get(peer) ?? 0) + bytes
    if (mine === 0) this.#held.delete(peer)
    else this.#held.set(peer, mine)
    this.#sum += bytes
  }

  #admit(): void {
    this.#waiting = this.#waiting.filter(({ peer, bytes, go }) => {
      if (!this.#fits(peer, bytes)) return true
      this.#add(peer, bytes)
      go()
      return false
    })
  }

  #turn(peer: string, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#waiting = this.#waiting.filter((one) => one !== turn)
        reject(signal.reason as Error)
      }
      const turn = {
        peer,
        bytes,
        go: () => {
          signal.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.push(turn)
    })
  }
}
