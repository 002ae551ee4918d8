/**
 * Asks keyholders now and then whether they are there: for their key of the day, the cheapest thing that only a working one has. Who keeps its seat and
 * does not answer is missed by nobody else, because the log counts seats. What is seen here is this service's own, and decides nothing in the fold.
 */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { askAgain, depositKeyProtocol, type Mesh } from '../../core/mesh/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { type CustodyFact, custodyOf, type LedgerState, seatedValidators } from '../ledger/index.ts'
import {
  ASK_SECONDS,
  decodeSilences,
  encodeSilences,
  GONE_SECONDS,
  type Silence,
  SILENT_SECONDS,
  stillSilent,
} from '../pool-custody/index.ts'

export interface KeyholderWatchOptions {
  mesh: Pick<Mesh, 'ask' | 'onPeer' | 'peers'>
  clock: Clock
  kv: Kv
  logger: Logger
  signal: AbortSignal
  state: () => LedgerState
  /** One that had not answered does again. */
  onBack: () => void
}

const PLACE = 'keyholders-silent'
/** Who is silent is told of again after so long. */
const TELL_SECONDS = 86_400

export class KeyholderWatch implements AsyncDisposable {
  readonly #options: KeyholderWatchOptions
  /** Of those that did not answer the newest question; undefined before they were read. */
  #silent: Map<string, Silence> | undefined
  /** When somebody's silence was told of, Unix seconds. */
  readonly #toldAt = new Map<string, number>()
  #round: Promise<void> | undefined
  #nextAt = 0
  readonly #peers: Disposable

  constructor(options: KeyholderWatchOptions) {
    this.#options = options
    // it may be one that was away
    this.#peers = options.mesh.onPeer(({ peer, connected }) => {
      if (connected && [...(this.#silent?.keys() ?? [])].some((account) => peerFromDid(account) === peer)) this.#nextAt = 0
    })
  }

  /** Whether it can be asked: it is connected, and answered when it was asked last. */
  answers(account: string): boolean {
    return this.#silent?.has(account) !== true && this.#options.mesh.peers().includes(peerFromDid(account))
  }

  /** Accounts that have been silent for so long that it is told. */
  get silent(): ReadonlySet<string> {
    return this.#longer(SILENT_SECONDS)
  }

  /** Accounts that have been silent for so long that others take over. */
  get gone(): ReadonlySet<string> {
    return this.#longer(GONE_SECONDS)
  }

  /** Unix seconds of the first question that each of those that are told of has left unanswered. */
  get since(): ReadonlyMap<string, number> {
    const told = this.silent
    return new Map([...(this.#silent?.values() ?? [])].flatMap(({ account, since }) => (told.has(account) ? [[account, since]] : [])))
  }

  /** Asks beside the steps when it is time. Call it after every advance. */
  tend(): void {
    const { clock, signal, logger } = this.#options
    if (signal.aborted || clock.now() < this.#nextAt) return
    this.#round ??= this.#ask()
      .catch((error: unknown) => {
        if (!signal.aborted) logger.warn('keyholders-not-asked', { code: codeOf(error) })
      })
      .finally(() => {
        this.#round = undefined
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#peers[Symbol.dispose]()
    await this.#round
  }

  async #ask(): Promise<void> {
    const { mesh, clock, kv, signal, state, onBack } = this.#options
    this.#nextAt = clock.now() + ASK_SECONDS * 1000
    const before = this.#silent ?? (await readSilences(kv))
    this.#silent = before
    const facts = custodyOf(state())
    const asked = holders(state(), facts)
    const answers = await Promise.all(
      asked.map((account) =>
        askAgain(mesh, peerFromDid(account), depositKeyProtocol, {}, { signal }).then(
          () => true,
          () => false,
        ),
      ),
    )
    // nobody answers whoever is stopping
    signal.throwIfAborted()
    const now = this.#now()
    const silent = asked.filter((_, i) => answers[i] === false).map((account) => stillSilent(account, before.get(account), now))
    if (silent.length > 0 || before.size > 0) await kv.put(PLACE, encodeSilences(silent))
    this.#silent = new Map(silent.map((one) => [one.account, one]))
    this.#tell({ facts, asked, before }, now)
    if ([...before.keys()].some((account) => !this.#silent?.has(account))) onBack()
  }

  #tell(
    { facts, asked, before }: { facts: readonly CustodyFact[]; asked: readonly string[]; before: ReadonlyMap<string, Silence> },
    now: number,
  ): void {
    const { logger } = this.#options
    const silent = this.silent
    for (const { account, seconds } of before.values()) {
      if (seconds < SILENT_SECONDS || silent.has(account)) continue
      this.#toldAt.delete(account)
      // one that holds nothing any more is not asked: nobody knows whether it is back
      if (asked.includes(account)) logger.info('keyholder-back', { account })
    }
    for (const account of silent) {
      if (now - (this.#toldAt.get(account) ?? -Infinity) < TELL_SECONDS) continue
      this.#toldAt.set(account, now)
      const held = facts.filter(({ one }) => one.committee.members.includes(account))
      // of those that are left so many may go, in the contribution that stands worst, and k can still read it
      const spare = Math.min(...held.map(({ one, live }) => live.filter((member) => !silent.has(member)).length - one.committee.k))
      logger.warn('keyholder-silent', {
        account,
        since: this.since.get(account),
        contributions: held.length,
        ...(held.length > 0 && { spare }),
      })
    }
  }

  #longer(seconds: number): ReadonlySet<string> {
    return new Set([...(this.#silent?.values() ?? [])].flatMap((one) => (one.seconds >= seconds ? [one.account] : [])))
  }

  #now(): number {
    return Math.floor(this.#options.clock.now() / 1000)
  }
}

/** Seated members of the committees that hold something. */
function holders(state: LedgerState, facts: readonly CustodyFact[]): string[] {
  const members = new Set(facts.flatMap(({ one }) => one.committee.members))
  return seatedValidators(state).flatMap(({ statement: { validator } }) => (members.has(validator) ? [validator] : []))
}

async function readSilences(kv: Kv): Promise<Map<string, Silence>> {
  const bytes = await kv.get(PLACE)
  return new Map((bytes === undefined ? [] : decodeSilences(bytes)).map((one) => [one.account, one]))
}
