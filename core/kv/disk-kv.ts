/** Kv on LevelDB: every write waits for fsync, so what was acknowledged survives SIGKILL and power loss; a torn write is dropped at the next start. */
import type { Kv } from '../effects/index.ts'
import { InvalidInputError } from '../errors/index.ts'
import { diskError, type Level, openLevel } from '../home/index.ts'

const MAX_KEY_BYTES = 1024
const MAX_VALUE_BYTES = 32 << 20
const durable = { sync: true } as const

export class DiskKv implements Kv {
  readonly #db: Level
  readonly #folder: string

  constructor(db: Level, folder: string) {
    this.#db = db
    this.#folder = folder
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#try(async () => plain(await this.#db.get(key)))
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    if (key.length === 0 || Buffer.byteLength(key) > MAX_KEY_BYTES)
      throw new InvalidInputError('KV_KEY', `a key has 1 to ${MAX_KEY_BYTES} bytes`)
    if (value.byteLength > MAX_VALUE_BYTES) throw new InvalidInputError('KV_VALUE', `a value has at most ${MAX_VALUE_BYTES} bytes`)
    await this.#try(() => this.#db.put(key, value, durable))
  }

  async delete(key: string): Promise<void> {
    await this.#try(() => this.#db.del(key, durable))
  }

  keys(prefix: string): Promise<string[]> {
    return this.#try(async () => {
      const found: string[] = []
      for await (const key of this.#db.keys({ gte: prefix })) {
        if (!key.startsWith(prefix)) break
        found.push(key)
      }
      return found
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.close()
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      throw diskError(thrown, this.#folder)
    }
  }
}

/** The store gives Buffers; everything above takes plain arrays. */
const plain = (value: Uint8Array | undefined): Uint8Array | undefined =>
  value && new Uint8Array(value.buffer, value.byteOffset, value.byteLength)

export async function diskKvIn(folder: string): Promise<DiskKv> {
  return new DiskKv(await openLevel(folder), folder)
}
