/**
 * The contributor role. It follows the log and does, after every step, whatever its state calls for: join, gather, commit, reveal, publish,
 * ask for receipts. Each deed is remembered before it leaves, so a restart at any point repeats nothing and loses nothing.
 */
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import { verifyObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { batchTopic, checkpointTopic, type Mesh, readyProtocol, receiptProtocol } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { batchRoots } from '../../dao/batches/index.ts'
import { DaoLink, type FileStore, Follower, Outbox, serveBlocks, Steps } from '../../dao/follower/index.ts'
import { committingEpoch, isAssigned, leaseOf, type LedgerState, seatedValidators } from '../../dao/ledger/index.ts'
import { batchReceipt, commitHash, encode, equalBytes, peerFromDid } from '../../schemas/wire/index.ts'
import { sealInto } from '../seal/index.ts'
import { BatchBook, type BatchNote } from './batch-book.ts'
import type { Gather } from './gather.ts'

export interface ContributorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  signer: Signer
  logger: Logger
  /** Multiaddrs of the DAO. */
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  /** Ends the start as well as the work. */
  signal?: AbortSignal | undefined
  gather: Gather
  contact?: string | null
  /** How often the log is asked for news besides gossip. */
  pollMs?: number
  onProgress?: (progress: ContributorProgress) => void
}

export interface ContributorProgress {
  what: 'joined' | 'gathering' | 'sealed' | 'committed' | 'revealed' | 'published' | 'receipt'
  epoch: number
  records: number
}

/** Gathering stops this long before the phase's limit, to leave time to seal and commit. */
const SEAL_SHARE = 0.8

export class Contributor {
  readonly #options: ContributorOptions
  readonly #stop = new AbortController()
  readonly #stack = new AsyncDisposableStack()
  #link!: DaoLink
  #follower!: Follower
  #outbox!: Outbox
  #book!: BatchBook
  #gathering: { epoch: number; done: boolean } | undefined
  #steps: Steps | undefined
  /** The gathering under way; never rejects. */
  #work: Promise<void> = Promise.resolve()

