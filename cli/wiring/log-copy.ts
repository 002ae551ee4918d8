/** A copy of a DAO's log over HTTP, made while it is audited: what is read is asked for once, kept in a folder, and read from there the next time. */
import { existsSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, InvalidInputError, RefusedError, RetryableError, UsageError } from '../../core/errors/index.ts'
import { writeFileDurably } from '../../core/home/index.ts'
import { MAX_LEDGER_FILE_BYTES } from '../../dao/follower/index.ts'
import { createLedger } from '../../dao/ledger/index.ts'
import {
  type Checkpoint,
  CHECKPOINT_PATH,
  formatAddCheckpoint,
  keyring,
  LogReader,
  type LogStore,
  openNote,
  parseLogOrigin,
  parseTilePath,
  parseVkey,
  peekCheckpoint,
  tileAt,
  type TileSource,
  verifyConsistency,
} from '../../dao/log/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { type CID, equalBytes, isFileOf } from '../../schemas/wire/index.ts'
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
  /** Bytes that may come in one run: a DAO could go on for ever before anything of it can be verified. */
  maxBytes: number
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
  /** The checkpoint of an earlier run: what lies here of its log is right, all else only when the root over it says so. */
  readonly #before: Readonly<Checkpoint> | undefined
  readonly #disk: DiskFiles
  /** The log that the DAO shows was proven to begin with the one that lies here. */
  #hasGrown = false
  #count = 0
  #bytes = 0

  private constructor(options: LogCopyOptions, store: LogStore, note: Uint8Array, before: Readonly<Checkpoint> | undefined) {
    this.#options = options
    this.#store = store
    this.#note = note
    this.#before = before
    this.#disk = new DiskFiles(path.join(options.folder, 'files'))
    this.log = { read: (name) => this.#readLog(name) }
    this.files = { read: (cid) => this.#readFile(cid) }
  }

  /**
   * Asks the DAO for its newest checkpoint; the copy is of that. Throws RefusedError OTHER_LEDGER or LOG_SHORTER when a copy that lies there is
   * of another ledger or of more entries, NOT_CONSISTENT when the log signed another beginning than it, NOT_SIGNED when the log did not sign
   * that, UsageError NOT_A_COPY for the log of a running service, FatalError NO_CHECKPOINT, SEVERAL_TERMS, and what asking throws.
   */
  static async open(options: LogCopyOptions): Promise<LogCopy> {
    const { dao, folder } = options
    if (existsSync(path.join(path.dirname(path.resolve(folder)), 'charter.cbor')))
      throw new UsageError('NOT_A_COPY', `${folder} is the log that a DAO's service writes; name a folder of your own for the copy`)
    const { term } = await daoInfo(dao)
    if (term > 0) throw new FatalError('SEVERAL_TERMS', 'this ledger was taken over: the logs of its terms are copied one by one')
    const note = await fetched(options, '/log/t0/checkpoint', MAX_CHECKPOINT_BYTES)
    if (note === undefined) throw new FatalError('NO_CHECKPOINT', `${dao} has published no checkpoint yet`)
    const before = await readFile(path.join(folder, CHECKPOINT_PATH)).catch(() => undefined)
    const copy = new LogCopy(options, await openDiskLogStore(folder), note, before && peekCheckpoint(before))
    if (before !== undefined) await copy.#holdAgainst(before)
    return copy
  }

  /**
   * Keeps the copy as far as it is right: with its checkpoint when no file is at fault; else without the tiles that no kept checkpoint covers,
   * whichever run they came in, so that the next one asks for them again. What lay there before stays, whatever the DAO says now.
   */
  async keep(faults: readonly { where: string }[]): Promise<void> {
    const named = faults.map(({ where }) => where).filter((where) => /^(?:checkpoint$|tile\/|files\/)/.test(where))
    if (named.length === 0) return this.#store.write([{ path: CHECKPOINT_PATH, bytes: this.#note }])
    if (named.every((where) => where.startsWith('files/'))) return
    await this.#dropUncovered()
    // of a log that has only grown, a tile that was right once and is wrong now went bad here
    if (this.#hasGrown)
      for (const where of named) if (parseTilePath(where) !== undefined) await rm(path.join(this.#options.folder, where), { force: true })
  }

  /** The checkpoint that the DAO shows now against the one kept here. */
  async #holdAgainst(kept: Uint8Array): Promise<void> {
    const { dao, folder } = this.#options
    const [old, now] = [peekCheckpoint(kept), peekCheckpoint(this.#note)]
    if (old.origin !== now.origin)
      throw new RefusedError('OTHER_LEDGER', `${folder} holds a copy of ${old.origin}, and ${dao} serves ${now.origin}`)
    if (old.size > now.size)
      throw new RefusedError('LOG_SHORTER', `${dao} shows ${now.size} entries, and ${folder} holds ${old.size} that it signed: keep them`)
    const known = await beginningOf(this.log, old.size, now)
    this.#hasGrown = known !== undefined && equalBytes(known.root, old.root)
    if (this.#hasGrown) return
    // by what the DAO shows alone: what lies here, or came, may be damaged, and then the audit names it
    const shown = await beginningOf({ read: (name) => this.#fetchTile(name) }, old.size, now)
    this.#hasGrown = shown !== undefined && equalBytes(shown.root, old.root)
    if (shown === undefined || this.#hasGrown) return
    const logKey = await this.#logKey(old)
    // nobody is accused by a checkpoint that is not what it was; what else went bad here takes nothing from what it says
    if (!isSigned(kept, logKey))
      throw new InvalidInputError('COPY_DAMAGED', `the copy in ${folder} cannot show who signed its checkpoint: make a new one beside it`)
    await this.#dropUncovered()
    if (!isSigned(this.#note, logKey))
      throw new RefusedError('NOT_SIGNED', `${dao} shows a checkpoint of ${now.size} entries that the log of ${folder} did not sign`)
    const proof = path.join(folder, 'conflicting.proof')
    await writeFileDurably(
      proof,
      new TextEncoder().encode(formatAddCheckpoint({ old: old.size, proof: shown.proof, note: new TextDecoder().decode(this.#note) })),
    )
    throw new RefusedError(
      'NOT_CONSISTENT',
      `the log of ${now.size} entries that ${dao} shows does not begin with the ${old.size} in ${folder}: keep that folder; its checkpoint and ${proof} prove it together`,
    )
  }

  /** What the log that lies here is signed with, by its first entry; empty where that went bad. */
  async #logKey({ origin, size }: Readonly<Checkpoint>): Promise<string> {
    const files = new Map<string, Uint8Array>()
    const read = (cid: CID): Uint8Array | undefined => files.get(cid.toString())
    const ledger = createLedger({ ledgerId: parseLogOrigin(origin)?.ledgerId ?? '', files: { read } })
    const first = size === 0 ? undefined : await entryOf(new LogReader(this.#store, size), 0)
    if (first === undefined) return ''
    for (let lacking = ledger.needs(first); lacking.length > 0; lacking = ledger.needs(first))
      for (const cid of lacking) {
        const bytes = await this.#readFile(cid)
        if (bytes === undefined || !isFileOf(cid, bytes)) return ''
        files.set(cid.toString(), bytes)
      }
    ledger.apply(first)
    return ledger.state.logKey
  }

  /** Removes the tiles that the kept checkpoint says nothing about. */
  async #dropUncovered(): Promise<void> {
    const { folder } = this.#options
    const size = this.#before?.size ?? 0
    const found = await readdir(path.join(folder, 'tile'), { recursive: true }).catch(() => [])
    for (const name of found.map((each) => `tile/${each.replaceAll(path.sep, '/')}`)) {
      const tile = parseTilePath(name)
      if (tile !== undefined && tile.width > (tileAt(size, tile.level, tile.index)?.width ?? 0))
        await rm(path.join(folder, name), { force: true })
    }
  }

  async #readLog(name: string): Promise<Uint8Array | undefined> {
    if (name === CHECKPOINT_PATH) return this.#note
    const known = await this.#store.read(name)
    if (known !== undefined) return known
    const bytes = await this.#fetchTile(name)
    if (bytes !== undefined) await this.#store.write([{ path: name, bytes }])
    return bytes
  }

  async #fetchTile(name: string): Promise<Uint8Array | undefined> {
    const tile = parseTilePath(name)
    if (tile === undefined) return undefined
    return this.#fetch(`/log/t0/${name}`, tile.level === 'entries' ? MAX_BUNDLE_BYTES : MAX_TILE_BYTES)
  }

  async #readFile(cid: CID): Promise<Uint8Array | undefined> {
    const known = this.#disk.read(cid)
    if (known !== undefined && isFileOf(cid, known)) return known
    if (known !== undefined) await rm(path.join(this.#options.folder, 'files', cid.toString()), { force: true })
    const bytes = await this.#fetch(`/files/${cid.toString()}`, MAX_LEDGER_FILE_BYTES)
    // what is not the file that was asked for is shown to the audit, and not kept
    if (bytes !== undefined && isFileOf(cid, bytes)) await this.#disk.write(cid, bytes)
    return bytes
  }

  async #fetch(at: string, most: number): Promise<Uint8Array | undefined> {
    const { dao, maxBytes, onFile } = this.#options
    // what came stays, and the next run goes on from there; no FatalError, which an audit would take for a fault of the file
    if (this.#bytes >= maxBytes)
      throw new RefusedError('COPY_TOO_LARGE', `${dao} gave ${this.#bytes} bytes; run the same again to go on, or raise --max-bytes`)
    const bytes = await fetched(this.#options, at, most)
    if (bytes === undefined) return undefined
    this.#bytes += bytes.byteLength
    onFile?.(++this.#count)
    return bytes
  }
}

/** Root of the first `old` entries and the proof that the log of `now` begins with them; undefined where these tiles do not bear that out. */
async function beginningOf(
  source: TileSource,
  old: number,
  now: Readonly<Checkpoint>,
): Promise<{ root: Uint8Array; proof: Uint8Array[] } | undefined> {
  const reader = new LogReader(source, now.size)
  try {
    const [root, proof] = [await reader.root(old), await reader.consistency(old)]
    return verifyConsistency(proof, { oldSize: old, oldRoot: root, size: now.size, root: now.root }) ? { root, proof } : undefined
  } catch (error) {
    // missing, or not a tile at all
    if (error instanceof FatalError) return undefined
    throw error
  }
}

/** Undefined where it is missing, or lies in what is no tile. */
async function entryOf(reader: LogReader, index: number): Promise<Uint8Array | undefined> {
  try {
    return await reader.entry(index)
  } catch (error) {
    if (error instanceof FatalError && error.code.startsWith('LOG_FILE_')) return undefined
    throw error
  }
}

function isSigned(note: Uint8Array, logKey: string): boolean {
  try {
    return openNote(note, keyring([parseVkey(logKey)])).verified.length > 0
  } catch {
    return false
  }
}

/** Undefined where it is not there. */
async function fetched({ dao }: LogCopyOptions, at: string, most: number): Promise<Uint8Array | undefined> {
  const { status, ok, bytes } = await ask(dao, at, most)
  if (status === 404) return undefined
  // no fault of the file: an audit would take a FatalError for one
  if (!ok) throw new RetryableError('HTTP_STATUS', `${dao}${at} answers ${status}; run the same again to go on`)
  return bytes
}
