/** Follows a ledger from whoever serves it: pulls entries, holds them against a cosigned checkpoint, then folds them. Trusts nobody's word. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf, QuernError, RetryableError } from '../../core/errors/index.ts'
import { type CID, DAG_PB, quorumOf } from '../../schemas/wire/index.ts'
import { createLedger, type Ledger, type LedgerState, seatedValidators } from '../ledger/index.ts'
import { CompactRange, leafHash, peekCheckpoint } from '../log/index.ts'
import { type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts'
import type { FileStore } from './ledger-file.ts'
import { Watchers } from './watchers.ts'

/** One page of a log as `logProtocol` answers it; `undefined` while nothing is published. */
export interface LogPage {
  checkpoint: string
  entries: Uint8Array[]
}
export type LogSource = (query: { from: number; limit: number; old: number }, signal: AbortSignal) => Promise<LogPage | undefined>
/** Bytes of a ledger file from somebody, unverified; undefined when nobody asked has it. */
export type FileSource = (cid: CID, signal: AbortSignal) => Promise<Uint8Array | undefined>

/** Several files of one block each in one question; verified, undefined for each that did not come or did not fit. */
export type FilesSource = (cids: CID[], signal: AbortSignal) => Promise<(Uint8Array | undefined)[]>

export interface FollowerOptions {
  ledgerId: string
  source: LogSource
  fetchFile: FileSource
  /** Asked before `fetchFile`, where news needs several files: a round trip for all of them. */
  fetchFiles?: FilesSource
  files: FileStore
  clock: Clock
  logger: Logger
  /** Folds phases, rosters and batches but computes no values: what a contributor needs, without anybody's index. */
  light?: boolean
  /** How long news is waited for to gather, in milliseconds. */
  hearMs?: number
  signal: AbortSignal
}

const PAGE = 512
const CATCH_UP_MS = 1000
/** Files asked for in one question: what a reply has room for when all are small, as almost all are. */
const MOST_AHEAD = 256

/** After so many refusals in a row for want of known cosignatures the seats are learnt anew; each further time after twice as many. */
const REFUSALS = 3

