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
import { readWithdrawal } from '../../../dao/consent/index.ts'
import { DaoLink, type FileStore, Follower, Outbox, serveBlocks, Steps } from '../../../dao/follower/index.ts'
import { charterOf, committingEpoch, type LedgerState, seatedValidators } from '../../../dao/ledger/index.ts'
import { commitHash, encode, peerFromDid, type PoolKey, toHex } from '../../../schemas/wire/index.ts'
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
  'NOT_JOINED',
  'DEPOSIT_KEY',
  'BAD_DEPOSIT_KEY',
  'DISK_FAILED',
  'DISK_FULL',
  'DISK_READ_ONLY',
  'STORE_UNREADABLE',
  'SHARE_TABLE_UNSURE',
  'NOT_YET_GIVEN',
  'INTERNAL',
])
/** The same of the log. Everything else that it refuses stays refused: a policy that was replaced, a slot or a sequence that another home took. */
const PASSING_IN_LOG = new Set([
  'JOINED',
  'NOT_JOINED',
  'WRONG_EPOCH',
  'WRONG_PHASE',
  'NO_COMMIT',
  'REVEALED',
  'REPEATED',
  'TOO_MANY',
  'SEQUENCE_GAP',
])
const AGAIN_MS = [500, 1000, 2000, 5000, 15_000]

/** What asking again does not change. */
export interface OfferRefusal {
  /** Account of the keyholder that says so; null: the log. */
  keyholder: string | null
  code: string
  message: string
}

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
  /** The epoch whose gathering heard that we have nothing more to bring. */
  #readyIn = -1
  /** Withdrawals of what never came as far as the log: it refuses them. */
  readonly #endsNothing = new Set<string>()
  refusal: OfferRefusal | undefined

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
    const hasJoined = this.state.contributors.has(this.#options.signer.did)
    // before anything is sealed keyholders are asked for tokens, and they answer accounts only
    if (note === undefined && this.#expected && !hasJoined) return this.#join()
    const stage = note === undefined ? undefined : placeOf(note, this.state).stage
    const isNew = stage === 'sealed' || stage === 'deposited'
    // what was withdrawn is in the log before anything new is: said later, it would end the new as well
    const isClear = !hasJoined || !(note === undefined || isNew) || (await this.#bringWithdrawals())
    if (note === undefined || this.refusal !== undefined) {
      if (hasJoined && !this.#expected) this.#nothingMore()
      return
    }
    if (isNew && charterOf(this.state, committingEpoch(this.state)).consent?.equals(note.manifest.policy) !== true)
      return this.#refuse('OTHER_POLICY', 'the DAO has another policy by now than the one that was agreed to')
    await this.#go(note, hasJoined, isClear).catch((error: unknown) => {
      if (!(error instanceof FatalError) || !this.#isFinal(note, error)) throw error
      this.#refuse(error.code, error.message)
    })
  }

  /** Of what writing into the log throws: the log's own words for good, and an index that nobody can make again. */
  #isFinal({ manifest }: PoolNote, { code, detail }: FatalError): boolean {
    if (!('type' in detail)) return code === 'INDEX_MISSING'
    // the same words for a number of our account that an entry of ours has already
    if (code === 'SEQUENCE_USED') return manifest.sequence < (this.state.contributors.get(manifest.subject)?.nextSequence ?? 0)
    return !PASSING_IN_LOG.has(code)
  }

  async #go(note: PoolNote, hasJoined: boolean, isClear: boolean): Promise<void> {
    if (!hasJoined) return this.#join()
    const place = placeOf(note, this.state)
    if (place.stage === 'sealed') {
      // a keyholder is away: others need not wait to see when it comes back
      if (this.#tries > 0) this.#nothingMore()
      return this.#beginDeposit(note)
    }
    if (place.stage === 'deposited' && isClear) await this.#commit(note)
    if (place.commit !== null) await this.#reveal(note, place.commit)
    this.#nothingMore()
  }

  /** Gathering waits for everybody who is connected: we have nothing more to bring. */
  #nothingMore(): void {
    if (this.state.epoch?.phase === 'gather') this.#sayReady(this.state.epoch.number)
  }

  #refuse(code: string, message: string, keyholder: string | null = null): void {
    this.#options.logger.warn('refused', { code, keyholder })
    this.refusal = { keyholder, code, message }
  }

  /** Whether the log has every withdrawal of ours; what it lacks is written. */
  async #bringWithdrawals(): Promise<boolean> {
    const { did } = this.#options.signer
    let isClear = true
    for (const note of this.#book.all) {
      let isLogged = note.withdrawals.length > 0
      for (const withdrawal of note.withdrawals) {
        const read = readWithdrawal(withdrawal)
        if (!read.ok || this.state.tombstones.scopeOf(read.value.receipt, did) === 'all') continue
        const key = `withdrawn/${toHex(read.value.receipt)}`
        if (this.#endsNothing.has(key)) continue
        if (!this.#outbox.has(key))
          await this.#outbox.write('consent.withdrawn', { withdrawal }, { key }).catch((error: unknown) => {
            if (codeOf(error) !== 'NOTHING_BROUGHT') throw error
            this.#endsNothing.add(key)
          })
        if (!this.#endsNothing.has(key)) isClear = isLogged = false
      }
      if (isLogged && !note.logged) await this.#book.update(note, { logged: true })
    }
    return isClear
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
    const { cid, manifest, salt, shares, commitments, counts, committee } = note
    const sealed = { cid, manifest, salt, shares, commitments, counts }
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
      await this.#book.update(note, { depositedAt: Math.floor(clock.now() / 1000), shares: [], counts: [] })
      this.#say('deposited', acks.length, of)
      return this.wake()
    }
    this.#depositAt = clock.now() + (AGAIN_MS[Math.min(this.#tries++, AGAIN_MS.length - 1)] as number)
    const final = [...faults].find(([, code]) => !PASSING.has(code))
    if (final !== undefined) this.#refuse(final[1], 'a keyholder does not take its part', final[0])
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

  /** Once in an epoch, as long as it arrives. */
  #sayReady(epoch: number): void {
    const { mesh, logger } = this.#options
    if (this.#readyIn === epoch) return
    this.#readyIn = epoch
    void askAgain(mesh, this.#link.peer, readyProtocol, { epoch, phase: 'gather' }, { signal: this.#stop.signal }).catch(
      (error: unknown) => {
        this.#readyIn = -1
        logger.debug('ready-not-said', { epoch, code: codeOf(error) })
      },
    )
  }

  async #rememberAddresses(): Promise<void> {
    const seats = seatedValidators(this.state).map(({ statement }) => statement.validator)
    // also those that hold no seat any more: a withdrawal has to reach whoever has a share
    const holders = this.#book.all.filter(({ shredded, noted, committee }) => shredded.length + noted.length < committee.members.length)
    const keep = new Set([...seats, ...holders.flatMap(({ committee }) => committee.members)])
    await this.#book.learnAddresses(this.#link.known, keep)
  }

  #say(what: PoolProgress['what'], held = 0, of = 0, faults: Record<string, string> = {}): void {
    this.#options.logger.info(what, { held, of })
    this.#options.onProgress?.({ what, held, of, faults })
  }
}
