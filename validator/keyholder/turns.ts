/** One change at a time for each contribution: what was read of it still holds when it is written. */
import { type CID, toHex } from '../../schemas/wire/index.ts'

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` when nothing else changes any of these. It must not ask for a turn itself. */
  run<T>(manifests: readonly CID[], work: () => Promise<T>): Promise<T> {
    const names = manifests.map(({ multihash }) => toHex(multihash.digest))
    const done = Promise.all(names.map((name) => this.#last.get(name) ?? Promise.resolve())).then(work)
    const ended = done.then(
      () => {},
      () => {},
    )
    // all places are taken at once, so two that share some wait in one order
    for (const name of names) this.#last.set(name, ended)
    void ended.then(() => {
      for (const name of names) if (this.#last.get(name) === ended) this.#last.delete(name)
    })
    return done
  }
}
