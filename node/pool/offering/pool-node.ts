/**
 * The role of somebody who offers personal data to one DAO, under the key that only this DAO knows them by. After every step it does what the
 * state of the log calls for: join, hand the keyholders their parts, commit, reveal; before anything is sealed it asks them for the pool's tokens. Each deed is remembered before it leaves, so that a stop at
 * any point loses nothing and repeats nothing.
 */
import type { Effects, Kv, Logger } from '../../../core/effects/index.ts'
import { codeOf, FatalError } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import { askAgain, checkpointTopic, type Mesh, readyProtocol, withdrawalTopic } from '../../../core/mesh/index.ts'
import type { Storage } from '../../../core/storage/index.ts'
import { DaoLink, type FileStore, Follower, Outbox, serveBlocks, Steps } from '../../../dao/follower/index.ts'
import { committingEpoch, type LedgerState, seatedValidators } from '../../../dao/ledger/index.ts'
import { commitHash, encode, peerFromDid, type PoolKey } from '../../../schemas/wire/index.ts'
import { offerContribution } from '../seal/index.ts'
import { PoolBook, type PoolNote } from './pool-book.ts'
import { poolTokens, type Tokens } from './pool-tokens.ts'
import { type OfferPlace, placeOf } from './steps.ts'

export interface PoolNodeOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  /** The subject key of this DAO. */
  signer: Signer
  logger: Logger
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  signal?: AbortSignal | undefined
  pollMs?: number
  onProgress?: (progress: PoolProgress) => void
}

export interface PoolProgress {
  what: 'joined' | 'depositing' | 'deposited' | 'committed' | 'revealed' | 'refused'
  /** Of a deposit: keyholders that hold their part. */
  held: number
  of: number
  /** Why others do not, by account. */
  faults: Record<string, string>
}

/** What mends itself: whoever says it is asked again. Everything else that a keyholder says is its answer. */
const PASSING = new Set([
  'NOT_CONNECTED',
  'CALL_TIMEOUT',
  'CALL_RESET',
  'CONNECT_FAILED',
  'UNSUPPORTED_PROTOCOL',
  'NO_POLICY',
  'DEPOSIT_KEY',
  'BAD_DEPOSIT_KEY',
  'DISK_FAILED',
  'DISK_FULL',
  'SHARE_TABLE_UNSURE',
  'NOT_YET_GIVEN',
  'INTERNAL',
])
const AGAIN_MS = [500, 1000, 2000, 5000, 15_000]

export class PoolNode implements AsyncDisposable {
  readonly #options: PoolNodeOptions
  readonly #stop = new AbortController()
  readonly #stack = new AsyncDisposableStack()
  #follower!: Follower
  #link!: DaoLink
  #outbox!: Outbox
  #book!: PoolBook
  #steps: Steps | undefined
  #deposit: Promise<void> | undefined
  /** There will be a contribution: the account may join for it. */
  #expected = false
  #tries = 0
  #depositAt = 0
  /** What a keyholder answered that asking again does not change. */
  refusal: { keyholder: string; code: string } | undefined

