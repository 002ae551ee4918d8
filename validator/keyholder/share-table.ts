/**
 * All shares of a keyholder, of contributions and of a pool's key: rows in memory, on disk as one sealed base file and a journal behind it. A change is on disk when its promise
 * resolves. Shredding writes a new base without the rows under a new key, puts that key in the place of the old one, and only then says so.
 */
import { randomBytes } from 'node:crypto'
import { type FileHandle, open, readdir, rm, truncate } from 'node:fs/promises'
import path from 'node:path'
import { FatalError } from '../../core/errors/index.ts'
import { diskError, makeFolder } from '../../core/home/index.ts'
import { type CID, concatBytes, utf8 } from '../../schemas/wire/index.ts'
import { openFrame, type Place, readFrames, sealFrame } from './frames.ts'
import { encodeFramed, type Framed, framedIn } from './framed-rows.ts'
import type { Kek, KekFile } from './kek-file.ts'
import { decodePoolShare, decodeRow, dueOf, encodePoolShare, encodeRow, type PoolShare, type ShareRow } from './share-row.ts'

/** Rows of about 400 bytes in one frame of a base file. */
const ROWS_PER_FRAME = 2048
/** Names of contributions are digests; those of pool keys have this before theirs, and are told apart by their length. */
const POOL_KEY = utf8('pool-key/')
const DIGEST_BYTES = 32
const NEVER = Number.MAX_SAFE_INTEGER
interface Kept {
  /** Encoded, within the frame it came in: a hundred thousand decoded rows would take ten times the memory, and as many views of them half as much again. */
  page: Uint8Array
  at: number
  length: number
  due: number
}
const bytesIn = ({ page, at, length }: Kept): Uint8Array => page.subarray(at, at + length)

export class ShareTable {
  readonly #folder: string
  readonly #kekFile: KekFile
  readonly #rows = new Map<string, Kept>()
  /** Shares of pools' keys by the name of their frame, encoded. */
  readonly #poolShares = new Map<string, Uint8Array>()
  #kek: Kek
  #frames = 0
  #journalBytes = 0
  #last: Promise<unknown> = Promise.resolve()
  #rotation: Promise<number> | undefined
  /** Rows to go at the next rotation, also those that are being written just now. */
  readonly #doomed = new Set<string>()
  /** Replacing the key failed: the key file decides, when the table is opened again. */
  #unsure = false
  /** Half a frame may lie at the end of the journal. */
  #torn = false

  private constructor(folder: string, file: KekFile, kek: Kek) {
    this.#folder = folder
    this.#kekFile = file
    this.#kek = kek
  }

  /** Opens or makes the table in `folder`. Throws FatalError SHARE_TABLE_DAMAGED, KEK_UNREADABLE, or what the disk says. */
  static async open(folder: string, file: KekFile): Promise<ShareTable> {
    await makeFolder(folder)
    let kek = await file.read()
    if (kek === undefined) {
      kek = { generation: 0, key: new Uint8Array(randomBytes(32)) }
      await file.replace(kek)
    }
    const table = new ShareTable(folder, file, kek)
    await table.#load()
    return table
  }

  get size(): number {
    return this.#rows.size
  }

  /** Counts the keys that the table lay under. */
  get generation(): number {
    return this.#kek.generation
  }

  get(manifest: CID): ShareRow | undefined {
    const kept = this.#rows.get(nameOf(manifest))
    return kept && decodeRow(bytesIn(kept))
  }

  /** Every row, decoded one after the other. */
  *rows(): Generator<ShareRow> {
    for (const kept of this.#rows.values()) yield decodeRow(bytesIn(kept))
  }

  /** Rows whose consent has ended by itself, or whose reshare came to nothing. */
  due(now: number): ShareRow[] {
    const due: ShareRow[] = []
    for (const kept of this.#rows.values()) if (kept.due <= now) due.push(decodeRow(bytesIn(kept)))
    return due
  }

  /** Adds or replaces rows; on disk when it resolves, and not there at all when it throws. */
  put(rows: readonly ShareRow[]): Promise<void> {
    return this.#inTurn(async () => {
      const list = rows.map((row): Framed => [row.manifest.multihash.digest, dueOf(row), encodeRow(row)])
      this.#checkSure()
      await this.#append(list)
      this.#keep(list)
    })
  }

