/** Kv on LevelDB: every write waits for fsync, so what was acknowledged survives SIGKILL and power loss; a torn write is dropped at the next start. */
import type { Kv } from '../effects/index.ts'
import { InvalidInputError } from '../errors/index.ts'
import { diskError, type Level, openLevel } from '../home/index.ts'

const MAX_KEY_BYTES = 1024
const MAX_VALUE_BYTES = 32 << 20

export class DiskKv implements Kv, AsyncDisposable {
  readonly #level: Level

  constructor(level: Level) {
    this.#level = level
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#level.get(key)
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    if (key.length === 0 || Buffer.byteLength(key) > MAX_KEY_BYTES)
      throw new InvalidInputError('KV_KEY', `a key has 1 to ${MAX_KEY_BYTES} bytes`)
    if (value.byteLength > MAX_VALUE_BYTES) throw new InvalidInputError('KV_VALUE', `a value has at most ${MAX_VALUE_BYTES} bytes`)
    await this.#level.write([{ type: 'put', key, value }])
  }

  delete(key: string): Promise<void> {
    return this.#level.write([{ type: 'del', key }])
  }

  async keys(prefix: string): Promise<string[]> {
    const found: string[] = []
    try {
      for await (const key of this.#level.db.keys({ gte: prefix })) {
        if (!key.startsWith(prefix)) break
        found.push(key)
      }
    } catch (thrown) {
      throw diskError(thrown, this.#level.folder)
    }
    return found
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#level[Symbol.asyncDispose]()
  }
}

/** The durable Kv in `folder`; loads the store on first use. One process at a time: throws FatalError HOME_IN_USE otherwise. */
export async function openDiskKv(folder: string): Promise<DiskKv> {
  return new DiskKv(await openLevel(folder))
}
