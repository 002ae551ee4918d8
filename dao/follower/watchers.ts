/** Who wants to look again after every step. */
export class Watchers {
  readonly #listeners = new Set<() => void>()

  watch(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Resolves with the first value that `look` gives, now or after a step; rejects with the signal's reason. */
  until<T>(look: () => T | undefined, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const check = (): void => {
        const found = look()
        if (found === undefined && !signal.aborted) return
        this.#listeners.delete(check)
        signal.removeEventListener('abort', check)
        if (found === undefined) reject(signal.reason as Error)
        else resolve(found)
      }
      this.#listeners.add(check)
      signal.addEventListener('abort', check, { once: true })
      check()
    })
  }
}
