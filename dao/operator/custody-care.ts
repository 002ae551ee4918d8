/**
 * Gives the shares of what is in the pool to others by itself: where a keyholder lost its seat, or is gone while it keeps it, and to the same ones when
 * they were dealt long ago. Beside the steps, one contribution after the other and the most urgent first; what cannot be done now is tried again later.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { cborCid, equalBytes, parse, reshareOrder } from '../../schemas/wire/index.ts'
import type { FileStore, Outbox } from '../follower/index.ts'
import { type CustodyFact, custodyOf, custodyOfOne, type LedgerState, seatedValidators } from '../ledger/index.ts'
import { poolView } from '../pool-access/index.ts'
import {
  againAfter,
  betweenRefreshes,
  dealersOf,
  type HoldersView,
  isOld,
  type LogReshare,
  nextHolders,
  type OpenReshares,
  ReshareBook,
  reshareOne,
  type ReshareOutcome,
  type Turn,
  turns,
} from '../pool-custody/index.ts'

export interface CustodyCareOptions {
  mesh: Pick<Mesh, 'ask'>
  files: FileStore
  clock: Clock
  logger: Logger
  signal: AbortSignal
  signer: Signer
  state: () => LedgerState
  write: Outbox['write']
  /** Resolves with the first value that `look` gives after a step. */
  until: <T>(look: (state: LedgerState) => T | undefined, signal: AbortSignal) => Promise<T>
  watch: { gone: ReadonlySet<string>; answers(account: string): boolean }
  open: OpenReshares
  /** How old shares may be. */
  days: number
}

/** How often it is looked whether something is due, in milliseconds. */
const LOOK_MS = 60_000
/** What is urgent is done this soon after what was done before. */
const SOON_MS = 1000
/** Contributions that are looked at in a round, and of these that are done where it is urgent. */
const MOST_LOOKED = 64
const MOST_DONE = 16
/** The log has what it took within seconds; an entry whose number another one took is written again in a later round. */
const LOGGED_MS = 60_000
const TELL_MS = 3_600_000

/** Keyholders are missing that may come back. */
const AWAY = ['MEMBER_AWAY', 'TOO_FEW_DEALERS']

/** A contribution whose reshare came to nothing, so many times in a row. */
interface Tried {
  failed: number
  /** Unix seconds. */
  againAt: number
  isAway: boolean
}

export class CustodyCare implements AsyncDisposable {
  readonly #options: CustodyCareOptions
  readonly #tried = new Map<string, Tried>()
  /** Something may lie in the book: it was not read since the start, or writing it failed. */
  #mayBeLeft = true
  #round: Promise<void> | undefined
  #nextAt = 0
  #toldAt = -Infinity

  constructor(options: CustodyCareOptions) {
    this.#options = options
  }

