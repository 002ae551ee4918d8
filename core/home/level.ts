/** LevelDB whose every write waits for fsync. */
import { LevelDatastore } from 'datastore-level'
import { FatalError, toError } from '../errors/index.ts'
import { diskError, makeFolder } from './disk.ts'

/** Ordered keys and values on disk, as `datastore-level` and `blockstore-level` use it. */
type LevelDb = LevelDatastore['db']
export type Write = { type: 'put'; key: string; value: Uint8Array } | { type: 'del'; key: string }

/**
 * LevelDB maps the tables it has open into memory, and a peer has five stores: its defaults would take hundreds of MiB. 74 files is the least
 * it takes, ten of them not tables; at 1 MiB a table, its least as well, a store maps 64 MiB at most.
 */
const LIMITS = { maxOpenFiles: 74, maxFileSize: 1 << 20, cacheSize: 2 << 20 }

export class Level implements AsyncDisposable {
  readonly db: LevelDb
  readonly folder: string
  #broken: Error | undefined

  constructor(db: LevelDb, folder: string) {
    this.db = db
    this.folder = folder
  }

  /**
   * All of it or nothing, on disk when it resolves. After one failure every further write fails alike until the store is opened again:
   * LevelDB may have left half a frame at the end of its log, and would lose what is appended behind it.
   */
  async write(writes: Write[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    if (writes.length === 0) return
    try {
      await this.db.batch(writes, { sync: true })
    } catch (thrown) {
      this.#broken = diskError(thrown, this.folder)
      throw this.#broken
    }
  }

  /** The value as a plain Uint8Array over what the store handed out. */
  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return plain(await this.db.get(key))
    } catch (thrown) {
      throw diskError(thrown, this.folder)
    }
  }

  /** At once, for rows of a few bytes: a thread's round trip would take twenty times as long as the look-up. */
  peek(key: string): Uint8Array | undefined {
    try {
      return plain(this.db.getSync(key))
    } catch (thrown) {
      throw diskError(thrown, this.folder)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.db.close()
  }
}

const plain = (value: Uint8Array | undefined): Uint8Array | undefined =>
  value && new Uint8Array(value.buffer, value.byteOffset, value.byteLength)

export async function levelIn(folder: string): Promise<Level> {
  await makeFolder(folder)
  const { db } = new LevelDatastore(folder)
  try {
    await db.open({ createIfMissing: true, compression: false, ...LIMITS })
    return new Level(db, folder)
  } catch (thrown) {
    const cause = toError(thrown).cause
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'LEVEL_LOCKED')
      throw new FatalError('HOME_IN_USE', `another process uses ${folder}; stop it, or choose another folder with --home`, {
        cause: thrown,
        detail: { folder },
      })
    if (code === 'LEVEL_CORRUPTION')
      throw new FatalError('STORE_UNREADABLE', `${folder} is damaged; move it away and let the peer fetch again what it owes`, {
        cause: thrown,
        detail: { folder },
      })
    throw diskError(thrown, folder)
  }
}