export class Follower {
  readonly #options: FollowerOptions
  #ledger: Ledger
  #range = new CompactRange()
  readonly #watchers = new Watchers()
  #checkpoint: OpenedCheckpoint | undefined
  #syncing: Promise<boolean> | undefined
  #isWaiting = false
  /** Checkpoints refused in a row because those seated as far as we know did not cosign them. */
  #refused = 0
  #learnAfter = REFUSALS

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#ledger = this.#emptyLedger()
  }

  /** The fold. Another object after the seats had to be learnt anew, so ask for it each time. */
  get ledger(): Ledger {
    return this.#ledger
  }

  get state(): LedgerState {
    return this.ledger.state
  }

  /** Called after every step forward. */
  onAdvance(listener: () => void): Disposable {
    return this.#watchers.watch(listener)
  }

  /** Pulls until the source has nothing newer; true when something came. One run at a time; a call meanwhile joins it. */
  sync(): Promise<boolean> {
    this.#syncing ??= this.#pull().finally(() => {
      this.#syncing = undefined
    })
    return this.#syncing
  }

  /** Syncs once, however often it takes to get through: what a role needs before it can begin. Rejects for what trying again does not mend. */
  async catchUp(): Promise<void> {
    const { clock, signal, logger } = this.#options
    for (;;) {
      try {
        await this.sync()
        return
      } catch (error) {
        if (signal.aborted || !(error instanceof RetryableError)) throw error
        logger.debug('catch-up-again', { code: error.code })
        await clock.sleep(CATCH_UP_MS, signal)
      }
    }
  }

  /** Somebody says that the log has grown: syncs soon, once for all that is heard meanwhile. A note that tells nothing new costs nothing. */
  hear(note: string): void {
    const size = sizeOf(note)
    if (size === undefined || size <= this.state.size) return
    if (this.#isWaiting) return
    this.#isWaiting = true
    void this.#syncSoon()
  }

  async #syncSoon(): Promise<void> {
    const { clock, hearMs = 50, signal, logger } = this.#options
    try {
      await clock.sleep(hearMs, signal)
      this.#isWaiting = false
      await this.sync()
    } catch (error) {
      // the regular run tries again, and says so when it fails too
      if (!signal.aborted) logger.debug('news-not-synced', { code: codeOf(error) })
    } finally {
      this.#isWaiting = false
    }
  }

  /** Syncs on `wake` and at least every `everyMs`, until the signal; faults are logged and tried again. */
  async run({ everyMs }: { everyMs: number }): Promise<void> {
    const { clock, signal, logger } = this.#options
    while (!signal.aborted) {
      try {
        await this.sync()
      } catch (error) {
        if (signal.aborted) return
        // what mends itself by waiting is no news to anybody
        logger[error instanceof RetryableError ? 'debug' : 'warn']('sync-failed', { code: codeOf(error), message: String(error) })
      }
      await clock.sleep(everyMs, signal).catch(() => undefined)
    }
  }

  async #pull(): Promise<boolean> {
    const { source, signal } = this.#options
    for (;;) {
      const before = this.state.size
      const page = await source({ from: before, limit: PAGE, old: before }, signal)
      if (page === undefined) return false
      const opened = openCheckpoint(page.checkpoint, { ledgerId: this.#options.ledgerId, logKey: this.state.logKey || undefined })
      if (opened.size < before) return false
      if (opened.size === before) {
        if (before > 0) this.#compareRoot(opened, this.#range.root())
        this.#accept(opened)
        return false
      }
      const entries = await this.#entriesUpTo(opened.size, page.entries)
      try {
        await this.#fold(opened, entries)
      } catch (error) {
        if (codeOf(error) !== 'NOT_COSIGNED' || !(await this.#learnSeats(opened, entries))) throw error
      }
      this.#refused = 0
      this.#learnAfter = REFUSALS
      this.#accept(opened)
      // the page carried the newest checkpoint there was; gossip tells of the next
      return true
    }
  }

  /**
   * For one who was away while more seats changed than a quorum can spare: no checkpoint of today carries enough names that it knows. It
   * reads the log from the beginning once more, as a start of its process would, and takes the seats that the log itself names; stricter than
   * a start, in that what it had folded must be in there unchanged and a quorum of those seats must have cosigned the end. False when they did not.
   */
  async #learnSeats(opened: OpenedCheckpoint, newer: Uint8Array[]): Promise<boolean> {
    if (++this.#refused < this.#learnAfter) return false
    this.#refused = 0
    this.#learnAfter *= 2
    const known = this.state.size
    const first = await this.#options.source({ from: 0, limit: PAGE, old: 0 }, this.#options.signal)
    const older = first === undefined ? [] : await this.#entriesUpTo(known, first.entries, 0)
    const range = new CompactRange()
    for (const entry of older) range.append(leafHash(entry))
    if (older.length < known || Buffer.compare(range.root(), this.#range.root()) !== 0)
      throw new QuernError('LOG_FORKED', `the log does not hold the ${known} entries that it gave before`, { detail: { size: known } })
    const ledger = this.#emptyLedger()
    for (const entry of [...older, ...newer]) {
      await this.#obtainFor(ledger, entry)
      ledger.apply(entry)
    }
    if (seatedValidators(ledger.state).length === 0 || !hasQuorum(ledger.state, opened)) return false
    for (const entry of newer) range.append(leafHash(entry))
    this.#ledger = ledger
    this.#range = range
    this.#options.logger.warn('seats-learnt-anew', { size: opened.size, from: known, seats: seatedValidators(ledger.state).length })
    return true
  }

  #emptyLedger(): Ledger {
    const { ledgerId, files, light = false } = this.#options
    return createLedger({ ledgerId, files, light })
  }

  async #entriesUpTo(size: number, first: Uint8Array[], start = this.state.size): Promise<Uint8Array[]> {
    const entries = [...first]
    while (start + entries.length < size) {
      const page = await this.#options.source({ from: start + entries.length, limit: PAGE, old: start }, this.#options.signal)
      if (page === undefined || page.entries.length === 0)
        throw new RetryableError('LOG_SHORT', `the log ends before its checkpoint of ${size} entries`)
      entries.push(...page.entries)
    }
    return entries.slice(0, size - start)
  }

  /** Nothing is folded before the entries hash to the checkpoint's root. */
  async #fold(opened: OpenedCheckpoint, entries: Uint8Array[]): Promise<void> {
    const trial = this.#range.clone()
    const leaves = entries.map(leafHash)
    for (const leaf of leaves) trial.append(leaf)
    this.#compareRoot(opened, trial.root())
    this.#requireQuorum(opened)
    for (const [i, entry] of entries.entries()) {
      if (i % PAGE === 0) await this.#readAhead(entries.slice(i, i + PAGE))
      await this.#obtainFor(this.ledger, entry)
      const { index, invalid } = this.ledger.apply(entry)
      this.#range.append(leaves[i] as Uint8Array)
      if (invalid) this.#options.logger.warn('invalid-entry', { index, code: invalid.code })
    }
  }

  #compareRoot(opened: OpenedCheckpoint, root: Uint8Array): void {
    if (Buffer.compare(opened.root, root) !== 0)
      throw new QuernError('LOG_FORKED', `entries do not hash to the checkpoint of size ${opened.size}; keep both as proof`, {
        detail: { size: opened.size },
      })
  }

  /** Cosignatures of validators seated in what we folded already; the first entries come before any seat. */
  #requireQuorum(opened: OpenedCheckpoint): void {
    if (this.state.size > 0 && !hasQuorum(this.state, opened))
      throw new RetryableError('NOT_COSIGNED', `too few of those seated as far as we know cosigned the checkpoint of size ${opened.size}`)
  }

  /** What comes this way need not be asked for one by one; what does not is asked for when its entry's turn comes. */
  async #readAhead(entries: readonly Uint8Array[]): Promise<void> {
    const { fetchFiles, files, signal, logger } = this.#options
    if (fetchFiles === undefined || entries.length < 2) return
    const wanted = new Map(entries.flatMap((entry) => this.ledger.needs(entry)).map((cid) => [cid.toString(), cid]))
    const cids = [...wanted.values()].filter(({ code }) => code !== DAG_PB).slice(0, MOST_AHEAD)
    if (cids.length < 2) return
    try {
      const found = await fetchFiles(cids, signal)
      for (const [i, cid] of cids.entries()) {
        const bytes = found[i]
        if (bytes !== undefined) await files.write(cid, bytes)
      }
    } catch (error) {
      signal.throwIfAborted()
      logger.debug('nothing-read-ahead', { code: codeOf(error) })
    }
  }

  /** All that applying the entry reads; a manifest may name more that is needed. */
  async #obtainFor(ledger: Ledger, entry: Uint8Array): Promise<void> {
    for (let wanted = ledger.needs(entry); wanted.length > 0; wanted = ledger.needs(entry))
      for (const cid of wanted) await this.#obtain(cid)
  }

  async #obtain(cid: CID): Promise<void> {
    const bytes = await this.#options.fetchFile(cid, this.#options.signal)
    if (bytes === undefined) throw new RetryableError('FILE_MISSING', `nobody has the ledger file ${cid.toString()} now`)
    await this.#options.files.write(cid, bytes)
  }

  #accept(opened: OpenedCheckpoint): void {
    const isNews = this.#checkpoint === undefined || this.#checkpoint.size < opened.size
    this.#checkpoint = opened
    if (isNews) this.#watchers.tell()
  }
}

/** Whether a quorum of those seated in this state cosigned; so does everybody where nobody is seated. */
function hasQuorum(state: LedgerState, opened: OpenedCheckpoint): boolean {
  const seated = seatedValidators(state)
  if (seated.length === 0) return true
  return opened.cosignedBy(seated.map((seat) => seat.statement.witness)).length >= quorumOf(state.charter, seated.length)
}

function sizeOf(note: string): number | undefined {
  try {
    return peekCheckpoint(note).size
  } catch {
    return undefined
  }
}
