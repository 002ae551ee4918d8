/**
 * The DAO's service: it orders the log, names the seats, moves the phases, holds what was revealed, closes epochs and cuts releases.
 * Nothing it says has to be believed: every entry is checked by the same pure fold that everyone else runs.
 */
import { Lru } from '../../core/cache/index.ts'
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import { signObject, verifyEntry, verifyShaped } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  checkpointTopic,
  helloProtocol,
  logProtocol,
  type Mesh,
  readyProtocol,
  receiptProtocol,
  submitProtocol,
  witnessProtocol,
} from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import {
  cborCid,
  charter as charterShape,
  type CID,
  didFromPeer,
  encode,
  ledgerIdOf,
  MAX_CHARTER_BYTES,
  parse,
  type Payload,
  peerFromDid,
  type ValidatorStatement,
} from '../../schemas/wire/index.ts'
import {
  type FileStore,
  isFileOf,
  type KnownPeer,
  MAX_LEDGER_FILE_BYTES,
  Outbox,
  type Role,
  serveBlocks,
  Steps,
} from '../follower/index.ts'
import {
  createLedger,
  type Ledger,
  ledgerFilesNamed,
  type LedgerState,
  mayAdvance,
  mayBeSeated,
  phaseOf,
  quorum,
  RULES_VERSION,
  seatedValidators,
  type ValidatorState,
} from '../ledger/index.ts'
import { type LogStore, logVkey, peekCheckpoint, type WitnessClient } from '../log/index.ts'
import { type Admission, openSequencer, type Sequencer } from '../sequencer/index.ts'
import { pageOf } from './page.ts'
import { isPhaseDone } from './phase-plan.ts'
import { Replicas } from './replicas.ts'

export interface OperatorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  logStore: LogStore
  /** The operator's account, and the key of the log's first term. */
  signer: Signer
  logKey: Signer
  /** Canonical bytes of the genesis charter; only read when the log is empty. */
  charter: Uint8Array
  logger: Logger
  /** Cuts a release after an epoch became final: its entry's payload, or undefined when there is nothing to release. */
  release?: (operator: Operator, epoch: number) => Promise<Payload<'release'> | undefined>
  /** Moves the phases by itself; without it an operator's command does. Default true. */
  advance?: boolean
  pollMs?: number
  /** How long entries wait for company before they are integrated, in milliseconds. */
  intervalMs?: number
  onProgress?: (progress: OperatorProgress) => void
}

export type OperatorProgress =
  | { what: 'phase'; epoch: number; phase: string }
  | { what: 'closed'; epoch: number }
  | { what: 'final'; epoch: number }
  | { what: 'released'; epoch: number; release: string }
  | { what: 'seated' | 'joined'; account: string }

const PAGE = 512
/** What `logProtocol` answers; shared, so nobody may change it. */
type LogPage = Readonly<{ status: 'ok'; checkpoint: string; consistency: Uint8Array[]; entries: Uint8Array[] }>
/** Pages of at most so many entries are remembered for the next follower. */
const SHARED_PAGE = 32
const TERM = 0
const RECEIPT_SECONDS = 600
/** Peers remembered by their hello; the least recent ones are forgotten, and say hello again when they need to. */
const MAX_KNOWN = 4096

export class Operator {
  readonly #options: OperatorOptions
  readonly #stop = new AbortController()
  readonly #stack = new AsyncDisposableStack()
  readonly #known = new Map<string, KnownPeer>()
  /** Files of an entry that is being looked at, before it deserves a place on our disk. */
  readonly #offered = new Map<string, Uint8Array>()
  readonly #pages = new Lru<string, LogPage>(16)
  readonly #seating = new Set<string>()
  readonly #ready = new Map<string, Set<string>>()
  readonly ledgerId: string
  readonly ledger: Ledger
  #sequencer!: Sequencer
  #outbox!: Outbox
  #replicas!: Replicas
  #steps!: Steps
  #phase = { key: '', since: 0 }
  #released = 0
  #announced = 0
  readonly #watchers = new Set<() => void>()

