/**
 * The validator role. It cosigns the log's growth, keeps the ledger's files, opens its beacon link, tests its draws, reports by commit and reveal,
 * and attests the close it recomputed. What it signs is remembered before it is sent.
 */
import { codeOf } from '../../core/errors/index.ts'
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import { batchTopic, checkpointTopic, holdProtocol, type Mesh, witnessProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { Web } from '../../core/web/index.ts'
import { type AskBlocks, batchRoots, checkBatchStructure, fetchDag, loadBatch } from '../../dao/batches/index.ts'
import { DaoLink, type FileStore, Follower, Outbox, serveBlocks, Steps } from '../../dao/follower/index.ts'
import { auditBytes, type BatchState, drawsFor, type LedgerState, seatedValidators } from '../../dao/ledger/index.ts'
import { noteSigner, openWitness, parseVkey, SIGNATURE_TYPES, type Witness } from '../../dao/log/index.ts'
import { askAgain, blocksProtocol } from '../../core/mesh/index.ts'
import {
  cborCid,
  chunkFile,
  type Charter,
  type CID,
  encode,
  equalBytes,
  peerFromDid,
  type Report,
  reportHash,
} from '../../schemas/wire/index.ts'
import { CHAIN_LENGTH, type HashChain, openChain } from '../chains/index.ts'
import { Refetcher, testDraw } from '../testing/index.ts'
import { readReportNote, type ReportNote, writeReportNote } from './report-note.ts'
import { seatStatement, type ValidatorKeys } from './seat.ts'

export interface ValidatorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  keys: ValidatorKeys
  /** The web by the charter's rules; opened for the first test. */
  openWeb: (charter: Charter) => Promise<Web>
  logger: Logger
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  /** Ends the start as well as the work. */
  signal?: AbortSignal | undefined
  operator: string
  asn?: number | null
  /** 32 secret bytes from the platform, for the hash chains. */
  secret: () => Uint8Array
  chainLength?: number
  pollMs?: number
  onProgress?: (progress: ValidatorProgress) => void
  /** Stands in place of honest testing: adversaries of the simulated world. */
  tamper?: (report: Report) => Report
}

export interface ValidatorProgress {
  what: 'seated' | 'available' | 'beacon' | 'tested' | 'reported' | 'attested' | 'disputed'
  epoch: number
  count: number
}

const MAX_BATCH_BYTES = 1 << 30
const DAG_PB = 0x70
/** How long the files of several batches are waited for, so that one entry can name them all. */
const COMPANY_MS = 1000

export class Validator {
  readonly #options: ValidatorOptions
  readonly #stop = new AbortController()
  readonly #stack = new AsyncDisposableStack()
  #link!: DaoLink
  #follower!: Follower
  #outbox!: Outbox
  #witness: Witness | undefined
  #beacon!: HashChain
  #sampling!: HashChain
  #steps: Steps | undefined
  #testing: number | undefined
  #web: Web | undefined
  /** Batches whose files are being fetched and checked, and what came of the others. */
  readonly #checking = new Map<string, Promise<void>>()
  readonly #sound = new Map<string, boolean>()
  /** The testing under way; never rejects. */
  #work: Promise<void> = Promise.resolve()

