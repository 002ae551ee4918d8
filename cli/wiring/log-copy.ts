/** A copy of a DAO's log over HTTP, made while it is audited: what is read is asked for once, kept in a folder, and read from there the next time. */
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, RefusedError, RetryableError } from '../../core/errors/index.ts'
import { MAX_LEDGER_FILE_BYTES } from '../../dao/follower/index.ts'
import { CHECKPOINT_PATH, type LogStore, parseTilePath, peekCheckpoint, type TileSource } from '../../dao/log/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { type CID, isFileOf } from '../../schemas/wire/index.ts'
import { ask, daoInfo } from './http.ts'

const MAX_CHECKPOINT_BYTES = 64 << 10
/** 256 hashes; 256 entries, each of 65,535 bytes at most behind its length. */
const MAX_TILE_BYTES = 256 * 32
const MAX_BUNDLE_BYTES = 256 * (2 + 65_535)

export interface LogCopyOptions {
  /** Base URL of the DAO. */
  dao: string
  /** Where the copy lies, or will: a log folder like the DAO's own. */
  folder: string
  /** Called with the number of files that came so far. */
  onFile?: ((count: number) => void) | undefined
}

/** What an audit reads: the log and the ledger's files, from the folder or from the DAO. Nothing of it is believed here but what a CID names. */
export class LogCopy {
  readonly log: TileSource
  readonly files: { read(cid: CID): Promise<Uint8Array | undefined> }
  readonly #options: LogCopyOptions
  readonly #store: LogStore
  readonly #note: Uint8Array
  readonly #disk: DiskFiles
  /** Tiles that came in this run, and may be wrong: only the root over all of them says. */
  readonly #tiles = new Set<string>()
  #count = 0

  private constructor(options: LogCopyOptions, store: LogStore, note: Uint8Array) {
    this.#options = options
    this.#store = store
    this.#note = note
    this.#disk = new DiskFiles(path.join(options.folder, 'files'))
    this.log = { read: (name) => this.#readLog(name) }
    this.files = { read: (cid) => this.#readFile(cid) }
  }

  /**
   * Asks the DAO for its newest checkpoint; the copy is of that. Throws RefusedError OTHER_LEDGER or LOG_SHORTER when a copy that lies there is
   * of another ledger or of more entries, FatalError NO_CHECKPOINT, SEVERAL_TERMS, and what asking throws.
   */
  static async open(options: LogCopyOptions): Promise<LogCopy> {
    const { dao, folder } = options
    const { term } = await daoInfo(dao)
    if (term > 0) throw new FatalError('SEVERAL_TERMS', 'this ledger was taken over: the logs of its terms are copied one by one')
    const note = await fetched(options, '/log/t0/checkpoint', MAX_CHECKPOINT_BYTES)
    if (note === undefined) throw new FatalError('NO_CHECKPOINT', `${dao} has published no checkpoint yet`)
    const before = await readFile(path.join(folder, CHECKPOINT_PATH)).catch(() => undefined)
    if (before !== undefined) {
      const [old, now] = [peekCheckpoint(before), peekCheckpoint(note)]
      if (old.origin !== now.origin)
        throw new RefusedError('OTHER_LEDGER', `${folder} holds a copy of ${old.origin}, and ${dao} serves ${now.origin}`)
      if (old.size > now.size)
        throw new RefusedError('LOG_SHORTER', `${dao} shows ${now.size} entries, and ${folder} holds ${old.size} that it signed: keep them`)
    }
    return new LogCopy(options, await openDiskLogStore(folder), note)
  }

  /**
   * Keeps the copy as far as it is right: with its checkpoint when no file is at fault; else without the tiles named that came in this run, so
   * that the next one asks for them again. What lay there before stays, whatever the DAO says now.
   */
  async keep(faults: readonly { where: string }[]): Promise<void> {
    const named = faults.map(({ where }) => where).filter((where) => /^(?:checkpoint$|tile\/|files\/)/.test(where))
    if (named.length === 0) return this.#store.write([{ path: CHECKPOINT_PATH, bytes: this.#note }])
    // a partial tile may have come as the full one that took its place
    const places = new Set(named.map(placeOf))
    for (const name of this.#tiles) if (places.has(placeOf(name))) await rm(path.join(this.#options.folder, name), { force: true })
  }

  async #readLog(name: string): Promise<Uint8Array | undefined> {
    if (name === CHECKPOINT_PATH) return this.#note
    const known = await this.#store.read(name)
    if (known !== undefined) return known
    const tile = parseTilePath(name)
    if (tile === undefined) return undefined
    const bytes = await this.#fetch(`/log/t0/${name}`, tile.level === 'entries' ? MAX_BUNDLE_BYTES : MAX_TILE_BYTES)
    if (bytes === undefined) return undefined
    this.#tiles.add(name)
    await this.#store.write([{ path: name, bytes }])
    return bytes
  }

  async #readFile(cid: CID): Promise<Uint8Array | undefined> {
    const known = this.#disk.read(cid)
    if (known !== undefined) return known
    const bytes = await this.#fetch(`/files/${cid.toString()}`, MAX_LEDGER_FILE_BYTES)
    // what is not the file that was asked for is shown to the audit, and not kept
    if (bytes !== undefined && isFileOf(cid, bytes)) await this.#disk.write(cid, bytes)
    return bytes
  }

  async #fetch(at: string, most: number): Promise<Uint8Array | undefined> {
    const bytes = await fetched(this.#options, at, most)
    if (bytes !== undefined) this.#options.onFile?.(++this.#count)
    return bytes
  }
}

const placeOf = (name: string): string => name.replace(/\.p\/\d+$/, '')

/** Undefined where it is not there. */
async function fetched({ dao }: LogCopyOptions, at: string, most: number): Promise<Uint8Array | undefined> {
  const { status, ok, bytes } = await ask(dao, at, most)
  if (status === 404) return undefined
  // no fault of the file: an audit would take a FatalError for one
  if (!ok) throw new RetryableError('HTTP_STATUS', `${dao}${at} answers ${status}; run the same again to go on`)
  return bytes
}
