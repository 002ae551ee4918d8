import type { Kv } from '../effects/index.ts'

/** Forgets everything with the process: for tests and the simulated world. Values are copied in and out, as a disk would. */
export class MemoryKv implements Kv {
  readonly #values = new Map<string, Uint8Array>()

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#values.get(key)?.slice())
  }

  put(key: string, value: Uint8Array): Promise<void> {
    this.#values.set(key, value.slice())
    return Promise.resolve()
  }

  delete(key: string): Promise<void> {
    this.#values.delete(key)
    return Promise.resolve()
  }

  keys(prefix: string): Promise<string[]> {
    return Promise.resolve([...this.#values.keys()].filter((key) => key.startsWith(prefix)).toSorted(byBytes))
  }
}

/** Byte order of UTF-8, which is not the order of UTF-16 units that `<` compares. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
