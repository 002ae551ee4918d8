/** The ledger's files: what entries name by CID. A dag-cbor or raw CID names the bytes themselves, a dag-pb CID the content of a UnixFS file of the named profile. */
import { QuernError } from '../../core/errors/index.ts'
import { chunkFile, type CID, matchesCid } from '../../schemas/wire/index.ts'
import type { LedgerFiles } from '../ledger/index.ts'

/** A ledger file is never larger; the largest is a fraud proof. */
export const MAX_LEDGER_FILE_BYTES = 16 << 20

const DAG_PB = 0x70

export interface FileStore extends LedgerFiles {
  /** Stores bytes that `cid` names; throws FILE_MISMATCH otherwise. Durable when it resolves. */
  write(cid: CID, bytes: Uint8Array): Promise<void>
}

export function isFileOf(cid: CID, bytes: Uint8Array): boolean {
  return cid.code === DAG_PB ? chunkFile(bytes).root.equals(cid) : matchesCid(cid, bytes)
}

export function assertFileOf(cid: CID, bytes: Uint8Array): void {
  if (!isFileOf(cid, bytes)) throw new QuernError('FILE_MISMATCH', `bytes are not those of ${cid.toString()}`)
}

/** Keeps files in memory: tests and the simulated world. */
export class MemoryFiles implements FileStore {
  readonly #files = new Map<string, Uint8Array>()
  read(cid: CID): Uint8Array | undefined {
    return this.#files.get(cid.toString())
  }
  async write(cid: CID, bytes: Uint8Array): Promise<void> {
    const key = cid.toString()
    if (this.#files.has(key)) return
    assertFileOf(cid, bytes)
    this.#files.set(key, bytes)
  }
}