  private constructor(options: ContributorOptions) {
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#stop.abort(signal.reason)
    else signal?.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true })
  }

  /** Dials the DAO, catches up with its log, then works until disposed. */
  static async start(options: ContributorOptions): Promise<Contributor> {
    const contributor = new Contributor(options)
    try {
      await contributor.#open()
    } catch (error) {
      await contributor[Symbol.asyncDispose]()
      throw error
    }
    return contributor
  }

  get state(): LedgerState {
    return this.#follower.state
  }

  get follower(): Follower {
    return this.#follower
  }

  get batches(): readonly BatchNote[] {
    return this.#book.all
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
    await this.#work
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, signer, logger, clock, dao, mayDial, pollMs = 2000 } = this.#options
    const { signal } = this.#stop
    this.#book = await BatchBook.open(kv)
    this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: (peer) => this.#mayReadPrivate(peer) }))
    this.#link = await DaoLink.open({ mesh, addresses: dao, role: 'contributor', kv, clock, logger, signal, mayDial })
    const { ledgerId } = this.#link
    this.#follower = new Follower({
      ledgerId,
      source: this.#link.source,
      fetchFile: this.#link.fetchFile,
      files,
      clock,
      logger,
      light: true,
      hearMs: 200,
      signal,
    })
    await this.#follower.catchUp()
    this.#outbox = await Outbox.open({
      ledgerId,
      signer,
      kv,
      submit: this.#link.submit,
      clock,
      logger,
      nextN: () => this.state.authors.get(signer.did) ?? 0,
      signal,
    })
    const steps = this.#stack.use(new Steps({ step: () => this.#act(), clock, logger, signal, everyMs: pollMs }))
    this.#steps = steps
    this.#stack.use(this.#follower.onAdvance(() => steps.wake()))
    this.#stack.use(mesh.subscribe(checkpointTopic(ledgerId), ({ note }) => this.#follower.hear(note)))
    this.#stack.use(mesh.subscribe(batchTopic(ledgerId), () => undefined))
    void this.#follower.run({ everyMs: pollMs })
    steps.wake()
  }

  async #act(): Promise<void> {
    const { signer } = this.#options
    await this.#outbox.settle()
    if (this.state.size === 0) return
    if (!this.state.contributors.has(signer.did)) {
      if (!this.#outbox.has('join')) {
        await this.#outbox.write('contributor.join', { contact: this.#options.contact ?? null }, { key: 'join' })
        this.#report('joined', this.state.epoch?.number ?? 0, 0)
      }
      return
    }
    this.#link.meet(seatedValidators(this.state).map((validator) => validator.statement.validator))
    for (const batch of this.#book.all) await this.#advanceAlone(batch)
    this.#gatherWhenDue()
  }

  /** A batch that is refused, or whose receipt nobody gives now, holds up neither the next one nor the gathering. */
  async #advanceAlone(batch: BatchNote): Promise<void> {
    try {
      await this.#advance(batch)
    } catch (error) {
      this.#stop.signal.throwIfAborted()
      this.#options.logger.warn('batch-waits', { sequence: batch.manifest.sequence, code: codeOf(error) })
    }
  }

  /** One batch, one step further along sealed → committed → revealed → published → receipt. */
  async #advance(batch: BatchNote): Promise<void> {
    const { signer, files } = this.#options
    const epoch = this.state.epoch
    const revealed = this.state.batches.has(batch.manifestCid.toString())
    if (revealed) {
      if (!batch.published) await this.#publish(batch)
      if (batch.receipt === null) await this.#askReceipt(batch)
      return
    }
    const hash = commitHash(batch.manifestCid, batch.salt, signer.did)
    const commit = [...this.state.commits].find(([, known]) => known.author === signer.did && equalBytes(known.hash, hash))
    const name = batch.manifest.sequence
    if (commit === undefined) {
      if (epoch === null || this.#outbox.has(`commit/${name}`)) return
      const counts = committingEpoch(this.state)
      if (batch.epoch !== counts) await this.#book.update(batch, { epoch: counts })
      await this.#outbox.write('contribution.commit', { epoch: counts, hash }, { key: `commit/${name}` })
      this.#report('committed', counts, batch.manifest.count)
      return
    }
    if (epoch?.phase !== 'reveal' || epoch.number < commit[1].epoch || this.#outbox.has(`reveal/${name}`)) return
    const bytes = encode(batch.manifest)
    await files.write(batch.manifestCid, bytes)
    await this.#outbox.write(
      'contribution.reveal',
      { epoch: epoch.number, commit: commit[0], manifest: batch.manifestCid, salt: batch.salt },
      { key: `reveal/${name}`, files: [bytes] },
    )
    this.#report('revealed', epoch.number, batch.manifest.count)
  }

  /** The reveal lies in a cosigned checkpoint: whoever wants the batch may have it now. */
  async #publish(batch: BatchNote): Promise<void> {
    const { mesh, storage, signer } = this.#options
    for (const root of batchRoots(batch.manifest)) await storage.publish(root)
    await storage.public.put([{ cid: batch.manifestCid, bytes: encode(batch.manifest) }])
    await this.#book.update(batch, { published: true })
    this.#report('published', batch.epoch, batch.manifest.count)
    await mesh.publish(batchTopic(this.state.id), { manifest: batch.manifestCid, contributor: signer.did, count: batch.manifest.count })
  }

  async #askReceipt(batch: BatchNote): Promise<void> {
    const { mesh } = this.#options
    const reply = await mesh.ask(this.#link.peer, receiptProtocol, { manifest: batch.manifestCid }, { signal: this.#stop.signal })
    if (reply.status !== 'receipt') return
    const verdict = verifyObject(batchReceipt, reply.receipt, 'batch-receipt', 'by')
    if (!verdict.ok || verdict.value.by !== this.state.operator || !verdict.value.manifest.equals(batch.manifestCid)) return
    await this.#book.update(batch, { receipt: reply.receipt })
    this.#report('receipt', batch.epoch, batch.manifest.count)
  }

  #gatherWhenDue(): void {
    const { epoch, contributors, charter } = this.state
    const me = contributors.get(this.#options.signer.did)
    if (epoch === null || epoch.phase !== 'gather' || me === undefined || me.revoked) return
    if (this.#gathering?.epoch === epoch.number) {
      if (this.#gathering.done) void this.#sayReady(epoch.number)
      return
    }
    const gathering = { epoch: epoch.number, done: this.#book.last !== undefined && this.#book.last.epoch >= epoch.number }
    this.#gathering = gathering
    if (gathering.done || me.joinedEpoch >= epoch.number) {
      gathering.done = true
      void this.#sayReady(epoch.number)
      return
    }
    const seconds = charter.epoch.gather.maxSeconds
    this.#work = this.#gather(epoch.number, Math.max(1000, seconds * 1000 * SEAL_SHARE))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.logger.error('gather-failed', { code: codeOf(error), message: String(error) })
      })
      .finally(() => {
        gathering.done = true
        this.#steps?.wake()
      })
  }

  async #gather(epoch: number, withinMs: number): Promise<void> {
    const { gather, signer, storage, random, clock, logger } = this.#options
    const { signal } = this.#stop
    const { charter } = this.state
    this.#report('gathering', epoch, 0)
    const limit = Math.min(charter.sources.maxPagesPerContributor, 4096)
    const gathered = await gather({
      epoch,
      charter,
      mine: (url) => isAssigned(this.state, signer.did, url),
      leased: (url) => this.#holdsLease(url),
      known: (url) => this.#book.knows(url),
      frontier: await this.#book.frontier(),
      limit,
      until: AbortSignal.any([clock.deadline(withinMs), signal]),
      signal,
    })
    signal.throwIfAborted()
    if (gathered.records.length === 0) {
      logger.info('nothing-gathered', { epoch })
      return
    }
    const salt = random.bytes(32)
    const { urls, frontier, ...content } = gathered
    const prev = this.#book.last
    const sealed = await sealInto(storage.private, {
      ...content,
      ledger: this.state.id,
      contributor: signer.did,
      schema: charter.schemas[0] as string,
      pipeline: charter.pipelines[0] as string,
      sequence: prev === undefined ? 0 : prev.manifest.sequence + 1,
      prev: prev?.manifestCid ?? null,
      salt,
    })
    for (const root of batchRoots(sealed.manifest)) await storage.private.pin(root)
    await this.#book.keepFrontier(frontier)
    await this.#book.add({ epoch, manifest: sealed.manifest, salt }, urls)
    this.#report('sealed', epoch, sealed.manifest.count)
  }

  #holdsLease(url: string): boolean {
    const host = URL.parse(url)?.host
    if (host === undefined) return false
    const lease = leaseOf(this.state, host)
    return lease.holders.length === 0 || lease.holders.includes(this.#options.signer.did)
  }

  async #sayReady(epoch: number): Promise<void> {
    const mine = this.#book.all.some((batch) => batch.epoch === epoch && !this.#isCommitted(batch))
    if (mine) return
    await this.#options.mesh
      .ask(this.#link.peer, readyProtocol, { epoch, phase: 'gather' }, { signal: this.#stop.signal })
      .catch(() => undefined)
  }

  #isCommitted(batch: BatchNote): boolean {
    const hash = commitHash(batch.manifestCid, batch.salt, this.#options.signer.did)
    return (
      this.state.batches.has(batch.manifestCid.toString()) || [...this.state.commits.values()].some((known) => equalBytes(known.hash, hash))
    )
  }

  /** Until a batch is public only the DAO and seated validators may read it, and only once its reveal is in the log. */
  #mayReadPrivate(peer: string): boolean {
    if (!this.#book.all.some((batch) => !batch.published && this.state.batches.has(batch.manifestCid.toString()))) return false
    return (
      peer === peerFromDid(this.state.operator) || seatedValidators(this.state).some((v) => peerFromDid(v.statement.validator) === peer)
    )
  }

  #report(what: ContributorProgress['what'], epoch: number, records: number): void {
    this.#options.logger.info(what, { epoch, records })
    this.#options.onProgress?.({ what, epoch, records })
  }
}