  /** Our share of the pool key of this CID. */
  poolShare(key: CID): PoolShare | undefined {
    const bytes = this.#poolShares.get(textOf(poolNameOf(key)))
    return bytes && decodePoolShare(bytes)
  }

  /** Adds it; on disk when it resolves, and not there at all when it throws. No withdrawal takes it away. */
  putPoolShare(key: CID, share: PoolShare): Promise<void> {
    return this.#inTurn(async () => {
      const list: Framed[] = [[poolNameOf(key), NEVER, encodePoolShare(share)]]
      this.#checkSure()
      await this.#append(list)
      this.#keep(list)
    })
  }

  /**
   * Deletes rows and the key that every trace of them lay under; gives the new generation. They are not served any more from the moment this is
   * called. Calls that come while a rotation runs share the next one.
   */
  shred(manifests: readonly CID[]): Promise<number> {
    for (const manifest of manifests) {
      this.#drop(nameOf(manifest))
      this.#doomed.add(nameOf(manifest))
    }
    return (this.#rotation ??= this.#inTurn(() => {
      this.#rotation = undefined
      return this.#rotate()
    }))
  }

  /** A new key with nothing deleted, as is due every day. */
  rotate(): Promise<number> {
    return this.shred([])
  }

  async #rotate(): Promise<number> {
    this.#checkSure()
    for (const name of this.#doomed) this.#drop(name)
    this.#doomed.clear()
    const kek = { generation: this.#kek.generation + 1, key: new Uint8Array(randomBytes(32)) }
    await this.#writeBase(kek)
    // from here on the old files are noise
    await this.#kekFile.replace(kek).catch((thrown: unknown) => {
      // which of the two keys is on the disk is not known here, and what is written under the other one would be lost
      this.#unsure = true
      throw thrown
    })
    const old = this.#kek
    this.#kek = kek
    old.key.fill(0)
    this.#frames = 0
    this.#journalBytes = 0
    this.#torn = false
    await this.#removeOthers()
    return kek.generation
  }

  async #writeBase(kek: Kek): Promise<void> {
    const file = this.#file('base', kek.generation)
    const rows = this.#framed()
    const count = this.#rows.size + this.#poolShares.size
    try {
      await using handle = await open(file, 'w', 0o600)
      for (let index = 0, from = 0; ; index++, from += ROWS_PER_FRAME) {
        const last = from + ROWS_PER_FRAME >= count
        const plain = encodeFramed(nextOf(rows, ROWS_PER_FRAME))
        await handle.writeFile(sealFrame(plain, kek.key, { generation: kek.generation, file: 'base', index, last }))
        if (last) break
      }
      await handle.sync()
    } catch (thrown) {
      await rm(file, { force: true })
      throw diskError(thrown, file)
    }
    await this.#syncFolder()
  }

  *#framed(): Generator<Framed> {
    for (const [name, kept] of this.#rows) yield [bytesOf(name), kept.due, bytesIn(kept)]
    for (const [name, bytes] of this.#poolShares) yield [bytesOf(name), NEVER, bytes]
  }

  async #append(rows: Framed[]): Promise<void> {
    const file = this.#file('journal', this.#kek.generation)
    const frame = sealFrame(encodeFramed(rows), this.#kek.key, this.#place('journal', this.#frames, false))
    try {
      await using handle = await open(file, 'a', 0o600)
      // what a write that failed left of its frame: whatever comes behind it would be lost
      if (this.#torn) await handle.truncate(this.#journalBytes)
      this.#torn = true
      await handle.writeFile(frame)
      await handle.sync()
      this.#torn = false
    } catch (thrown) {
      throw diskError(thrown, file)
    }
    if (this.#frames === 0) await this.#syncFolder()
    this.#frames++
    this.#journalBytes += frame.byteLength
  }

  async #load(): Promise<void> {
    const { generation } = this.#kek
    await this.#removeOthers()
    const base = await this.#open('base')
    if (base === undefined && generation > 0) throw this.#damaged('is missing')
    if (base !== undefined) await this.#readBase(base)
    const journal = await this.#open('journal')
    if (journal !== undefined) await this.#replay(journal)
  }

  async #readBase(handle: FileHandle): Promise<void> {
    await using _open = handle
    let index = 0
    let ended = false
    for await (const { body } of readFrames(handle)) {
      const inner = openFrame(body, this.#kek.key, this.#place('base', index, false))
      const plain = inner ?? openFrame(body, this.#kek.key, this.#place('base', index, true))
      if (plain === undefined || ended) throw this.#damaged('is damaged')
      this.#keep(framedIn(plain))
      ended = inner === undefined
      index++
    }
    if (!ended) throw this.#damaged('is cut off')
  }

  /** A torn frame at the end was never acknowledged: it is cut off. */
  async #replay(handle: FileHandle): Promise<void> {
    await using _open = handle
    for await (const { body, end } of readFrames(handle)) {
      const plain = openFrame(body, this.#kek.key, this.#place('journal', this.#frames, false))
      if (plain === undefined) break
      this.#keep(framedIn(plain))
      this.#journalBytes = end
      this.#frames++
    }
    const file = this.#file('journal', this.#kek.generation)
    if ((await handle.stat()).size > this.#journalBytes) await truncate(file, this.#journalBytes)
  }

  /** The rows of one frame share one piece of memory: a buffer of its own for each would cost as much again. */
  #keep(list: readonly Framed[]): void {
    const page = new Uint8Array(list.reduce((sum, [, , row]) => sum + row.byteLength, 0))
    let at = 0
    for (const [digest, due, row] of list) {
      page.set(row, at)
      const length = row.byteLength
      const name = textOf(digest)
      if (digest.byteLength !== DIGEST_BYTES) this.#poolShares.set(name, page.subarray(at, at + length))
      else {
        this.#drop(name)
        this.#rows.set(name, { page, at, length, due })
      }
      at += length
    }
  }

  #drop(name: string): void {
    const kept = this.#rows.get(name)
    if (kept === undefined) return
    this.#rows.delete(name)
    bytesIn(kept).fill(0)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  #place(file: Place['file'], index: number, last: boolean): Place {
    return { generation: this.#kek.generation, file, index, last }
  }

  #file(kind: Place['file'], generation: number): string {
    return path.join(this.#folder, `shares.${generation}.${kind}`)
  }

  async #open(kind: Place['file']): Promise<FileHandle | undefined> {
    const file = this.#file(kind, this.#kek.generation)
    return open(file, 'r').catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return undefined
      throw diskError(thrown, file)
    })
  }

  async #removeOthers(): Promise<void> {
    const kept = new Set([this.#file('base', this.#kek.generation), this.#file('journal', this.#kek.generation)])
    for (const name of await readdir(this.#folder)) {
      const file = path.join(this.#folder, name)
      if (/^shares\.\d+\.(base|journal)$/.test(name) && !kept.has(file)) await rm(file, { force: true })
    }
  }

  async #syncFolder(): Promise<void> {
    await using folder = await open(this.#folder, 'r')
    await folder.sync()
  }

  #checkSure(): void {
    if (this.#unsure)
      throw new FatalError(
        'SHARE_TABLE_UNSURE',
        `the key of the shares in ${this.#folder} could not be replaced; see to its disk and start again`,
      )
  }

  #damaged(how: string): FatalError {
    return new FatalError(
      'SHARE_TABLE_DAMAGED',
      `the base file of the shares in ${this.#folder} ${how}; restore it from the backup of the same generation, or tell the DAO that these shares are lost`,
      { detail: { generation: this.#kek.generation } },
    )
  }
}

/** The next of them, at most `most`. `take` would end the generator after the first page. */
function nextOf<T>(items: Iterator<T, void>, most: number): T[] {
  const page: T[] = []
  while (page.length < most) {
    const { done, value } = items.next()
    if (done) break
    page.push(value)
  }
  return page
}

/** 32 bytes as text of 32 units: half of what hexadecimal takes. */
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))
const nameOf = (manifest: CID): string => textOf(manifest.multihash.digest)
const poolNameOf = (key: CID): Uint8Array => concatBytes(POOL_KEY, key.multihash.digest)
