/** Where a site's owner asks to be left out: the proof is looked at, kept, and logged as `optout` entries that every node obeys. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { InvalidInputError, RetryableError } from '../../core/errors/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import { type CID, type Payload, rawCid } from '../../schemas/wire/index.ts'
import type { LedgerState } from '../ledger/index.ts'
import { domainOf, isOrdinary } from './domain.ts'
import { coversHost } from './opt-outs.ts'
import { type OptOutProof, proveOptOut, type ProveOptOutOptions, quernName, type Tried } from './prove-opt-out.ts'

export interface OptOutDeskOptions {
  state: () => LedgerState
  /** Logs an entry of ours; `key` names the deed. */
  write: (t: 'optout', p: Payload<'optout'>, rest: { key: string }) => Promise<void>
  /** Keeps the evidence, pinned. */
  storage: Pick<Storage, 'public'>
  /** The web and the DNS to look with. */
  look: () => Promise<Pick<ProveOptOutOptions, 'web' | 'resolveTxt'>>
  clock: Clock
  logger: Logger
  /** Aborts when the service stops. */
  signal: AbortSignal
}

export type OptOutAnswer =
  | { status: 'opted-out'; domain: string; where: string; patterns: (string | null)[]; evidence: CID; logged: number }
  | { status: 'not-proven'; domain: string; tried: Tried[] }

/** Domains looked at side by side, and how soon one is looked at again: anybody may ask, and every question is a request to somebody's server. */
const MAX_AT_ONCE = 4
const AGAIN_MS = 10_000
const MAX_REMEMBERED = 4096
/** Of more wishes about one domain, or below it, none is told from the others any more: it is left out as a whole. */
const MAX_PATTERNS = 64
/** Entries that strangers may have written in an hour: the log is for ever. */
const MAX_ENTRIES_PER_HOUR = 1000
const HOUR_MS = 3_600_000

export class OptOutDesk {
  readonly #options: OptOutDeskOptions
  readonly #asking = new Map<string, Promise<OptOutAnswer>>()
  readonly #askedAt = new Map<string, number>()
  #hour = { since: 0, entries: 0 }

  constructor(options: OptOutDeskOptions) {
    this.#options = options
  }

  /**
   * Looks for the opt-out of a domain (see `proveOptOut`) and logs what the log does not hold yet. Whoever asks does not matter: the proof does.
   * A port or an address is looked at only where the ledger has, or gathers, pages of it: the desk is nobody's way into a network.
   * Throws InvalidInputError BAD_DOMAIN or UNKNOWN_HOST, RetryableError BUSY or TOO_SOON; what `write` throws.
   */
  async ask(text: string): Promise<OptOutAnswer> {
    const domain = domainOf(text)
    if (!isOrdinary(domain) && !this.#isGathered(domain))
      throw new InvalidInputError(
        'UNKNOWN_HOST',
        'a port or an address is looked at only where this ledger gathers from it; name the domain',
      )
    const asking = this.#asking.get(domain)
    if (asking !== undefined) return asking
    if (this.#asking.size >= MAX_AT_ONCE) throw new RetryableError('BUSY', 'other domains are being looked at; ask again in a moment')
    this.#remember(domain)
    const answer = this.#look(domain).finally(() => this.#asking.delete(domain))
    this.#asking.set(domain, answer)
    return answer
  }

  async #look(domain: string): Promise<OptOutAnswer> {
    const { look, clock, signal, logger } = this.#options
    const proof = await proveOptOut(domain, { ...(await look()), clock, signal })
    if (!proof.found) return { status: 'not-proven', domain, tried: proof.tried }
    const { evidence, logged } = await this.#log(domain, proof)
    logger.info('opted-out', { domain, patterns: proof.patterns.length, logged })
    return { status: 'opted-out', domain, where: proof.where, patterns: proof.patterns, evidence, logged }
  }

  async #log(domain: string, { patterns, evidence: bytes, at }: Extract<OptOutProof, { found: true }>) {
    const { state, write, storage } = this.#options
    const evidence = rawCid(bytes)
    const known = state().optouts.filter((one) => coversHost(one.domain, domain))
    const isGone = known.some(({ pattern }) => pattern === null)
    const below = state().optouts.filter((one) => coversHost(domain, one.domain)).length
    const wanted = below + patterns.length > MAX_PATTERNS ? [null] : patterns
    const fresh = isGone ? [] : wanted.filter((wish) => !known.some(({ pattern }) => pattern === wish))
    this.#spend(fresh.length)
    if (fresh.length > 0) {
      await storage.public.put([{ cid: evidence, bytes }])
      await storage.public.pin(evidence)
    }
    for (const pattern of fresh)
      await write('optout', { domain, pattern, evidence, from: at }, { key: `optout/${domain}/${pattern ?? ''}` })
    return { evidence, logged: fresh.length }
  }

  /** Whether the charter sends crawlers to this host, or a batch holds a page of it. */
  #isGathered(host: string): boolean {
    const { charter, batches } = this.#options.state()
    return (
      charter.sources.seeds.some((seed) => URL.parse(seed)?.host === host) ||
      [...batches.values()].some(({ hosts }) => hosts?.includes(host) === true)
    )
  }

  #spend(entries: number): void {
    const now = this.#options.clock.now()
    if (now - this.#hour.since >= HOUR_MS) this.#hour = { since: now, entries: 0 }
    if (this.#hour.entries + entries > MAX_ENTRIES_PER_HOUR)
      throw new RetryableError('BUSY', 'many sites opted out in this hour; ask again in the next')
    this.#hour.entries += entries
  }

  #remember(domain: string): void {
    const now = this.#options.clock.now()
    if (now - (this.#askedAt.get(domain) ?? -AGAIN_MS) < AGAIN_MS)
      throw new RetryableError('TOO_SOON', 'this domain was looked at a moment ago; ask again in ten seconds')
    this.#askedAt.delete(domain)
    if (this.#askedAt.size >= MAX_REMEMBERED) this.#askedAt.delete(this.#askedAt.keys().next().value as string)
    this.#askedAt.set(domain, now)
  }
}

/** How an owner proves it, in words. */
export const howToOptOut = (domain: string): string =>
  `put the line "opt-out: /" into https://${domain}/.well-known/quern.txt, or into a TXT record of ${quernName(domain)}; then ask again`