  private constructor(options: OperatorOptions) {
    this.#options = options
    this.ledgerId = ledgerIdOf(cborCid(options.charter))
    this.ledger = createLedger({
      ledgerId: this.ledgerId,
      files: { read: (cid) => this.#offered.get(cid.toString()) ?? options.files.read(cid) },
    })
  }

  /** Opens the log where it was left, writes genesis into an empty one, then serves until disposed. */
  static async start(options: OperatorOptions): Promise<Operator> {
    const operator = new Operator(options)
    try {
      await operator.#open()
    } catch (error) {
      await operator[Symbol.asyncDispose]()
      throw error
    }
    return operator
  }

  get state(): LedgerState {
    return this.ledger.state
  }

  get sequencer(): Sequencer {
    return this.#sequencer
  }

  get storage(): Storage {
    return this.#options.storage
  }

  get logStore(): LogStore {
    return this.#options.logStore
  }

  get files(): FileStore {
    return this.#options.files
  }

  /** Everyone who said hello since the start. */
  get known(): ReadonlyMap<string, KnownPeer> {
    return this.#known
  }

  /** Entry bytes from a client of the HTTP API or the mesh; see submitProtocol. */
  async submit(
    entry: Uint8Array,
    files: Uint8Array[],
  ): Promise<{ status: 'receipt'; receipt: Uint8Array } | { status: 'refused'; code: string; message: string }> {
    const verdict = verifyEntry(entry, this.ledgerId)
    if (!verdict.ok) return { status: 'refused', code: verdict.code, message: verdict.message }
    const named = ledgerFilesNamed(verdict.entry)
    const fresh: { cid: CID; bytes: Uint8Array }[] = []
    for (const bytes of files) {
      const cid = bytes.byteLength <= MAX_LEDGER_FILE_BYTES ? named.find((one) => isFileOf(one, bytes)) : undefined
      if (cid === undefined) return { status: 'refused', code: 'FILE_NOT_NAMED', message: 'an attached file is not named by the entry' }
      if (this.#options.files.read(cid) === undefined) fresh.push({ cid, bytes })
    }
    const refusal = fresh.length === 0 ? undefined : this.#refusalWith(entry, fresh)
    if (refusal) return refusal
    for (const { cid, bytes } of fresh) await this.#options.files.write(cid, bytes)
    const result = await this.#sequencer.submit(entry)
    if (result.status === 'refused') return result
    const { clock, signer } = this.#options
    const receipt = signObject(
      'submit-receipt',
      {
        v: 1 as const,
        ledger: this.ledgerId,
        leafHash: result.leafHash,
        deadline: Math.floor(clock.now() / 1000) + RECEIPT_SECONDS,
        by: signer.did,
      },
      signer,
    )
    return { status: 'receipt', receipt: encode(receipt) }
  }

  /** Signs and logs an entry of the operator's own. `key` names the deed, so that a restart does not repeat it. */
  readonly write: Outbox['write'] = (t, p, rest) => this.#outbox.write(t, p, rest)

  /** Ends the current phase if the rules allow it now; says why not otherwise. */
  async advance(): Promise<{ ok: true } | { ok: false; reason: string }> {
    const note = this.#sequencer.checkpoint() ?? ''
    const verdict = mayAdvance(this.state, note)
    if (!verdict.ok) return { ok: false, reason: verdict.reason }
    const { epoch, phase } = verdict.next
    await this.#outbox.write(
      'epoch.phase',
      { epoch, phase, note: epoch === 1 && phase === 'gather' && !this.#isCosigned(note) ? '' : note },
      { key: `phase/${epoch}/${phase}` },
    )
    this.#options.onProgress?.({ what: 'phase', epoch, phase })
    return { ok: true }
  }

  /** Called after every step. */
  watch(listener: () => void): Disposable {
    this.#watchers.add(listener)
    return { [Symbol.dispose]: () => void this.#watchers.delete(listener) }
  }

  /** Resolves with the first value that `look` gives, looking again after every step. */
  until<T>(look: (state: LedgerState) => T | undefined, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const check = (): void => {
        const found = look(this.state)
        if (found === undefined && !signal.aborted) return
        this.#watchers.delete(check)
        signal.removeEventListener('abort', check)
        if (found === undefined) reject(signal.reason as Error)
        else resolve(found)
      }
      this.#watchers.add(check)
      signal.addEventListener('abort', check, { once: true })
      check()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, logStore, signer, logKey, charter, clock, logger, pollMs = 1000 } = this.#options
    const { signal } = this.#stop
    parse(charterShape, charter, MAX_CHARTER_BYTES)
    await files.write(cborCid(charter), charter)
    this.#sequencer = this.#stack.use(
      await openSequencer({
        ledgerId: this.ledgerId,
        term: TERM,
        logKey,
        store: logStore,
        kv,
        clock,
        logger,
        admit: (entry) => this.#admit(entry),
        replay: { from: 0, apply: (entry) => void this.ledger.apply(entry) },
        onIntegrated: () => this.#steps?.wake(),
        witnesses: () => this.#witnesses(),
        quorum: () => quorum(this.state),
        publish: (note) => this.#publish(note),
        intervalMs: this.#options.intervalMs ?? 20,
        heartbeatMs: this.#heartbeat(charter),
      }),
    )
    this.#outbox = await Outbox.open({
      ledgerId: this.ledgerId,
      signer,
      kv,
      submit: async (entry, attached) => {
        const result = await this.submit(entry, attached)
        return result.status === 'receipt' ? { status: 'receipt' } : result
      },
      clock,
      logger,
      nextN: () => this.state.authors.get(signer.did) ?? 0,
      signal,
    })
    this.#replicas = this.#stack.use(
      new Replicas({
        mesh,
        storage,
        files,
        kv,
        signer,
        clock,
        logger: logger.child('replicas'),
        signal,
        state: () => this.state,
        onHeld: () => this.#steps?.wake(),
      }),
    )
    if (this.state.size === 0)
      await this.#outbox.write(
        'genesis',
        { charter: cborCid(charter), log: logVkey(this.ledgerId, TERM, logKey.publicKey) },
        { key: 'genesis', files: [charter] },
      )
    this.#steps = this.#stack.use(new Steps({ step: () => this.#act(), clock, logger, signal, everyMs: pollMs }))
    this.#serve()
    this.#stack.use(mesh.onPeer(() => this.#sequencer.nudge()))
    this.#stack.use(mesh.subscribe(checkpointTopic(this.ledgerId), () => undefined))
    this.#steps.wake()
  }

  /** Phases with a minimum of seconds need fresh cosignature times now and then. */
  #heartbeat(charter: Uint8Array): number {
    const rules = parse(charterShape, charter, MAX_CHARTER_BYTES)
    const least = Math.min(
      ...Object.values(rules.epoch)
        .map((limits) => (typeof limits === 'object' ? limits.minSeconds : 0))
        .filter((s) => s > 0),
      60,
    )
    return Math.max(1, Math.floor(least / 2)) * 1000
  }

  #serve(): void {
    const { mesh, storage, files } = this.#options
    this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: () => false }))
    this.#stack.use(mesh.handle(helloProtocol, ({ role, addresses, seat }, { peer }) => this.#hello(peer, role, addresses, seat)))
    this.#stack.use(mesh.handle(submitProtocol, ({ entry, files: attached }) => this.submit(entry, attached)))
    this.#stack.use(mesh.handle(logProtocol, ({ from, limit, old }) => this.#page(from, limit, old)))
    this.#stack.use(
      mesh.handle(receiptProtocol, async ({ manifest }) => {
        const found = await this.#replicas.receipt(manifest)
        if (found === undefined) return { status: 'unknown' as const }
        return found instanceof Uint8Array ? { status: 'receipt' as const, receipt: found } : { status: 'pending' as const, ...found }
      }),
    )
    this.#stack.use(
      mesh.handle(readyProtocol, async ({ epoch, phase }, { peer }) => {
        const key = `${epoch}/${phase}`
        const said = this.#ready.get(key) ?? new Set()
        said.add(didFromPeer(peer))
        if (key === this.#phaseKey()) this.#ready.set(key, said)
        this.#steps.wake()
        return { status: 'noted' as const }
      }),
    )
  }

  /** Why an entry would be refused although its files came with it: a stranger's files must not fill the disk. */
  #refusalWith(
    entry: Uint8Array,
    fresh: { cid: CID; bytes: Uint8Array }[],
  ): { status: 'refused'; code: string; message: string } | undefined {
    for (const { cid, bytes } of fresh) this.#offered.set(cid.toString(), bytes)
    try {
      const verdict = this.#judge(entry)
      return verdict.ok ? undefined : { status: 'refused', code: verdict.code, message: verdict.message }
    } finally {
      this.#offered.clear()
    }
  }

  #admit(entry: Uint8Array): Admission {
    const verdict = this.#judge(entry)
    if (verdict.ok) this.ledger.apply(entry)
    return verdict
  }

  #judge(entry: Uint8Array): Admission {
    const missing = this.ledger.needs(entry)
    if (missing.length > 0) return { ok: false, code: 'FILE_MISSING', message: `attach the file ${missing[0]?.toString()}` }
    const verdict = this.ledger.check(entry)
    return verdict.ok ? { ok: true } : { ok: false, code: verdict.code, message: verdict.message.slice(0, 500) }
  }

  #witnesses(): WitnessClient[] {
    const { mesh } = this.#options
    return [...seatedValidators(this.state), ...this.#lostSeats()].map(({ statement }) => ({
      name: statement.validator,
      vkey: statement.witness,
      addCheckpoint: (body, signal) => mesh.ask(peerFromDid(statement.validator), witnessProtocol, { body }, { signal }),
    }))
  }

  /**
   * Validators that lost their seat since the last roster was fixed. Who has not folded the loss yet asks for a quorum of the seats as they were,
   * so a checkpoint without these lines could keep every replica from ever reading why they are gone.
   */
  #lostSeats(): ValidatorState[] {
    const { epoch, results, validators } = this.state
    const roster = epoch !== null && epoch.cut >= 0 ? epoch.roster : (results.at(-1)?.roster ?? [])
    return roster.flatMap((account) => {
      const seat = validators.get(account)
      return seat === undefined || seat.active ? [] : [seat]
    })
  }

  #publish(note: string): void {
    void this.#options.mesh.publish(checkpointTopic(this.ledgerId), { note }).catch(() => undefined)
    this.#steps?.wake()
  }

  async #hello(peer: string, role: Role, addresses: string[], seat: ValidatorStatement | null) {
    const did = didFromPeer(peer)
    this.#known.delete(did)
    if (this.#known.size >= MAX_KNOWN) this.#forgetOne()
    this.#known.set(did, { did, role, addresses: addresses.filter((address) => address.endsWith(`/p2p/${peer}`)) })
    if (seat !== null && seat.validator === did) this.#seat(seat)
    const seated = new Set(seatedValidators(this.state).map((one) => one.statement.validator))
    const peers = [...this.#known.values()].filter((one) => seated.has(one.did))
    return { role: 'dao' as const, ledger: this.ledgerId, peers }
  }

  /** The least recent peer without a seat: a crowd of strangers must not make us forget where validators are. */
  #forgetOne(): void {
    for (const did of this.#known.keys()) if (!this.state.validators.has(did)) return void this.#known.delete(did)
  }

  #seat(statement: ValidatorStatement): void {
    const account = statement.validator
    if (this.state.validators.has(account) || this.#seating.has(account) || mayBeSeated(this.state, statement) !== undefined) return
    if (!verifyShaped(statement, 'validator', 'validator').ok) return
    this.#seating.add(account)
    void this.#outbox
      .write('roster', { add: [statement], remove: [] }, { key: `seat/${account}` })
      .then(() => this.#options.onProgress?.({ what: 'seated', account }))
      .catch((error: unknown) => this.#options.logger.warn('seat-refused', { account, code: codeOf(error) }))
      .finally(() => this.#seating.delete(account))
  }

  async #page(from: number, limit: number, old: number): Promise<LogPage | { status: 'empty' }> {
    const checkpoint = this.#sequencer.checkpoint()
    if (checkpoint === undefined) return { status: 'empty' as const }
    // followers ask for the same pages of the same checkpoint, one after the other
    const key = `${from} ${limit} ${old} ${checkpoint}`
    const known = this.#pages.get(key)
    if (known !== undefined) return known
    const { size } = peekCheckpoint(checkpoint)
    const start = Math.min(from, size)
    const entries = pageOf(await this.#sequencer.reader.entries(start, Math.min(size, start + Math.min(limit, PAGE))))
    const consistency = old > 0 && old <= size ? await this.#sequencer.reader.consistency(old, size) : []
    const page = Object.freeze({ status: 'ok' as const, checkpoint, consistency, entries })
    // a role that begins takes megabytes, and takes them once
    if (entries.length <= SHARED_PAGE) this.#pages.set(key, page)
    return page
  }

  #phaseKey(): string {
    const { epoch } = this.state
    return epoch === null ? '' : `${epoch.number}/${epoch.phase}`
  }

  async #act(): Promise<void> {
    await this.#outbox.settle()
    const covered = this.#sequencer.checkpoint()
    this.#replicas.tend(covered === undefined ? 0 : peekCheckpoint(covered).size)
    const { clock } = this.#options
    const key = this.#phaseKey()
    if (this.#phase.key !== key) {
      this.#phase = { key, since: clock.now() }
      for (const other of this.#ready.keys()) if (other !== key) this.#ready.delete(other)
    }
    await this.#close()
    await this.#releaseWhenDue()
    if (this.#options.advance ?? true) await this.#advanceWhenDone()
    for (const watcher of this.#watchers) watcher()
  }

  async #advanceWhenDone(): Promise<void> {
    const { mesh, clock, logger } = this.#options
    const connected = new Set(mesh.peers().map(didOrEmpty))
    const view = { ready: this.#ready.get(this.#phase.key) ?? new Set<string>(), connected, elapsedMs: clock.now() - this.#phase.since }
    if (!isPhaseDone(this.state, view)) return
    const { next } = phaseOf(this.state)
    if (this.#outbox.has(`phase/${next.epoch}/${next.phase}`)) return
    if (next.phase === 'test' && this.#lacksFiles())
      return logger.debug('phase-waits', { reason: 'files of a counted batch are still on their way' })
    const verdict = await this.advance()
    if (!verdict.ok) logger.debug('phase-waits', { reason: verdict.reason })
  }

  /** Values are computed at the `test` entry, from the index and sketches of every batch that counts. */
  #lacksFiles(): boolean {
    const { epoch, batches } = this.state
    const { files } = this.#options
    return [...batches.values()].some(
      (batch) =>
        epoch?.batches.includes(batch.manifestCid.toString()) === true &&
        [batch.manifest.index, batch.manifest.sketches].some((cid) => files.read(cid) === undefined),
    )
  }

  /** Publishes the table that the fold computed; whoever recomputes it attests. */
  async #close(): Promise<void> {
    const { epoch } = this.state
    if (epoch?.phase !== 'close' || epoch.table === null || epoch.close !== null || this.#outbox.has(`close/${epoch.number}`)) return
    const { root, bytes, cid } = epoch.table
    await this.#outbox.write(
      'epoch.close',
      { epoch: epoch.number, cut: epoch.cut, root, table: cid, rules: RULES_VERSION },
      { key: `close/${epoch.number}`, files: [bytes] },
    )
    this.#options.onProgress?.({ what: 'closed', epoch: epoch.number })
  }

  async #releaseWhenDue(): Promise<void> {
    const last = this.state.results.at(-1)
    const { release, logger, onProgress } = this.#options
    if (release === undefined || last === undefined || !last.final || this.#released >= last.epoch) return
    if (this.state.releases.some((known) => known.throughEpoch >= last.epoch)) {
      this.#released = last.epoch
      return
    }
    if (this.#announced < last.epoch) onProgress?.({ what: 'final', epoch: last.epoch })
    this.#announced = last.epoch
    if (!(await this.#holdsCounted())) return logger.debug('release-waits', { epoch: last.epoch })
    this.#released = last.epoch
    try {
      const payload = await release(this, last.epoch)
      if (payload === undefined) return
      await this.#outbox.write('release', payload, { key: `release/${last.epoch}` })
      onProgress?.({ what: 'released', epoch: last.epoch, release: payload.release.toString() })
    } catch (error) {
      if (this.#stop.signal.aborted) return
      logger.error('release-failed', {
        epoch: last.epoch,
        code: codeOf(error),
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }

  /** Every batch that may be in the release is here; what nobody gives any more is not waited for beyond the phase's limit. */
  async #holdsCounted(): Promise<boolean> {
    const { epoch, charter, batches } = this.state
    const late = epoch !== null && this.#options.clock.now() - this.#phase.since >= charter.epoch[epoch.phase].maxSeconds * 1000
    if (late) return true
    for (const batch of batches.values())
      if (batch.settled && batch.voided === null && !(await this.#replicas.holdsAll(batch))) return false
    return true
  }

  #isCosigned(note: string): boolean {
    return note !== '' && quorum(this.state) > 0 && mayAdvance(this.state, note).ok
  }
}

function didOrEmpty(peer: string): string {
  try {
    return didFromPeer(peer)
  } catch {
    return ''
  }
}