  private constructor(options: PoolNodeOptions) {
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#stop.abort(signal.reason)
    else signal?.addEventListener('abort', () => this.#stop.abort(signal.reason), { once: true, signal: this.#stop.signal })
  }

  /** Dials the DAO, catches up with its log, then works until disposed. */
  static async start(options: PoolNodeOptions): Promise<PoolNode> {
    const node = new PoolNode(options)
    try {
      await node.#open()
    } catch (error) {
      await node[Symbol.asyncDispose]()
      throw error
    }
    return node
  }

  get state(): LedgerState {
    return this.#follower.state
  }

  get book(): PoolBook {
    return this.#book
  }

  get link(): DaoLink {
    return this.#link
  }

  placeOf(note: PoolNote): OfferPlace {
    return placeOf(note, this.state)
  }

  /**
   * The pool's tokens for the bands of what is about to be sealed. Joins first, because keyholders answer accounts only. Resolves also where there are
   * none; rejects with the signal's reason.
   */
  async tokensFor(key: PoolKey, bands: readonly Uint8Array[]): Promise<Tokens> {
    const { mesh, clock, signer, logger } = this.#options
    const { signal } = this.#stop
    this.#expected = true
    this.wake()
    await this.until(() => (this.state.contributors.has(signer.did) ? true : undefined))
    return poolTokens({ mesh, clock, signer, logger, key, bands, signal })
  }

  wake(): void {
    this.#steps?.wake()
  }

  /** Looks again after every advance and every deposit. Rejects with the signal's reason. */
  async until<T>(look: () => T | undefined): Promise<T> {
    const { clock } = this.#options
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await clock.sleep(100, this.#stop.signal)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#deposit
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, signer, logger, clock, dao, mayDial, pollMs = 1000 } = this.#options
    const { signal } = this.#stop
    this.#book = await PoolBook.open(kv)
    this.#link = await DaoLink.open({ mesh, addresses: dao, role: 'contributor', kv, clock, logger, signal, mayDial })
    const { ledgerId, source, fetchFile, fetchFiles } = this.#link
    const follower = new Follower({ ledgerId, source, fetchFile, fetchFiles, files, clock, logger, light: true, hearMs: 100, signal })
    this.#follower = follower
    this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: (peer) => this.#mayRead(peer) }))
    await follower.catchUp()
    const nextN = (): number => this.state.authors.get(signer.did) ?? 0
    this.#outbox = await Outbox.open({ ledgerId, signer, kv, submit: this.#link.submit, clock, logger, nextN, signal })
    this.#steps = this.#stack.use(new Steps({ step: () => this.#act(), clock, logger, signal, everyMs: pollMs }))
    this.#stack.use(follower.onAdvance(() => this.wake()))
    this.#stack.use(mesh.subscribe(checkpointTopic(ledgerId), ({ note }) => follower.hear(note)))
    this.#stack.use(mesh.subscribe(withdrawalTopic(ledgerId), () => undefined))
    void follower.run({ everyMs: pollMs })
    this.wake()
  }

  /** The keyholders, who are seated, and the DAO: as long as there is something they should have. */
  #mayRead(peer: string): boolean {
    if (this.#book.live === undefined) return false
    return (
      peer === peerFromDid(this.state.operator) ||
      seatedValidators(this.state).some((seat) => peerFromDid(seat.statement.validator) === peer)
    )
  }

  /** Whatever the state calls for now. */
  async #act(): Promise<void> {
    const note = this.#book.live
    await this.#outbox.settle()
    if (this.state.size === 0) return
    this.#link.meet(seatedValidators(this.state).map(({ statement }) => statement.validator))
    await this.#rememberAddresses()
    if (note === undefined && !this.#expected) return
    if (!this.state.contributors.has(this.#options.signer.did)) return this.#join()
    if (note === undefined) return
    const place = placeOf(note, this.state)
    if (place.stage === 'sealed') return this.#beginDeposit(note)
    if (place.stage === 'deposited') await this.#commit(note)
    if (place.commit !== null) await this.#reveal(note, place.commit)
    // gathering waits for everybody who is connected: we have nothing more to bring
    else if (this.state.epoch?.phase === 'gather') this.#sayReady(this.state.epoch.number)
    if (place.commit !== null && this.state.epoch?.phase === 'gather') this.#sayReady(this.state.epoch.number)
  }

  async #join(): Promise<void> {
    if (this.#outbox.has('join')) return
    await this.#outbox.write('contributor.join', { contact: null, subject: true }, { key: 'join' })
    this.#say('joined')
  }

  #beginDeposit(note: PoolNote): void {
    if (this.refusal !== undefined || this.#options.clock.now() < this.#depositAt) return
    this.#deposit ??= this.#handOut(note)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.logger.warn('deposit-waits', { code: codeOf(error) })
      })
      .finally(() => {
        this.#deposit = undefined
      })
  }

  /** To all keyholders at once; those that have their part say so again. */
  async #handOut(note: PoolNote): Promise<void> {
    const { mesh, clock } = this.#options
    const { cid, manifest, salt, shares, commitments, committee } = note
    const sealed = { cid, manifest, salt, shares, commitments }
    const receipt = note.receipts.at(-1) as string
    const { complete, acks, faults } = await offerContribution({
      mesh,
      clock,
      sealed,
      receipt,
      committee,
      signal: this.#stop.signal,
    })
    const of = committee.members.length
    if (complete) {
      // a copy of every part would be a way around the keyholders
      await this.#book.update(note, { depositedAt: Math.floor(clock.now() / 1000), shares: [] })
      this.#say('deposited', acks.length, of)
      return this.wake()
    }
    this.#depositAt = clock.now() + (AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)] as number)
    const final = [...faults].find(([, code]) => !PASSING.has(code))
    if (final !== undefined) this.refusal = { keyholder: final[0], code: final[1] }
    this.#say(final === undefined ? 'depositing' : 'refused', acks.length, of, Object.fromEntries(faults))
  }

  async #commit({ cid, commitSalt }: PoolNote): Promise<void> {
    const key = `commit/${cid.toString()}`
    if (this.state.epoch === null || this.#outbox.has(key)) return
    const hash = commitHash(cid, commitSalt, this.#options.signer.did)
    await this.#outbox.write('contribution.commit', { epoch: committingEpoch(this.state), hash }, { key })
    this.#say('committed')
  }

  async #reveal(note: PoolNote, commit: { index: number; epoch: number }): Promise<void> {
    const { epoch } = this.state
    const { cid, commitSalt, manifest } = note
    const key = `reveal/${cid.toString()}`
    if (epoch?.phase !== 'reveal' || epoch.number < commit.epoch || this.#outbox.has(key)) return
    const { files } = this.#options
    const index = files.read(manifest.index)
    if (index === undefined) throw new FatalError('INDEX_MISSING', `the index of ${cid.toString()} is gone from this home; offer it again`)
    const bytes = encode(manifest)
    await files.write(cid, bytes)
    const payload = { epoch: epoch.number, commit: commit.index, manifest: cid, salt: commitSalt }
    await this.#outbox.write('contribution.reveal', payload, { key, files: [bytes, index] })
    this.#say('revealed')
  }

  #sayReady(epoch: number): void {
    const { mesh, logger } = this.#options
    void askAgain(mesh, this.#link.peer, readyProtocol, { epoch, phase: 'gather' }, { signal: this.#stop.signal }).catch((error: unknown) =>
      logger.debug('ready-not-said', { epoch, code: codeOf(error) }),
    )
  }

  async #rememberAddresses(): Promise<void> {
    const seats = new Set(seatedValidators(this.state).map(({ statement }) => statement.validator))
    const known = this.#link.known.filter(({ did, addresses }) => seats.has(did) && addresses.length > 0)
    if (known.length === 0) return
    await this.#book.keepAddresses(known.map(({ did, addresses }) => ({ did, addresses })))
  }

  #say(what: PoolProgress['what'], held = 0, of = 0, faults: Record<string, string> = {}): void {
    this.#options.logger.info(what, { held, of })
    this.#options.onProgress?.({ what, held, of, faults })
  }
}
