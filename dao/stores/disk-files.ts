/** The ledger's files in the log folder: `files/<cid>`, plain bytes, read synchronously because the fold is. */
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { Lru } from '../../schemas/cache/index.ts'
import { writeFileDurably } from '../../core/home/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { assertFileOf, type FileStore, MAX_LEDGER_FILE_BYTES } from '../follower/index.ts'

/** Small files are read again and again while folding; large ones once per epoch. */
const CACHED_FILES = 512
const CACHED_BYTES = 64 << 10

export class DiskFiles implements FileStore {
  readonly #folder: string
  readonly #cache = new Lru<string, Uint8Array>(CACHED_FILES)

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** Bytes as they lie there; whoever folds trusts what `write` checked, an audit verifies each against its CID. */
  read(cid: CID): Uint8Array | undefined {
    const name = cid.toString()
    const known = this.#cache.get(name)
    if (known) return known
    const file = path.join(this.#folder, name)
    if (!existsSync(file) || statSync(file).size > MAX_LEDGER_FILE_BYTES) return undefined
    const bytes = new Uint8Array(readFileSync(file))
    if (bytes.byteLength <= CACHED_BYTES) this.#cache.set(name, bytes)
    return bytes
  }

  async write(cid: CID, bytes: Uint8Array): Promise<void> {
    const file = path.join(this.#folder, cid.toString())
    if (existsSync(file)) return
    assertFileOf(cid, bytes)
    await writeFileDurably(file, bytes)
  }
}