  /** Does beside the steps what is due. Call it after every advance. */
  tend(): void {
    const { clock, logger, signal, state } = this.#options
    if (signal.aborted || clock.now() < this.#nextAt || state().contributions.size === 0) return
    this.#round ??= this.#act()
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('reshare-waits', { code: codeOf(error) })
        return LOOK_MS
      })
      .then((pauseMs) => {
        this.#nextAt = clock.now() + pauseMs
        this.#round = undefined
      })
  }

  /** A keyholder that was away is back: what waited for it is looked at again. */
  lookAgain(): void {
    for (const [key, { isAway }] of this.#tried) if (isAway) this.#tried.delete(key)
    this.#nextAt = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#round
  }

  /** Gives the milliseconds until the next round. */
  async #act(): Promise<number> {
    const { state, days, watch, logger } = this.#options
    const facts = custodyOf(state())
    for (const key of this.#tried.keys()) if (!state().contributions.has(key)) this.#tried.delete(key)
    const now = this.#now()
    const due = turns(facts, { gone: watch.gone, now, days }).filter(({ fact }) => (this.#tried.get(keyOf(fact))?.againAt ?? 0) <= now)
    if (due.length === 0 && !this.#mayBeLeft) return LOOK_MS
    const kv = await this.#options.open()
    // the operator's command is at it: what it leaves is done afterwards
    if (kv === undefined) return LOOK_MS
    await using _open = kv
    const book = new ReshareBook(kv)
    await this.#finish(book)
    const view = this.#view()
    const waiting = new Map<string, number>()
    let done = 0
    for (const turn of due.slice(0, MOST_LOOKED)) {
      const outcome = await this.#take(turn, view, book)
      if (outcome === undefined) continue
      if (outcome !== 'reshared') waiting.set(outcome, (waiting.get(outcome) ?? 0) + 1)
      else if (!turn.isUrgent || ++done === MOST_DONE) return turn.isUrgent ? SOON_MS : betweenRefreshes(facts.length) * 1000
    }
    if (waiting.size > 0) this.#tell(waiting)
    logger.debug('custody-looked', { due: due.length, done })
    return due.length > MOST_LOOKED ? SOON_MS : LOOK_MS
  }

  /** `reshared`, or the code of why it has to wait; undefined where nothing is due after all. */
  async #take({ fact: { one } }: Turn, view: HoldersView, book: ReshareBook): Promise<string | undefined> {
    const { days, state, watch, logger } = this.#options
    // the log may have gone on while others were dealt
    const fact = custodyOfOne(state(), one.manifestCid)
    if (fact === undefined) return undefined
    const key = keyOf(fact)
    const before = this.#tried.get(key)?.failed ?? 0
    let found: ReshareOutcome
    try {
      const to = nextHolders(fact, view, { refresh: isOld(fact, this.#now(), days) })
      if (to === undefined) return undefined
      const dealers = dealersOf(one.committee, (account) => watch.answers(account), before)
      const away = to.members.filter((account) => !watch.answers(account))
      if (dealers === undefined) found = { outcome: 'TOO_FEW_DEALERS', faults: {} }
      else if (away.length > 0) found = { outcome: 'MEMBER_AWAY', faults: Object.fromEntries(away.map((account) => [account, 'AWAY'])) }
      else found = await this.#reshare(fact, { to, dealers }, book)
    } catch (error) {
      this.#options.signal.throwIfAborted()
      found = { outcome: codeOf(error), faults: {} }
    }
    const { outcome, faults } = found
    if (outcome === 'reshared') {
      this.#tried.delete(key)
      logger.info('reshared', { contribution: key, generation: one.generation, keyholders: one.committee.members.length, faults })
    } else {
      this.#tried.set(key, { failed: before + 1, againAt: this.#now() + againAfter(before + 1), isAway: AWAY.includes(outcome) })
      logger.debug('reshare-failed', { contribution: key, code: outcome, faults })
    }
    return outcome
  }

  #reshare(
    { one }: CustodyFact,
    what: Pick<Parameters<typeof reshareOne>[0], 'to' | 'dealers'>,
    book: ReshareBook,
  ): Promise<ReshareOutcome> {
    const { mesh, signer, state, clock, signal } = this.#options
    const done = reshareOne({ one, ...what, mesh, operator: signer, ledger: state().id, clock, book, log: this.#log, signal })
    return done.catch((error: unknown) => {
      // all are ready, and the log does not have it yet
      this.#mayBeLeft = true
      throw error
    })
  }

  async #finish(book: ReshareBook): Promise<void> {
    if (!this.#mayBeLeft) return
    for (const { contribution, outcome } of await book.finish(this.#log, this.#now()))
      this.#options.logger.info('reshare-finished', { contribution, outcome })
    this.#mayBeLeft = false
  }

  /** Resolves when the fold has it: an outbox cannot tell its own entry from one of the operator's commands with the same number. */
  readonly #log: LogReshare = async ({ order, ready }) => {
    const { write, until, clock, signal, state } = this.#options
    const { manifest } = parse(reshareOrder, order, 8192)
    const has = ({ contributions }: LedgerState): true | undefined => {
      const reshared = contributions.get(manifest.toString())?.reshared
      return (reshared && equalBytes(reshared.order, order)) || undefined
    }
    // what an earlier run signed may be there already
    if (has(state())) return
    await write('custody.reshare', { order, ready }, { key: `reshare/${cborCid(order).toString()}` })
    await until(has, AbortSignal.any([signal, clock.deadline(LOGGED_MS)])).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw new RetryableError('NOT_LOGGED', 'the log does not show the reshare yet; it is written again', { cause })
    })
  }

  #view(): HoldersView {
    const { state, files, watch } = this.#options
    const view = poolView({ state, files })
    const seats = seatedValidators(state()).map(({ statement: { validator, operator } }) => ({ account: validator, operator }))
    return { seats, policy: (cid) => view.policy(cid), gone: watch.gone, answers: (account) => watch.answers(account) }
  }

  #tell(waiting: ReadonlyMap<string, number>): void {
    const { clock, logger } = this.#options
    if (clock.now() - this.#toldAt < TELL_MS) return
    this.#toldAt = clock.now()
    logger.warn('reshare-waits', { contributions: Object.fromEntries(waiting) })
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

const keyOf = ({ one }: CustodyFact): string => one.manifestCid.toString()
