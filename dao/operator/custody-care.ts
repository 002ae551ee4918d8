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
import { type CustodyFact, custodyOf, custodyOfOne, isOld, type LedgerState, seatedValidators } from '../ledger/index.ts'
import { poolView } from '../pool-access/index.ts'
import {
  againAfter,
  betweenRefreshes,
  type Committee,
  dealersOf,
  type HoldersView,
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
/** Contributions that are looked at in a round, and how long one may begin with the next: the operator's command waits for the end of it. */
const MOST_LOOKED = 64
const ROUND_MS = 60_000
/** The log has what it took within seconds; an entry whose number another one took is written again in a later round. */
const LOGGED_MS = 60_000
const TELL_MS = 3_600_000

/** Keyholders are missing that may come back. */
const AWAY = ['MEMBER_AWAY', 'TOO_FEW_DEALERS']
const NOBODY: ReadonlySet<string> = new Set()

/** A contribution whose reshare came to nothing, so many times in a row. */
interface Tried {
  failed: number
  /** Unix seconds. */
  againAt: number
  isAway: boolean
  /** Of the shares. */
  generation: number
  /** Members that were left; where that is another number, it is not the same any more, and done at once. */
  left: number
  /** Who was to take over in these tries: others are asked while there are any, because nobody knows whose fault it was. */
  passed: ReadonlySet<string>
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
    const { clock, signal, state } = this.#options
    if (signal.aborted || clock.now() < this.#nextAt || state().contributions.size === 0) return
    this.#round ??= this.#act()
      .catch((error: unknown) => {
        if (!signal.aborted) this.#tell({ code: codeOf(error) })
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
    const { state, days, watch, clock, logger } = this.#options
    const facts = custodyOf(state())
    const due = turns(facts, { gone: watch.gone, now: this.#now(), days }).filter((turn) => !this.#rests(turn))
    if (due.length === 0 && !this.#mayBeLeft) return LOOK_MS
    const kv = await this.#options.open()
    // the operator's command is at it: what it leaves is done afterwards
    if (kv === undefined) return LOOK_MS
    await using _open = kv
    const book = new ReshareBook(kv)
    await this.#finish(book)
    const view = this.#view()
    const waiting = new Map<string, number>()
    const until = clock.now() + ROUND_MS
    let [looked, isRefreshed] = [0, false]
    for (const turn of due.slice(0, MOST_LOOKED)) {
      if (isRefreshed || clock.now() > until) break
      looked++
      const outcome = await this.#take(turn, view, book)
      isRefreshed = outcome === 'reshared' && !turn.isUrgent
      if (outcome !== undefined && outcome !== 'reshared') waiting.set(outcome, (waiting.get(outcome) ?? 0) + 1)
    }
    if (waiting.size > 0) this.#tell({ contributions: Object.fromEntries(waiting) })
    logger.debug('custody-looked', { due: due.length, looked })
    if (isRefreshed) return betweenRefreshes(facts.length) * 1000
    return looked < due.length ? SOON_MS : LOOK_MS
  }

  #rests({ fact, left }: Turn): boolean {
    const tried = this.#triedOf(fact)
    return tried !== undefined && tried.left === left && tried.againAt > this.#now()
  }

  /** What came to nothing with these shares, not with those that somebody dealt anew since. */
  #triedOf(fact: CustodyFact): Tried | undefined {
    const tried = this.#tried.get(keyOf(fact))
    return tried?.generation === fact.one.generation ? tried : undefined
  }

  /** `reshared`, or the code of why it has to wait; undefined where nothing is to be done about it now. */
  async #take({ fact: { one: before }, left }: Turn, view: HoldersView, book: ReshareBook): Promise<string | undefined> {
    const { days, state, logger, signal } = this.#options
    // the log may have gone on while others were dealt
    const fact = custodyOfOne(state(), before.manifestCid)
    if (fact === undefined || book.hasFinished(fact.one)) return undefined
    const { one } = fact
    const { generation } = one
    const key = keyOf(fact)
    const { failed, passed } = this.#triedOf(fact) ?? { failed: 0, passed: NOBODY }
    const answers = (account: string): boolean => view.answers(account) && !passed.has(account)
    let to: Committee | undefined
    let found: ReshareOutcome | undefined
    try {
      to = nextHolders(fact, { ...view, answers }, { refresh: isOld(fact, this.#now(), days) })
      found = to && (await this.#give(fact, to, failed, book))
    } catch (error) {
      signal.throwIfAborted()
      found = { outcome: codeOf(error), faults: {} }
    }
    const { outcome, faults } = found ?? {}
    if (outcome === 'reshared') {
      this.#tried.delete(key)
      logger.info('reshared', { contribution: key, generation: one.generation, keyholders: one.committee.members.length, faults })
      return outcome
    }
    // nobody may take over yet, or who has to be there is not
    const isAway = outcome === undefined || AWAY.includes(outcome)
    const others = (!isAway && to?.members.filter((account) => !one.committee.members.includes(account))) || []
    // after the last of them the first is asked again, also where none is named once all were
    const isRound = others.every((account) => passed.has(account))
    const next = new Set([...(isRound ? NOBODY : passed), ...others])
    const againAt = this.#now() + againAfter(failed + 1)
    this.#tried.set(key, { failed: failed + 1, againAt, isAway, generation, left, passed: next })
    logger.debug('reshare-failed', { contribution: key, code: outcome, faults })
    return outcome
  }

  /** Has it dealt where all are there that have to be. */
  #give(fact: CustodyFact, to: Committee, failed: number, book: ReshareBook): Promise<ReshareOutcome> | ReshareOutcome {
    const { watch } = this.#options
    const dealers = dealersOf(fact.one.committee, (account) => watch.answers(account), failed)
    if (dealers === undefined) return { outcome: 'TOO_FEW_DEALERS', faults: {} }
    const away = to.members.filter((account) => !watch.answers(account))
    if (away.length > 0) return { outcome: 'MEMBER_AWAY', faults: Object.fromEntries(away.map((account) => [account, 'AWAY'])) }
    return this.#reshare(fact, { to, dealers }, book)
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

  #tell(why: { code: string } | { contributions: Record<string, number> }): void {
    const { clock, logger } = this.#options
    if (clock.now() - this.#toldAt < TELL_MS) return
    this.#toldAt = clock.now()
    logger.warn('reshare-waits', why)
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

const keyOf = ({ one }: CustodyFact): string => one.manifestCid.toString()
