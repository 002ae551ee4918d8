/**
 * The role of somebody who offers personal data to one DAO, under the key that only this DAO knows them by. After every step it does what the
 * state of the log calls for: join, hand the keyholders their parts, commit, reveal; before anything is sealed it asks them for the pool's tokens.
 * Each deed is remembered before it leaves, so that a stop at any point loses nothing and repeats nothing.
 */
import { codeOf, FatalError } from '../../../core/errors/index.ts'
import { askAgain, readyProtocol, withdrawalTopic } from '../../../core/mesh/index.ts'
import { type DaoLink, type Follower, joinLedger, type Outbox, serveBlocks, stopWith } from '../../../dao/follower/index.ts'
import { charterOf, committingEpoch, isOfTheDao, type LedgerState, seatedValidators } from '../../../dao/ledger/index.ts'
import { poolView } from '../../../dao/pool-access/index.ts'
import type { PoolKey } from '../../../schemas/wire/index.ts'
import { BringWithdrawals } from './bring-withdrawals.ts'
import { HandingOut } from './handing-out.ts'
import { learnFromLog } from './learn-from-log.ts'
import { commit, isFinal, join, type LogDeeds, reveal, takeBack } from './log-deeds.ts'
import { serveOwnerDesk } from './owner-desk.ts'
import type { OfferRefusal, PoolNodeOptions, PoolProgress } from './options.ts'
import { PoolBook, type PoolNote } from './pool-book.ts'
import { poolTokens, type Tokens } from './pool-tokens.ts'
import { type OfferPlace, placeOf } from './steps.ts'

export class PoolNode implements AsyncDisposable {
  readonly #options: PoolNodeOptions
  readonly #stop: AbortController
  readonly #stack = new AsyncDisposableStack()
  #follower!: Follower
  #link!: DaoLink
  #outbox!: Outbox
  #book!: PoolBook
  #wake = (): void => undefined
  #handingOut!: HandingOut
  #bringing!: BringWithdrawals
  /** There will be a contribution: the account may join for it. */
  #expected = false
  /** The epoch whose gathering heard that we have nothing more to bring. */
  #readyIn = -1
  refusal: OfferRefusal | undefined

  private constructor(options: PoolNodeOptions) {
    this.#options = options
    this.#stop = stopWith(options.signal)
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
    this.#wake()
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
    // not there yet where opening failed
    await (this.#handingOut as HandingOut | undefined)?.ended()
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, logger, clock, veto } = this.#options
    const { signal } = this.#stop
    this.#book = await PoolBook.open(kv)
    const onFollower = (follower: Follower): void => {
      this.#follower = follower
      this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: (peer) => this.#mayRead(peer) }))
    }
    const joined = await joinLedger(
      { ...this.#options, role: 'contributor', light: true, hearMs: 100, pollMs: 1000, signal, onFollower },
      this.#stack,
    )
    this.#link = joined.link
    this.#outbox = joined.outbox
    if (veto) {
      const view = poolView({ state: () => this.state, files })
      const known = { contributions: () => this.#book.all, logged: (subject: string) => this.state.withdrawals.of(subject) }
      this.#stack.use(serveOwnerDesk({ ...veto, ...known, mesh, clock, view, carrier: this.#link.peer }))
    }
    this.#bringing = new BringWithdrawals(this.#book, this.#outbox)
    this.#handingOut = new HandingOut({
      mesh,
      clock,
      logger,
      signal,
      book: this.#book,
      say: (what, held, of, faults) => this.#say(what, held, of, faults),
      refuse: (refusal) => this.#refuse(refusal),
      wake: () => this.wake(),
    })
    this.#wake = joined.begin(
      () => this.#act(),
      () => mesh.subscribe(withdrawalTopic(this.#link.ledgerId), () => undefined),
    )
  }

  /** The keyholders, who are seated, and the DAO: as long as there is something they should have. */
  #mayRead(peer: string): boolean {
    return this.#book.live !== undefined && isOfTheDao(this.state, peer)
  }

  /** Whatever the state calls for now. */
  async #act(): Promise<void> {
    const note = this.#book.live
    await this.#outbox.settle()
    if (this.state.size === 0) return
    this.#link.meet(seatedValidators(this.state).map(({ statement }) => statement.validator))
    await this.#learn()
    await this.#rememberAddresses()
    const hasJoined = this.state.contributors.has(this.#options.signer.did)
    // before anything is sealed keyholders are asked for tokens, and they answer accounts only
    if (note === undefined && this.#expected && !hasJoined) return this.#join()
    if (hasJoined) {
      await this.#bringing.bring(this.#book.all, this.state)
      for (const one of this.#book.all) await takeBack(this.#deeds, one)
    }
    if (note === undefined || this.refusal !== undefined) {
      if (hasJoined && !this.#expected) this.#nothingMore()
      return
    }
    const { stage } = placeOf(note, this.state)
    const isNew = stage === 'sealed' || stage === 'deposited'
    if (isNew && charterOf(this.state, committingEpoch(this.state)).consent?.equals(note.manifest.policy) !== true)
      return this.#refuse({
        keyholder: null,
        code: 'OTHER_POLICY',
        message: 'the DAO has another policy by now than the one that was agreed to',
      })
    await this.#go(note, hasJoined).catch((error: unknown) => {
      if (!(error instanceof FatalError) || !isFinal(note, error, this.state)) throw error
      this.#refuse({ keyholder: null, code: error.code, message: error.message })
    })
  }

  async #go(note: PoolNote, hasJoined: boolean): Promise<void> {
    if (!hasJoined) return this.#join()
    const place = placeOf(note, this.state)
    if (place.stage === 'sealed') {
      // a keyholder is away: others need not wait to see when it comes back
      if (this.#handingOut.isWaiting) this.#nothingMore()
      return this.#handingOut.begin(note)
    }
    if (place.stage === 'deposited' && (await commit(this.#deeds, note))) this.#say('committed')
    if (place.commit !== null && (await reveal(this.#deeds, note, place.commit))) this.#say('revealed')
    this.#nothingMore()
  }

  /** Gathering waits for everybody who is connected: we have nothing more to bring. */
  #nothingMore(): void {
    if (this.state.epoch?.phase === 'gather') this.#sayReady(this.state.epoch.number)
  }

  #refuse(refusal: OfferRefusal): void {
    this.#options.logger.warn('refused', { code: refusal.code, keyholder: refusal.keyholder })
    this.refusal = refusal
  }

  get #deeds(): LogDeeds {
    const { files, signer } = this.#options
    return { files, signer, outbox: this.#outbox, state: this.state }
  }

  async #join(): Promise<void> {
    if (await join(this.#deeds)) this.#say('joined')
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

  async #learn(): Promise<void> {
    for (const note of this.#book.all) await learnFromLog(this.#book, note, this.state)
  }

  async #rememberAddresses(): Promise<void> {
    const seats = seatedValidators(this.state).map(({ statement }) => statement.validator)
    // also those that hold no seat any more: a withdrawal has to reach whoever has a share
    const holders = this.#book.all.filter(({ shredded, noted, committee }) => shredded.length + noted.length < committee.members.length)
    const keep = new Set([...seats, ...holders.flatMap(({ committee, former }) => [...committee.members, ...former])])
    await this.#book.learnAddresses(this.#link.known, keep)
  }

  #say(what: PoolProgress['what'], held = 0, of = 0, faults: Record<string, string> = {}): void {
    this.#options.logger.info(what, { held, of })
    this.#options.onProgress?.({ what, held, of, faults })
  }
}
