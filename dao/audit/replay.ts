/** One replay: logs verified file by file, entries folded with files held against their CIDs, epochs and checkpoints compared. */
import { codeOf, FatalError } from '../../core/errors/index.ts'
import { type CID, decode, type Entry, equalBytes, isFileOf, MAX_ENTRY_BYTES } from '../../schemas/wire/index.ts'
import { epochTable, type Ledger, ledgerFilesNamed, quorum, seatedValidators } from '../ledger/index.ts'
import {
  type Checkpoint,
  CHECKPOINT_PATH,
  keyring,
  openNote,
  parseCheckpoint,
  parseLogOrigin,
  parseNote,
  parseVkey,
  peekCheckpoint,
  type TileSource,
  verifyLog,
} from '../log/index.ts'
import type { AuditedEpoch, AuditOptions, AuditProblem } from './report.ts'

interface VerifiedLog {
  /** What names its files in problems: empty for the only log, `t1/` for the second of several. */
  folder: string
  note: Uint8Array
  checkpoint: Checkpoint
  entries: Uint8Array[]
}

/** How many entries of the term before count, as the takeover in these bytes says; the fold then judges the certificate itself. */
function endOfTerm(bytes: Uint8Array): number {
  try {
    const { p } = decode(bytes, MAX_ENTRY_BYTES) as { p?: { certificate?: unknown } }
    const { note } = decode(p?.certificate as Uint8Array) as { note?: unknown }
    return peekCheckpoint(note as string).size
  } catch {
    return 0
  }
}

export class Replay {
  readonly problems: AuditProblem[] = []
  readonly epochs: Omit<AuditedEpoch, 'final'>[] = []
  verified = 0
  readonly #options: AuditOptions
  readonly #ledger: Ledger
  readonly #files: Map<string, Uint8Array>
  /** Files found wrong or missing, each named once. */
  readonly #named = new Set<string>()
  /** Files of revealed batches that are not here and that nothing has needed so far, with the entry that names them. */
  readonly #unneeded = new Map<string, number>()

  constructor(options: AuditOptions, ledger: Ledger, files: Map<string, Uint8Array>) {
    this.#options = options
    this.#ledger = ledger
    this.#files = files
  }