  private constructor(options: ValidatorOptions) {
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#stop.abort(signal.reason)
    else signal?.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true })
  }

  static async start(options: ValidatorOptions): Promise<Validator> {
    const validator = new Validator(options)
    try {
      await validator.#open()
    } catch (error) {
      await validator[Symbol.asyncDispose]()
      throw error
    }
    return validator
  }

  get state(): LedgerState {
    return this.#follower.state
  }

  get follower(): Follower {
    return this.#follower
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
    await this.#work
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, keys, clock, logger, dao, mayDial, secret, chainLength = CHAIN_LENGTH, pollMs = 2000 } = this.#options
    const { signal } = this.#stop
    this.#beacon = await openChain(kv, 'beacon', secret, chainLength)
    this.#sampling = await openChain(kv, 'sampling', secret, chainLength)
    this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: () => false }))
    this.#stack.use(mesh.handle(witnessProtocol, ({ body }) => this.#cosign(body)))
    this.#stack.use(mesh.handle(holdProtocol, ({ manifest, from }, { peer }) => this.#hold(manifest, from, peer)))
    this.#link = await DaoLink.open({ mesh, addresses: dao, role: 'validator', kv, clock, logger, signal, mayDial })
    const { ledgerId } = this.#link
    this.#follower = new Follower({
      ledgerId,
      source: this.#link.source,
      fetchFile: (cid) => this.#fetchFile(cid),
      files,
      clock,
      logger,
      signal,
    })
    await this.#follower.catchUp()
    this.#outbox = await Outbox.open({
      ledgerId,
      signer: keys.identity,
      kv,
      submit: this.#link.submit,
      clock,
      logger,
      nextN: () => this.state.authors.get(keys.identity.did) ?? 0,
      signal,
    })
    const steps = this.#stack.use(new Steps({ step: () => this.#act(), clock, logger, signal, everyMs: pollMs }))
    this.#steps = steps
    this.#stack.use(this.#follower.onAdvance(() => steps.wake()))
    this.#stack.use(mesh.subscribe(checkpointTopic(ledgerId), ({ note }) => this.#follower.hear(note)))
    this.#stack.use(mesh.subscribe(batchTopic(ledgerId), () => steps.wake()))
    void this.#follower.run({ everyMs: pollMs })
    steps.wake()
  }

  /** A file that folding needs: a contributor's own copy may be nearer than the DAO's. */
  async #fetchFile(cid: CID): Promise<Uint8Array | undefined> {
    return this.#link.fetchFile(cid, this.#stop.signal)
  }

  async #cosign(body: string): Promise<{ status: number; body: string }> {
    const { kv, keys, clock } = this.#options
    if (this.state.logKey === '') return { status: 404, body: 'unknown origin\n' }
    this.#witness ??= openWitness({
      kv,
      clock,
      signer: noteSigner(`${this.state.id}/witness/${keys.identity.peer}`, SIGNATURE_TYPES.cosignature, keys.witness),
      logs: (origin) => (origin.startsWith(`${this.state.id}/t`) ? [parseVkey(this.state.logKey)] : []),
    })
    const { status, body: answer } = await this.#witness.addCheckpoint(body)
    return { status, body: answer }
  }

  async #act(): Promise<void> {
    await this.#outbox.settle()
    if (this.state.size === 0) return
    const me = this.#options.keys.identity.did
    const seat = this.state.validators.get(me)
    if (seat === undefined) return this.#askSeat()
    const { epoch } = this.state
    if (epoch === null) return
    if (seat.active && (epoch.phase === 'gather' || epoch.phase === 'reveal')) await this.#confirmBatches()
    // the cut fixes who has duties in the epoch: a seat given later has none, and one lost since, also by this very close, has them still
    if (!epoch.roster.includes(me)) return
    if (epoch.phase === 'beacon' && !epoch.beaconReveals.has(me)) await this.#openBeacon(epoch.number, seat.beaconTip)
    if (epoch.phase === 'test' && !epoch.reportCommits.has(me)) this.#startTesting(epoch.number)
    const isOpened = epoch.reports.has(me) || epoch.voidReports.has(me)
    if (epoch.phase === 'report' && epoch.reportCommits.has(me) && !isOpened) await this.#reveal(epoch.number)
    await this.#attest()
  }

  async #askSeat(): Promise<void> {
    const { keys, operator, asn = null, chainLength = CHAIN_LENGTH } = this.#options
    const statement = seatStatement({
      ledgerId: this.#link.ledgerId,
      keys,
      operator,
      asn,
      beacon: this.#beacon,
      sampling: this.#sampling,
      chainLength,
    })
    await this.#link.hello(statement)
  }

  /** Fetches and checks what reveals named, then says in one entry which batches we hold and serve. */
  async #confirmBatches(): Promise<void> {
    const me = this.#options.keys.identity.did
    const epoch = this.state.epoch?.number ?? 0
    const wanted = [...this.state.batches.values()].filter((batch) => batch.epoch === epoch && !batch.available.has(me) && !batch.voided)
    for (const batch of wanted) this.#lookAt(batch)
    // batches that come quickly share one entry; a contributor that stalls delays nobody else's
    await this.#settled([...this.#checking.values()])
    const good = wanted
      .map(({ manifestCid }) => manifestCid)
      .filter((manifest) => this.#sound.get(manifest.toString()) === true)
      .toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1))
    const key = `available/${epoch}/${good.map(String).join('+')}`
    if (good.length === 0 || this.#outbox.has(key)) return
    await this.#outbox.write('contribution.available', { epoch, manifests: good.slice(0, 512) }, { key })
    this.#report('available', epoch, good.length)
  }

  #lookAt(batch: BatchState): void {
    const name = batch.manifestCid.toString()
    if (this.#sound.has(name) || this.#checking.has(name)) return
    const check = this.#holdsFiles(batch)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.logger.warn('batch-not-held', { manifest: name, code: codeOf(error) })
      })
      .then(() => {
        this.#checking.delete(name)
        if (this.#sound.has(name)) this.#steps?.wake()
      })
    this.#checking.set(name, check)
  }

  /** Resolves when all of them have, or after a short while. */
  async #settled(work: Promise<void>[]): Promise<void> {
    if (work.length === 0) return
    const over = new AbortController()
    const { clock } = this.#options
    const patience = clock.sleep(COMPANY_MS, AbortSignal.any([over.signal, this.#stop.signal])).catch(() => undefined)
    await Promise.race([Promise.all(work), patience])
    over.abort()
  }

  /** Notes in `#sound` what it found; nothing while files are missing. */
  async #holdsFiles(batch: BatchState): Promise<void> {
    const { files, storage, logger } = this.#options
    const name = batch.manifestCid.toString()
    for (const cid of [batch.manifestCid, batch.manifest.index, batch.manifest.sketches]) {
      if (files.read(cid) !== undefined) continue
      const bytes = (await this.#from(peerFromDid(batch.contributor), cid)) ?? (await this.#from(this.#link.peer, cid))
      if (bytes === undefined) return
      // whoever asks us for a file of several leaves asks for the leaves
      if (cid.code === DAG_PB) await storage.public.put(chunkFile(bytes).blocks)
      await files.write(cid, bytes)
    }
    const parsed = loadBatch((cid) => files.read(cid), batch.manifestCid)
    if (parsed === undefined) return
    const verdict = checkBatchStructure(parsed, batch.salt, batch.contributor)
    this.#sound.set(name, verdict.ok)
    if (!verdict.ok) logger.warn('batch-malformed', { manifest: name, check: verdict.check, code: verdict.code })
  }

  async #from(peer: string, cid: CID): Promise<Uint8Array | undefined> {
    return this.#link.fileFrom(peer, cid).catch((error: unknown) => {
      this.#options.logger.debug('file-unreachable', { peer, cid: cid.toString(), code: codeOf(error) })
      return undefined
    })
  }

  async #openBeacon(epoch: number, opened: Uint8Array): Promise<void> {
    const key = `beacon/${epoch}`
    if (this.#outbox.has(key)) return
    await this.#outbox.write('beacon.reveal', { epoch, preimage: this.#beacon.after(opened) }, { key })
    this.#report('beacon', epoch, 1)
  }

  #startTesting(epoch: number): void {
    if (this.#testing === epoch || this.#outbox.has(`report-commit/${epoch}`)) return
    this.#testing = epoch
    this.#work = this.#test(epoch)
      .then(() => this.#steps?.wake())
      .catch((error: unknown) => {
        // the next beat tries again; waking at once would spin. A late failure must not begin the next epoch's test a second time
        if (this.#testing === epoch) this.#testing = undefined
        if (!this.#stop.signal.aborted) this.#options.logger.error('test-failed', { epoch, code: codeOf(error), message: String(error) })
      })
  }

  async #test(epoch: number): Promise<void> {
    const { kv, keys, files, mesh, openWeb, clock, logger, random, tamper } = this.#options
    const { signal } = this.#stop
    const me = keys.identity.did
    let note = await readReportNote(kv, epoch)
    if (note === undefined) {
      const seat = this.state.validators.get(me)
      if (seat === undefined) return
      const draws = drawsFor(this.state, files, me, this.#sampling.after(seat.sampleTip))
      this.#web ??= this.#stack.use(await openWeb(this.state.charter))
      const refetcher = new Refetcher({ web: this.#web, clock })
      const tested = await Promise.all(
        draws.map((draw) =>
          testDraw(draw, { state: this.state, files, mesh, fallback: this.#link.peer, refetcher, clock, logger, signal }),
        ),
      )
      const frauds = tested.flatMap((t) => t.frauds)
      for (const { check, manifest, row, proof } of frauds) {
        const cid = cborCid(proof)
        await files.write(cid, proof)
        await this.#outbox
          .write(
            'fraud.proof',
            { check, manifest, row, proof: cid },
            { key: `fraud/${manifest.toString()}/${row}/${check}`, files: [proof] },
          )
          .catch((error: unknown) => logger.debug('fraud-proof-refused', { code: codeOf(error) }))
      }
      const honest: Report = {
        v: 1,
        epoch,
        validator: me,
        contributions: draws.map((draw, i) => ({ contributor: draw.contributor, results: tested[i]?.results ?? [] })),
      }
      note = { report: encode(tamper?.(honest) ?? honest), salt: random.bytes(32) }
      await writeReportNote(kv, epoch, note)
      this.#report(
        'tested',
        epoch,
        draws.reduce((sum, draw) => sum + draw.picks.length, 0),
      )
    }
    await this.#outbox.write(
      'report.commit',
      { epoch, hash: reportHash(cborCid(note.report), note.salt, me) },
      { key: `report-commit/${epoch}` },
    )
  }

  async #reveal(epoch: number): Promise<void> {
    const { kv, keys, files } = this.#options
    const key = `report-reveal/${epoch}`
    const me = keys.identity.did
    const commit = this.state.epoch?.reportCommits.get(me)
    const seat = this.state.validators.get(me)
    const note: ReportNote | undefined = await readReportNote(kv, epoch)
    if (this.#outbox.has(key) || commit === undefined || seat === undefined || note === undefined) return
    const report = cborCid(note.report)
    await files.write(report, note.report)
    const preimage = this.#sampling.after(seat.sampleTip)
    await this.#outbox.write(
      'report.reveal',
      { epoch, commit: commit.index, report, salt: note.salt, preimage },
      { key, files: [note.report] },
    )
    this.#report('reported', epoch, 1)
  }

  /** We replayed the log: is the root that was closed the one we computed? */
  async #attest(): Promise<void> {
    const { keys } = this.#options
    const { epoch } = this.state
    const me = keys.identity.did
    if (epoch?.phase !== 'close' || epoch.close === null || epoch.table === null || epoch.attests.has(me)) return
    const key = `attest/${epoch.number}`
    if (this.#outbox.has(key)) return
    if (!equalBytes(epoch.close.root, epoch.table.root)) return
    const audit = keys.audit.sign(auditBytes(this.state.id, epoch.number, epoch.table.root))
    await this.#outbox.write('epoch.attest', { epoch: epoch.number, root: epoch.table.root, audit }, { key })
    this.#report('attested', epoch.number, 1)
  }

  /** The DAO asks for a further replica of a revealed batch. */
  async #hold(manifest: CID, from: string, peer: string): Promise<{ status: 'held' } | { status: 'refused'; code: string }> {
    const { storage, mesh } = this.#options
    const { signal } = this.#stop
    const batch = this.state.batches.get(manifest.toString())
    if (peer !== this.#link.peer) return { status: 'refused', code: 'NOT_THE_DAO' }
    if (batch === undefined) return { status: 'refused', code: 'NOT_REVEALED' }
    for (const root of batchRoots(batch.manifest)) {
      if (await storage.public.isPinned(root)) continue
      for (const source of [peerFromDid(from), this.#link.peer]) {
        try {
          const ask: AskBlocks = async (cids, _, bytes) =>
            (await askAgain(mesh, source, blocksProtocol, { cids }, { signal, bytes })).blocks
          const portions = fetchDag(ask, root, { maxBytes: MAX_BATCH_BYTES, signal, have: (cid) => storage.public.get(cid) })
          for await (const blocks of portions) await storage.public.put(blocks)
          await storage.public.pin(root)
          break
        } catch (error) {
          signal.throwIfAborted()
          this.#options.logger.debug('hold-failed', { root: root.toString(), code: codeOf(error) })
        }
      }
      if (!(await storage.public.isPinned(root))) return { status: 'refused', code: 'BLOCKS_UNREACHABLE' }
    }
    return { status: 'held' }
  }

  #report(what: ValidatorProgress['what'], epoch: number, count: number): void {
    this.#options.logger.info(what, { epoch, count })
    this.#options.onProgress?.({ what, epoch, count })
  }
}

/** Accounts of the seats, for whoever prints them. */
export const seats = (state: LedgerState): string[] => seatedValidators(state).map((seat) => seat.statement.validator)
