/** The ledger's files: what entries name by CID. */
import { QuernError } from '../../core/errors/index.ts'
import { type CID, isFileOf } from '../../schemas/wire/index.ts'
import type { LedgerFiles } from '../ledger/index.ts'

/** A ledger file is never larger; the largest is a fraud proof. */
export const MAX_LEDGER_FILE_BYTES = 16 << 20

export interface FileStore extends LedgerFiles {
  /** Stores bytes that `cid` names; throws FILE_MISMATCH otherwise. Durable when it resolves. */
  write(cid: CID, bytes: Uint8Array): Promise<void>
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