  /** See AuditReport. */
  get pending(): { where: string; entry: number }[] {
    return [...this.#unneeded].map(([cid, entry]) => ({ where: `files/${cid}`, entry }))
  }

  async run(): Promise<void> {
    const { log } = this.#options
    const logs = 'read' in log ? [log] : log
    const terms: VerifiedLog[] = []
    for (const [term, source] of logs.entries()) {
      const verified = await this.#verify(source, logs.length === 1 ? '' : `t${term}/`)
      if (!verified) return
      terms.push(verified)
    }
    for (const [term, { entries, note, checkpoint, folder }] of terms.entries()) {
      const next = terms[term + 1]?.entries[0]
      // a term counts up to where the next one's certificate says that it ends
      const end = next === undefined ? entries.length : endOfTerm(next)
      for (const entry of entries.slice(0, end)) if (!(await this.#fold(entry))) return
      if (term !== this.#ledger.state.term)
        return this.#problem('the log does not begin with a takeover that holds', `${folder}entry 0`, 'NO_TAKEOVER')
      this.#checkNote(note, checkpoint, { folder, isLast: next === undefined })
    }
  }

  /** Every tile and bundle of one log against its checkpoint. */
  async #verify(source: TileSource, folder: string): Promise<VerifiedLog | undefined> {
    const note = await source.read(CHECKPOINT_PATH)
    if (!note) return this.#problem('the log has no checkpoint', `${folder}${CHECKPOINT_PATH}`, 'LOG_FILE_MISSING')
    let checkpoint: Checkpoint
    try {
      checkpoint = parseCheckpoint(parseNote(note).text)
    } catch (thrown) {
      return this.#problem(messageOf(thrown), `${folder}${CHECKPOINT_PATH}`, codeOf(thrown))
    }
    const entries: Uint8Array[] = []
    const verdict = await verifyLog(source, checkpoint, (more) => entries.push(...more))
    if (!verdict.ok) return this.#problem(verdict.message, `${folder}${verdict.file}`, verdict.code)
    this.verified += verdict.files + 1
    return { folder, note, checkpoint, entries }
  }

  /** False when the replay cannot go on. */
  async #fold(bytes: Uint8Array): Promise<boolean> {
    const index = this.#ledger.state.size
    // a file may name others that the fold reads; one that is not there is named once, and nothing more comes of it
    for (let [wanted, before] = [this.#ledger.needs(bytes), -1]; wanted.length > 0 && before !== this.verified; ) {
      before = this.verified
      for (const cid of wanted) await this.#obtain(cid, index)
      wanted = this.#ledger.needs(bytes)
    }
    this.#compareClose(bytes)
    let entry: Entry | null
    try {
      entry = this.#ledger.apply(bytes).entry
    } catch (thrown) {
      // the file that is missing has been named already
      if (thrown instanceof FatalError && thrown.code === 'FILE_MISSING' && this.problems.length > 0) return false
      this.#problem(messageOf(thrown), `entry ${index}`, codeOf(thrown))
      return false
    }
    if (!entry) return this.#refused(index)
    for (const [i, cid] of ledgerFilesNamed(entry, { read: (named) => this.#files.get(named.toString()) }).entries()) {
      // its author attaches a manifest; index and sketches are pulled later, and needed once the batch counts: `needs` says so then.
      // So it is with a charter's policy, which the first contribution to the pool needs
      await this.#obtain(cid, index, i > 0)
    }
    return true
  }

  /** An illegal entry is a no-op; only without genesis is there no ledger at all. */
  #refused(index: number): boolean {
    const { id, operator, invalid } = this.#ledger.state
    if (index > 0 || operator !== '') return true
    const why = invalid.at(-1)
    this.#problem(
      `the log does not begin a ledger${id === '' ? '' : ` ${id}`}: ${why?.message ?? ''}`,
      'entry 0',
      why?.code ?? 'NO_GENESIS',
    )
    return false
  }

  async #obtain(cid: CID, index: number, mayCome = false): Promise<void> {
    const key = cid.toString()
    if (this.#files.has(key) || this.#named.has(key)) return
    const bytes = await this.#options.files.read(cid)
    const where = `files/${key}`
    this.#unneeded.delete(key)
    if (bytes === undefined && mayCome) return void this.#unneeded.set(key, index)
    if (bytes === undefined) this.#problem(`the file that entry ${index} needs is missing`, where, 'FILE_MISSING')
    else if (!isFileOf(cid, bytes)) this.#problem(`the bytes are not those that entry ${index} names`, where, 'FILE_BAD')
    else {
      this.#files.set(key, bytes)
      this.verified++
      return
    }
    this.#named.add(key)
  }

  /** Holds an `epoch.close` against our own table, legal or not, before the fold takes or refuses it. */
  #compareClose(bytes: Uint8Array): void {
    const checked = this.#closeOf(bytes)
    const { state } = this.#ledger
    if (!checked || state.epoch?.phase !== 'close' || state.epoch.table === null || checked.epoch !== state.epoch.number) return
    const computed = epochTable(state).root
    const matches = equalBytes(computed, checked.root)
    const known = this.epochs.findIndex((one) => one.epoch === checked.epoch)
    if (known >= 0 && this.epochs[known]?.matches) return
    if (known >= 0) this.epochs.splice(known, 1)
    this.epochs.push({ epoch: checked.epoch, root: checked.root, computed, matches })
    if (!matches)
      this.#problem(`entry ${state.size} states another root than the log gives`, `epoch ${checked.epoch}`, 'EPOCH_ROOT_MISMATCH')
  }

  /** The close that these bytes state, in the name of one who may. */
  #closeOf(bytes: Uint8Array): { epoch: number; root: Uint8Array } | undefined {
    const entry = this.#ledger.peek(bytes)
    const { operator, sequencer } = this.#ledger.state
    return entry?.t === 'epoch.close' && (entry.a === operator || entry.a === sequencer) ? entry.p : undefined
  }

  /** Signature of the log, and of the last one a quorum of the validators that the history itself seated. */
  #checkNote(note: Uint8Array, { origin, size }: Checkpoint, { folder, isLast }: { folder: string; isLast: boolean }): void {
    const { state } = this.#ledger
    const where = `${folder}${CHECKPOINT_PATH}`
    try {
      const place = parseLogOrigin(origin)
      if (place?.ledgerId !== state.id || place.term !== state.term)
        this.#problem(`the checkpoint is one of ${origin}`, where, 'WRONG_LEDGER')
      const log = parseVkey(state.logKey)
      const witnesses = seatedValidators(state).map((seat) => parseVkey(seat.statement.witness))
      const { verified } = openNote(note, keyring([log, ...witnesses]))
      if (!verified.some(({ key }) => equalBytes(key.publicKey, log.publicKey)))
        this.#problem('the log did not sign its checkpoint', where, 'NO_KNOWN_SIGNATURE')
      const cosigned = verified.filter(({ time }) => time !== null).length
      if (isLast && cosigned < quorum(state))
        this.#problem(`${cosigned} of ${quorum(state)} needed witnesses cosigned the checkpoint of ${size} entries`, where, 'NO_QUORUM')
    } catch (thrown) {
      this.#problem(messageOf(thrown), where, codeOf(thrown))
    }
  }

  #problem(what: string, where: string, code: string): undefined {
    this.problems.push({ what, where, code })
    return undefined
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
