/** datastore-level whose writes wait for fsync, and with transactions: Helia writes one row per pinned block, and a pin must be whole or absent. */
import { LevelDatastore } from 'datastore-level'
import type { Level } from '../home/index.ts'

type Key = Parameters<LevelDatastore['put']>[0]

export class DiskFacts extends LevelDatastore {
  readonly #level: Level
  #open: Map<string, Uint8Array | null> | undefined

  constructor(level: Level) {
    super(level.db)
    this.#level = level
  }

  /** What `work` writes is seen by its own reads at once and by the disk at the end, all of it or nothing. One at a time. */
  async transaction(work: () => Promise<void>): Promise<void> {
    const open = new Map<string, Uint8Array | null>()
    this.#open = open
    try {
      await work()
    } finally {
      this.#open = undefined
    }
    await this.#level.write([...open].map(([key, value]) => (value === null ? { type: 'del', key } : { type: 'put', key, value })))
  }

  async putRow(key: string, value: Uint8Array | null): Promise<void> {
    if (this.#open !== undefined) this.#open.set(key, value)
    else await this.#level.write([value === null ? { type: 'del', key } : { type: 'put', key, value }])
  }

  row(key: string): Uint8Array | undefined {
    const value = this.#open?.get(key)
    return value === undefined ? this.#level.peek(key) : (value ?? undefined)
  }

  override async put(key: Key, value: Uint8Array): Promise<Key> {
    await this.putRow(key.toString(), value)
    return key
  }

  override delete(key: Key): Promise<void> {
    return this.putRow(key.toString(), null)
  }

  override async get(key: Key): Promise<Uint8Array> {
    const found = this.row(key.toString())
    // the name is what callers look at: Helia tells absent from broken by it
    if (found === undefined) throw Object.assign(new Error(`${key.toString()} is not here`), { name: 'NotFoundError' })
    return found
  }

  override has(key: Key): Promise<boolean> {
    return Promise.resolve(this.row(key.toString()) !== undefined)
  }
}
