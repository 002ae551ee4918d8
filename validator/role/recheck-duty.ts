/**
 * Asking hosts again what they reserve, once an epoch and beside the testing. What is found goes into the log ahead of our report, so that no release
 * of the epoch is cut without it.
 */
import { codeOf } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import type { EpochState } from '../../dao/ledger/index.ts'
import { chunkFile } from '../../schemas/wire/index.ts'
import { recheckedHosts, recheckHosts, type Reservation } from '../optouts/index.ts'
import type { Desk } from './desk.ts'

export class RecheckDuty implements AsyncDisposable {
  readonly #desk: Desk
  #web: Web | undefined
  #epoch = -1
  /** Keys of what is on its way into the log: every page of a host may bring the same. */
  readonly #saying = new Set<string>()
  #round: AbortController | undefined
  /** The round under way; never rejects. */
  #work: Promise<void> = Promise.resolve()

  constructor(desk: Desk) {
    this.#desk = desk
  }

  /** Begins the epoch's round unless it was begun; a round that is still under way from the epoch before ends, and its hosts are drawn anew. */
  begin(epoch: EpochState): void {
    if (this.#epoch >= epoch.number) return
    this.#epoch = epoch.number
    const { signal, options, state, me } = this.#desk
    const hosts = recheckedHosts(state(), epoch, me)
    this.#round?.abort(new Error('the next round begins'))
    if (hosts.length === 0) return
    const round = new AbortController()
    this.#round = round
    this.#work = this.#work
      .then(() => this.#ask(hosts, AbortSignal.any([signal, round.signal])))
      .catch((error: unknown) => {
        if (!signal.aborted && !round.signal.aborted)
          options.logger.error('recheck-failed', { epoch: epoch.number, code: codeOf(error), message: String(error) })
      })
  }

  /** Hosts are asked no more in this epoch: those that are left may fall to somebody in the next. */
  end(): void {
    this.#round?.abort(new Error('the next gathering begins'))
  }

  /** Resolves when the round under way is over, or was given up. */
  get done(): Promise<void> {
    return this.#work
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#round?.abort(new Error('stopped'))
    await this.#work
    await this.#web?.[Symbol.asyncDispose]()
  }

  async #ask(hosts: string[], signal: AbortSignal): Promise<void> {
    const { options, state, politely } = this.#desk
    this.#web ??= await options.openWeb(state().charter)
    const { logger, agentToken: agent, clock, resolveTxt } = options
    const { profile } = state().charter.sources
    await recheckHosts(hosts, { web: politely(this.#web), agent, profile, clock, resolveTxt, logger, signal }, (found) => this.log(found))
  }

  /** Logs what the log does not say yet. */
  async log({ host: domain, patterns, evidence, at }: Reservation): Promise<void> {
    const { state } = this.#desk
    const known = new Set(state().optouts.flatMap((one) => (one.domain === domain.toLowerCase() ? [one.pattern] : [])))
    const keyOf = (pattern: string | null): string => `optout/${domain}/${pattern ?? ''}`
    const fresh = patterns.filter((pattern) => !known.has(pattern) && !this.#saying.has(keyOf(pattern)))
    if (fresh.length === 0 || known.has(null)) return
    for (const pattern of fresh) this.#saying.add(keyOf(pattern))
    try {
      await this.#write({ domain, patterns: fresh, evidence, at }, keyOf)
    } finally {
      for (const pattern of fresh) this.#saying.delete(keyOf(pattern))
    }
    this.#desk.options.logger.info('host-opted-out', { domain, patterns: fresh.length })
  }

  async #write(
    { domain, patterns, evidence, at }: Omit<Reservation, 'host'> & { domain: string },
    keyOf: (pattern: string | null) => string,
  ): Promise<void> {
    const { options, outbox } = this.#desk
    const { root, blocks } = chunkFile(evidence)
    await options.storage.public.put(blocks)
    await options.storage.public.pin(root)
    for (const pattern of patterns)
      await outbox
        .write('optout', { domain, pattern, evidence: root, from: at }, { key: keyOf(pattern) })
        // the other validator that asked may have said it before
        .catch((error: unknown) => options.logger.debug('optout-refused', { domain, code: codeOf(error) }))
  }
}
