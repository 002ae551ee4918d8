/**
 * The DAO's service: it orders the log, names the seats, moves the phases, holds what was revealed, closes epochs and cuts releases.
 * Nothing it says has to be believed: every entry is checked by the same pure fold that everyone else runs.
 */
import { signObject } from '../../core/envelope/index.ts'
import { checkpointTopic, helloProtocol, logProtocol, readyProtocol, receiptProtocol, submitProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { cborCid, charter as charterShape, didFromPeer, encode, ledgerIdOf, MAX_CHARTER_BYTES, parse } from '../../schemas/wire/index.ts'
import { type FileStore, type KnownPeer, Outbox, serveBlocks, Steps, Watchers } from '../follower/index.ts'
import { type Ledger, type LedgerState, quorum, SHARE_DAYS } from '../ledger/index.ts'
import { type LogStore, logVkey, peekCheckpoint } from '../log/index.ts'
import { type CustodyStanding, standingOf } from '../pool-custody/index.ts'
import { openSequencer, type Sequencer } from '../sequencer/index.ts'
import { Admission, type Refused } from './admission.ts'
import { CustodyCare } from './custody-care.ts'
import { Greetings } from './greetings.ts'
import { KeyholderWatch } from './keyholder-watch.ts'
import type { OperatorOptions } from './options.ts'
import { carryToOwners } from './owner-carrier.ts'
import { LogPages } from './page.ts'
import { PhaseClock } from './phase-clock.ts'
import { PoolDesk } from './pool-desk.ts'
import { PoolKeyShares } from './pool-key-shares.ts'
import { Releases } from './releases.ts'
import { Replicas } from './replicas.ts'
import { witnessesOf } from './witnesses.ts'

const TERM = 0
const RECEIPT_SECONDS = 600

export class Operator {
  readonly #options: OperatorOptions
  readonly #stop = new AbortController()
  readonly #stack = new AsyncDisposableStack()
  readonly ledgerId: string
  readonly #admission: Admission
  readonly #watchers = new Watchers()
  #sequencer!: Sequencer
  #outbox!: Outbox
  #greetings!: Greetings
  #replicas!: Replicas
  #phases!: PhaseClock
  #releases!: Releases
  #pool!: PoolDesk
  #poolKey: PoolKeyShares | undefined
  #keyholders!: KeyholderWatch
  #custody: CustodyCare | undefined
  #steps: Steps | undefined

  private constructor(options: OperatorOptions) {
    this.#options = options
    this.ledgerId = ledgerIdOf(cborCid(options.charter))
    this.#admission = new Admission({ ledgerId: this.ledgerId, files: options.files })
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

  get ledger(): Ledger {
    return this.#admission.ledger
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
    return this.#greetings.known
  }

  /** Entry bytes from a client of the HTTP API or the mesh; see submitProtocol. */
  async submit(entry: Uint8Array, files: Uint8Array[]): Promise<{ status: 'receipt'; receipt: Uint8Array } | Refused> {
    const refusal = await this.#admission.takeFiles(entry, files)
    if (refusal) return refusal
    const result = await this.#sequencer.submit(entry)
    if (result.status === 'refused') return result
    const { clock, signer } = this.#options
    const deadline = Math.floor(clock.now() / 1000) + RECEIPT_SECONDS
    const said = { v: 1 as const, ledger: this.ledgerId, leafHash: result.leafHash, deadline, by: signer.did }
    return { status: 'receipt', receipt: encode(signObject('submit-receipt', said, signer)) }
  }

  /** Signs and logs an entry of the operator's own. `key` names the deed, so that a restart does not repeat it. */
  readonly write: Outbox['write'] = (t, p, rest) => this.#outbox.write(t, p, rest)

  /** Ends the current phase if the rules allow it now; says why not otherwise. */
  advance(): Promise<{ ok: true } | { ok: false; reason: string }> {
    return this.#phases.advance()
  }

  /** How the pool's shares stand, by the log and by which keyholders answer here. */
  custody(): CustodyStanding {
    const { clock, shareDays } = this.#options
    return standingOf(this.state, this.#keyholders.since, clock.now() / 1000, shareDays || SHARE_DAYS)
  }

  /** Called after every step. */
  watch(listener: () => void): Disposable {
    return this.#watchers.watch(listener)
  }

  /** Resolves with the first value that `look` gives, looking again after every step. */
  until<T>(look: (state: LedgerState) => T | undefined, signal: AbortSignal): Promise<T> {
    return this.#watchers.until(() => look(this.state), signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { signal } = this.#stop
    const { mesh, storage, files, kv, signer, logKey, charter, clock, logger, pollMs = 1000, onProgress = () => undefined } = this.#options
    const { release, waitingShares, reshares, shareDays = SHARE_DAYS } = this.#options
    const state = (): LedgerState => this.state
    const wake = (): void => this.#steps?.wake()
    const shared = { mesh, storage, files, kv, signer, clock, signal, state, onProgress }
    parse(charterShape, charter, MAX_CHARTER_BYTES)
    await files.write(cborCid(charter), charter)
    this.#sequencer = this.#stack.use(await this.#openSequencer())
    const outbox = await Outbox.open({
      ...shared,
      ledgerId: this.ledgerId,
      submit: async (entry, attached) => {
        const result = await this.submit(entry, attached)
        return result.status === 'receipt' ? { status: 'receipt' } : result
      },
      logger,
      nextN: () => this.state.authors.get(signer.did) ?? 0,
    })
    this.#outbox = outbox
    this.#greetings = new Greetings({ state, write: this.write, logger, onSeated: (account) => onProgress({ what: 'seated', account }) })
    this.#phases = new PhaseClock({ ...shared, outbox, logger, checkpoint: () => this.#sequencer.checkpoint() })
    const replicas = this.#stack.use(new Replicas({ ...shared, logger: logger.child('replicas'), onHeld: wake }))
    this.#replicas = replicas
    const poolLogger = logger.child('pool')
    const keyholders = this.#stack.use(new KeyholderWatch({ ...shared, logger: poolLogger, onBack: () => this.#custody?.lookAgain() }))
    this.#keyholders = keyholders
    this.#pool = this.#stack.use(
      new PoolDesk({
        ...shared,
        write: this.write,
        isWaiting: (key) => outbox.has(key),
        silent: () => keyholders.silent,
        logger: poolLogger,
      }),
    )
    if (reshares && shareDays > 0)
      this.#custody = this.#stack.use(
        new CustodyCare({
          ...shared,
          write: this.write,
          until: (look, ending) => this.until(look, ending),
          watch: keyholders,
          open: reshares,
          days: shareDays,
          logger: poolLogger,
        }),
      )
    if (waitingShares) this.#poolKey = this.#stack.use(new PoolKeyShares({ ...shared, waiting: waitingShares, logger: poolLogger }))
    const cut = release && ((through: number) => release(this, through, signal))
    this.#releases = this.#stack.use(
      new Releases({ ...shared, cut, holdsAll: (batch) => replicas.holdsAll(batch), write: this.write, logger }),
    )
    if (this.state.size === 0)
      await outbox.write(
        'genesis',
        { charter: cborCid(charter), log: logVkey(this.ledgerId, TERM, logKey.publicKey) },
        { key: 'genesis', files: [charter] },
      )
    this.#steps = this.#stack.use(new Steps({ step: () => this.#act(), clock, logger, signal, everyMs: pollMs }))
    this.#serve()
    wake()
  }

  #openSequencer(): Promise<Sequencer> {
    const { mesh, kv, logStore, logKey, charter, clock, logger, intervalMs = 20 } = this.#options
    return openSequencer({
      ledgerId: this.ledgerId,
      term: TERM,
      logKey,
      store: logStore,
      kv,
      clock,
      logger,
      admit: (entry) => this.#admission.admit(entry),
      replay: { from: 0, apply: (entry) => void this.ledger.apply(entry) },
      onIntegrated: () => this.#steps?.wake(),
      witnesses: () => witnessesOf(this.state, mesh),
      quorum: () => quorum(this.state),
      publish: (note) => {
        void mesh.publish(checkpointTopic(this.ledgerId), { note }).catch(() => undefined)
        this.#steps?.wake()
      },
      intervalMs,
      heartbeatMs: heartbeatOf(charter),
    })
  }

  #serve(): void {
    const { mesh, storage, files, clock, logger } = this.#options
    const use = (handler: Disposable): void => void this.#stack.use(handler)
    use(serveBlocks({ mesh, storage, files, mayRead: (peer) => this.#pool.mayRead(peer) }))
    use(this.#pool.serve(this.ledgerId))
    use(carryToOwners({ mesh, clock, logger, state: () => this.state, mayRead: (peer) => this.#pool.mayRead(peer) }))
    use(mesh.handle(helloProtocol, (greeting, { peer }) => this.#greetings.answer(peer, greeting)))
    use(mesh.handle(submitProtocol, ({ entry, files: attached }) => this.submit(entry, attached)))
    const pages = new LogPages(this.#sequencer)
    use(mesh.handle(logProtocol, ({ from, limit, old }) => pages.read(from, limit, old)))
    use(
      mesh.handle(receiptProtocol, async ({ manifest }) => {
        const found = await this.#replicas.receipt(manifest)
        if (found === undefined) return { status: 'unknown' as const }
        return found instanceof Uint8Array ? { status: 'receipt' as const, receipt: found } : { status: 'pending' as const, ...found }
      }),
    )
    use(
      mesh.handle(readyProtocol, async ({ epoch, phase }, { peer }) => {
        this.#phases.noteReady(didFromPeer(peer), epoch, phase)
        this.#steps?.wake()
        return { status: 'noted' as const }
      }),
    )
    use(mesh.onPeer(() => this.#sequencer.nudge()))
    use(mesh.subscribe(checkpointTopic(this.ledgerId), () => undefined))
  }

  /** Whatever the state calls for now. */
  async #act(): Promise<void> {
    await this.#outbox.settle()
    const covered = this.#sequencer.checkpoint()
    const coveredSize = covered === undefined ? 0 : peekCheckpoint(covered).size
    this.#replicas.tend(coveredSize)
    this.#pool.tend(coveredSize)
    this.#poolKey?.tend()
    this.#keyholders.tend()
    this.#custody?.tend()
    this.#phases.look()
    await this.#phases.close()
    this.#releases.tend()
    if (this.#options.advance ?? true) await this.#phases.advanceWhenDone()
    this.#watchers.tell()
  }
}

/** Phases with a minimum of seconds need fresh cosignature times now and then. Milliseconds. */
function heartbeatOf(charter: Uint8Array): number {
  const rules = parse(charterShape, charter, MAX_CHARTER_BYTES)
  const least = Math.min(
    ...Object.values(rules.epoch)
      .map((limits) => (typeof limits === 'object' ? limits.minSeconds : 0))
      .filter((seconds) => seconds > 0),
    60,
  )
  return Math.max(1, Math.floor(least / 2)) * 1000
}
