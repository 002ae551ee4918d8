/**
 * The validator role. It cosigns the log's growth, keeps the ledger's files, opens its beacon link, tests its draws, reports by commit and reveal,
 * and attests the close it recomputed. What it signs is remembered before it is sent.
 */
import { batchTopic, holdProtocol, witnessProtocol } from '../../core/mesh/index.ts'
import { type Follower, joinLedger, serveBlocks, stopWith } from '../../dao/follower/index.ts'
import { type LedgerState, seatedValidators } from '../../dao/ledger/index.ts'
import { OptOutIndex } from '../../dao/optouts/index.ts'
import { CHAIN_LENGTH, type HashChain, openChain } from '../chains/index.ts'
import { HostTurns, HostWishes, PoliteWeb, type PoliteWebOptions, type SlotShare, slotShare } from '../manners/index.ts'
import { Availability } from './availability.ts'
import { cosigning } from './cosigning.ts'
import type { Desk } from './desk.ts'
import { KeyholderDuty } from './keyholder-duty.ts'
import { BatchHolder } from './hold-batch.ts'
import { attest, openBeacon, revealReport } from './opening.ts'
import type { ValidatorOptions } from './options.ts'
import { RecheckDuty } from './recheck-duty.ts'
import { seatStatement } from './seat.ts'
import { TestingDuty } from './testing-duty.ts'

export class Validator {
  readonly #options: ValidatorOptions
  readonly #stop: AbortController
  readonly #stack = new AsyncDisposableStack()
  #follower: Follower | undefined
  #desk!: Desk
  #beacon!: HashChain
  #sampling!: HashChain
  #availability!: Availability
  #testing!: TestingDuty
  #recheck!: RecheckDuty
  #pool: KeyholderDuty | undefined

  private constructor(options: ValidatorOptions) {
    this.#options = options
    this.#stop = stopWith(options.signal)
  }

  /** Dials the DAO, catches up with its log, asks for a seat, then works until disposed. */
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
    return this.follower.state
  }

  get follower(): Follower {
    return this.#follower as Follower
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    await this.#stack.disposeAsync()
  }

  async #open(): Promise<void> {
    const { mesh, storage, files, kv, keys, clock, logger, secret, chainLength = CHAIN_LENGTH, pollMs = 2000 } = this.#options
    const { signal } = this.#stop
    this.#beacon = await openChain(kv, 'beacon', secret, chainLength)
    this.#sampling = await openChain(kv, 'sampling', secret, chainLength)
    this.#stack.use(serveBlocks({ mesh, storage, files, mayRead: (peer) => this.#pool?.mayRead(peer) === true }))
    const cosign = cosigning({ kv, clock, keys, state: () => this.#follower?.state })
    this.#stack.use(mesh.handle(witnessProtocol, ({ body }) => cosign(body)))
    const onFollower = (follower: Follower): void => {
      this.#follower = follower
    }
    const { link, outbox, begin } = await joinLedger(
      { ...this.#options, role: 'validator', signer: keys.identity, pollMs, signal, onFollower },
      this.#stack,
    )
    const say: Desk['say'] = (what, epoch, count) => {
      logger.info(what, { epoch, count })
      this.#options.onProgress?.({ what, epoch, count })
    }
    let wake = (): void => undefined
    const desk: Desk = {
      options: this.#options,
      me: keys.identity.did,
      signal,
      link,
      outbox,
      state: () => this.state,
      wake: () => wake(),
      politely: this.#manners(),
      say,
    }
    this.#desk = desk
    const holder = new BatchHolder(desk)
    this.#availability = new Availability(desk, holder)
    this.#recheck = this.#stack.use(new RecheckDuty(desk))
    this.#testing = this.#stack.use(new TestingDuty(desk, this.#sampling, this.#recheck))
    if (this.#options.pool) this.#pool = this.#stack.use(new KeyholderDuty(desk, this.#options.pool))
    this.#stack.use(mesh.handle(holdProtocol, ({ manifest }, context) => holder.answer(manifest, context.peer, context.signal)))
    wake = begin(
      () => this.#act(),
      (again) => mesh.subscribe(batchTopic(link.ledgerId), again),
    )
  }

  /** Who opted out, by the log, is not asked any more; nor is who stands on this validator's own list. */
  #manners(): Desk['politely'] {
    const { clock, deny } = this.#options
    const turns = new HostTurns(clock, this.#stop.signal)
    const wishes = new HostWishes()
    const optOuts = new OptOutIndex()
    const closed: PoliteWebOptions['closed'] = async (url, what) => {
      await deny?.refresh()
      const host = URL.parse(url)?.host ?? ''
      const known = optOuts.take(this.state.optouts)
      return deny?.denies(url) ?? (what === 'rules' ? known.findWhole(host) : known.find(host, url))?.domain
    }
    // whoever sits on the roster may be led to any host
    const share = (): SlotShare => slotShare(this.state.epoch?.roster ?? [], this.#options.keys.identity.did)
    return (web) => new PoliteWeb({ web, turns, wishes, share, clock, delayMs: this.state.charter.sources.delayMs, closed })
  }

  /** Whatever the state calls for now. */
  async #act(): Promise<void> {
    const { outbox, me } = this.#desk
    await outbox.settle()
    if (this.state.size === 0) return
    this.#pool?.tend()
    // who scores a pool asks its keyholders, and these ask each other for sealed chunks
    if (this.state.charter.consent !== null) this.#desk.link.meet(seatedValidators(this.state).map(({ statement }) => statement.validator))
    const seat = this.state.validators.get(me)
    if (seat === undefined) return this.#askSeat()
    const { epoch } = this.state
    if (epoch === null) return
    if (epoch.phase !== 'test') this.#testing.end()
    // from here on the hosts are the contributors' to ask
    if (epoch.phase === 'gather') this.#recheck.end()
    if (seat.active && (epoch.phase === 'gather' || epoch.phase === 'reveal')) {
      await this.#pool?.confirm(epoch.number)
      await this.#availability.confirm(epoch.number)
    }
    // the cut fixes who has duties in the epoch: a seat given later has none, and one lost since, also by this very close, has them still
    if (!epoch.roster.includes(me)) return
    const duty = { epoch, seat }
    await openBeacon(this.#desk, duty, this.#beacon)
    if (epoch.phase === 'test' || epoch.reportCommits.has(me)) this.#recheck.begin(epoch)
    if (epoch.phase === 'test' && !epoch.reportCommits.has(me)) this.#testing.begin(epoch.number)
    await revealReport(this.#desk, duty, this.#sampling)
    await attest(this.#desk, duty)
  }

  async #askSeat(): Promise<void> {
    const { keys, operator, asn = null, chainLength = CHAIN_LENGTH } = this.#options
    const { link } = this.#desk
    const { ledgerId } = link
    await link.hello(seatStatement({ ledgerId, keys, operator, asn, beacon: this.#beacon, sampling: this.#sampling, chainLength }))
  }
}
