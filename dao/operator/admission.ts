/** The door of the log: whether an entry would be legal as the next one, with the files that come with it. */
import { verifyEntry } from '../../core/envelope/index.ts'
import { type CID, isFileOf } from '../../schemas/wire/index.ts'
import { type FileStore, MAX_LEDGER_FILE_BYTES } from '../follower/index.ts'
import { createLedger, type Ledger, ledgerFilesNamed } from '../ledger/index.ts'
import type { Admission as Verdict } from '../sequencer/index.ts'

export interface Refused {
  status: 'refused'
  code: string
  message: string
}

interface AttachedFile {
  cid: CID
  bytes: Uint8Array
}

export class Admission {
  readonly ledger: Ledger
  readonly #ledgerId: string
  readonly #files: FileStore
  /** Files of an entry that is being looked at, before it deserves a place on our disk. */
  readonly #offered = new Map<string, Uint8Array>()

  constructor({ ledgerId, files }: { ledgerId: string; files: FileStore }) {
    this.#ledgerId = ledgerId
    this.#files = files
    this.ledger = createLedger({ ledgerId, files: { read: (cid) => this.#offered.get(cid.toString()) ?? files.read(cid) } })
  }

  /** Keeps the files that come with an entry, once it is clear that the entry would be logged: a stranger's files must not fill the disk. */
  async takeFiles(entry: Uint8Array, files: readonly Uint8Array[]): Promise<Refused | undefined> {
    const verdict = verifyEntry(entry, this.#ledgerId)
    if (!verdict.ok) return { status: 'refused', code: verdict.code, message: verdict.message }
    // what a manifest names is named by its entry as well
    const named = ledgerFilesNamed(verdict.entry, { read: (cid) => files.find((bytes) => isFileOf(cid, bytes)) ?? this.#files.read(cid) })
    const fresh: AttachedFile[] = []
    for (const bytes of files) {
      const cid = bytes.byteLength <= MAX_LEDGER_FILE_BYTES ? named.find((one) => isFileOf(one, bytes)) : undefined
      if (cid === undefined) return { status: 'refused', code: 'FILE_NOT_NAMED', message: 'an attached file is not named by the entry' }
      if (this.#files.read(cid) === undefined) fresh.push({ cid, bytes })
    }
    const refusal = fresh.length === 0 ? undefined : this.#refusalWith(entry, fresh)
    if (refusal) return refusal
    for (const { cid, bytes } of fresh) await this.#files.write(cid, bytes)
    return undefined
  }

  /** Folds the entry when it is legal: it is the next one of the log then. */
  admit(entry: Uint8Array): Verdict {
    const verdict = this.#judge(entry)
    if (verdict.ok) this.ledger.apply(entry)
    return verdict
  }

  #refusalWith(entry: Uint8Array, fresh: readonly AttachedFile[]): Refused | undefined {
    for (const { cid, bytes } of fresh) this.#offered.set(cid.toString(), bytes)
    try {
      const verdict = this.#judge(entry)
      return verdict.ok ? undefined : { status: 'refused', code: verdict.code, message: verdict.message }
    } finally {
      this.#offered.clear()
    }
  }

  #judge(entry: Uint8Array): Verdict {
    const missing = this.ledger.needs(entry)
    if (missing.length > 0) return { ok: false, code: 'FILE_MISSING', message: `attach the file ${missing[0]?.toString()}` }
    const verdict = this.ledger.check(entry)
    return verdict.ok ? { ok: true } : { ok: false, code: verdict.code, message: verdict.message.slice(0, 500) }
  }
}
