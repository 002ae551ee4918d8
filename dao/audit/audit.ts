/**
 * The whole replay: a copy of a log's folder in, "every number in it follows from it" or the first thing that does not out.
 * Nobody is asked and nobody is trusted; the keys come from the log itself, so the ledger's id is the one thing to know beforehand.
 */
import { FatalError, QuernError } from '../../core/errors/index.ts'
import { type CID, type Entry, equalBytes, fileCid, matchesCid } from '../../schemas/wire/index.ts'
import { createLedger, epochTable, type Ledger, ledgerFilesNamed, type LedgerState, quorum, seatedValidators } from '../ledger/index.ts'
import {
  type Checkpoint,
  CHECKPOINT_PATH,
  keyring,
  openNote,
  parseCheckpoint,
  parseLogOrigin,
  parseNote,
  parseVkey,
  type TileSource,
  verifyLog,
} from '../log/index.ts'

export interface AuditOptions {
  /** The log's files: `checkpoint`, `tile/…`. */
  log: TileSource
  /** The ledger's files by CID, from anywhere: every one is held against its CID here. */
  files: { read(cid: CID): Uint8Array | undefined | Promise<Uint8Array | undefined> }
  /** Which ledger it must be; absent: whichever the log says. */
  ledgerId?: string
}

export interface AuditProblem {
  /** In words. */
  what: string
  /** Path of the file, `entry N` or `epoch N`. */
  where: string
  code: string
}

export interface AuditedEpoch {
  epoch: number
  /** Root that the log states. */
  root: Uint8Array
  /** Root that this replay computed; null when it could not. */
  computed: Uint8Array | null
  matches: boolean
  /** A quorum attested it. */
  final: boolean
}

export interface AuditReport {
  /** Nothing is wrong and nothing is missing. */
  ok: boolean
  ledger: string
  size: number
  /** Tiles, bundles and ledger files that were read and verified. */
  verified: number
  epochs: AuditedEpoch[]
  problems: AuditProblem[]
  /** Entries that broke a rule: no-ops, and no problem of the log. */
  invalid: { index: number; code: string; message: string }[]
  /** State of the replay up to where it could go. */
  state: LedgerState
}

/** Replays a log from its files. Does not throw for anything that is wrong with them. */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const files = new Map<string, Uint8Array>()
  const ledger = createLedger({ ledgerId: options.ledgerId ?? '', files: { read: (cid) => files.get(cid.toString()) } })
  const replay = new Replay(options, ledger, files)
  await replay.run()
  const { state } = ledger
  return {
    ok: replay.problems.length === 0,
    ledger: state.id,
    size: state.size,
    verified: replay.verified,
    epochs: replay.epochs.map((one) => ({ ...one, final: state.results.find(({ epoch }) => epoch === one.epoch)?.final ?? false })),
    problems: replay.problems,
    invalid: state.invalid,
    state,
  }
}

class Replay {
  readonly problems: AuditProblem[] = []
  readonly epochs: Omit<AuditedEpoch, 'final'>[] = []
  verified = 0
  readonly #options: AuditOptions
  readonly #ledger: Ledger
  readonly #files: Map<string, Uint8Array>
  /** Files found wrong or missing, each named once. */
  readonly #named = new Set<string>()

  constructor(options: AuditOptions, ledger: Ledger, files: Map<string, Uint8Array>) {
    this.#options = options
    this.#ledger = ledger
    this.#files = files
  }

  async run(): Promise<void> {
    const { log } = this.#options
    const noteBytes = await log.read(CHECKPOINT_PATH)
    if (!noteBytes) return this.#problem('the log has no checkpoint', CHECKPOINT_PATH, 'LOG_FILE_MISSING')
    let checkpoint: Checkpoint
    try {
      checkpoint = parseCheckpoint(parseNote(noteBytes).text)
    } catch (thrown) {
      return this.#problem(messageOf(thrown), CHECKPOINT_PATH, codeOf(thrown))
    }
    const entries: Uint8Array[] = []
    const verdict = await verifyLog(log, checkpoint, (more) => entries.push(...more))
    if (verdict.ok) this.verified += verdict.files + 1
    else return this.#problem(verdict.message, verdict.file, verdict.code)
    for (const [index, entry] of entries.entries()) if (!(await this.#fold(entry, index))) return
    this.#checkNote(noteBytes, checkpoint)
  }

  /** False when the replay cannot go on. */
  async #fold(bytes: Uint8Array, index: number): Promise<boolean> {
    for (const cid of this.#ledger.needs(bytes)) await this.#obtain(cid, index)
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
    for (const cid of ledgerFilesNamed(entry, { read: (named) => this.#files.get(named.toString()) })) await this.#obtain(cid, index)
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

  async #obtain(cid: CID, index: number): Promise<void> {
    const key = cid.toString()
    if (this.#files.has(key) || this.#named.has(key)) return
    const bytes = await this.#options.files.read(cid)
    const where = `files/${key}`
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

  /** The close that these bytes state in the operator's name. */
  #closeOf(bytes: Uint8Array): { epoch: number; root: Uint8Array } | undefined {
    const entry = this.#ledger.peek(bytes)
    return entry?.t === 'epoch.close' && entry.a === this.#ledger.state.operator ? entry.p : undefined
  }

  /** Signature of the log, and a quorum of the validators that the log itself seated. */
  #checkNote(note: Uint8Array, { origin, size }: Checkpoint): void {
    const { state } = this.#ledger
    try {
      if (parseLogOrigin(origin)?.ledgerId !== state.id)
        this.#problem(`the checkpoint is one of ${origin}`, CHECKPOINT_PATH, 'WRONG_LEDGER')
      const log = parseVkey(state.logKey)
      const witnesses = seatedValidators(state).map((seat) => parseVkey(seat.statement.witness))
      const { verified } = openNote(note, keyring([log, ...witnesses]))
      if (!verified.some(({ key }) => equalBytes(key.publicKey, log.publicKey)))
        this.#problem('the log did not sign its checkpoint', CHECKPOINT_PATH, 'NO_KNOWN_SIGNATURE')
      const cosigned = verified.filter(({ time }) => time !== null).length
      if (cosigned < quorum(state))
        this.#problem(
          `${cosigned} of ${quorum(state)} needed witnesses cosigned the checkpoint of ${size} entries`,
          CHECKPOINT_PATH,
          'NO_QUORUM',
        )
    } catch (thrown) {
      this.#problem(messageOf(thrown), CHECKPOINT_PATH, codeOf(thrown))
    }
  }

  #problem(what: string, where: string, code: string): void {
    this.problems.push({ what, where, code })
  }
}

/** A dag-pb CID names the content of a UnixFS file of the named profile; any other names the bytes themselves. */
const isFileOf = (cid: CID, bytes: Uint8Array): boolean => (cid.code === 0x70 ? fileCid(bytes).equals(cid) : matchesCid(cid, bytes))
const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
const codeOf = (thrown: unknown): string => (thrown instanceof QuernError ? thrown.code : 'INTERNAL')
