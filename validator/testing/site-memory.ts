/** What sites say about themselves, and their owners to us, asked again from here: once for each site, politely, as the page itself is. */
import { ByteLru } from '../../schemas/cache/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { untilAborted } from '../../core/mesh/index.ts'
import type { AskedSite, RuleCapture } from '../../core/web/index.ts'
import type { OwnWord } from '../../dao/optouts/index.ts'
import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'
import {
  asksUsNotToIndex,
  matchesUrl,
  mayFetch,
  mayTrain,
  type PageSignals,
  type Profile,
  trainDecision,
  withoutUnavailable,
} from '../../schemas/permission/index.ts'
import { pageHtmlOrNull, signalsOfPage } from '../../schemas/pipeline/index.ts'
import { sha256, toHex } from '../../schemas/wire/index.ts'
import { HostClosedError, type PoliteWeb, type Visit } from '../manners/index.ts'

export interface KnownSite extends AskedSite {
  /** What its owner opted out, in `quern.txt` or the DNS. */
  own: OwnWord[]
}

/** Asks for its owner's word as well (see `ownWords`). */
export type AskOwn = (origin: string, site: AskedSite, visit: Visit & { agent: string }) => Promise<OwnWord[]>

export class SiteMemory {
  readonly #web: PoliteWeb
  readonly #askOwn: AskOwn
  readonly #sites = new Map<string, KnownSite>()
  readonly #asking = new Map<string, Promise<unknown>>()

  constructor(web: PoliteWeb, askOwn: AskOwn) {
    this.#web = web
    this.#askOwn = askOwn
  }

  /** null where the rules cannot be had now; they are asked for again the next time. Throws HostClosedError, RefusedError CRAWL_DELAY, and the signal's reason. */
  async of(origin: string, agent: string, visit: Visit): Promise<KnownSite | null> {
    const key = `${origin} ${agent}`
    // whoever comes meanwhile waits for the answers and does not ask as well
    for (let asking = this.#asking.get(key); asking !== undefined; asking = this.#asking.get(key)) {
      const others = asking
      await untilAborted(visit.signal, () => others)
    }
    const known = this.#sites.get(key)
    if (known !== undefined) return known
    const asked = this.#ask(origin, agent, visit)
    this.#asking.set(
      key,
      asked.catch(() => undefined).then(() => this.#asking.delete(key)),
    )
    const site = await asked
    if (site !== null && isWhole(site)) this.#sites.set(key, site)
    return site
  }

  async #ask(origin: string, agent: string, visit: Visit): Promise<KnownSite | null> {
    try {
      const site = await this.#web.rules(origin, agent, visit)
      // nothing is asked for where that fails
      return { ...site, own: site.rules.robots.rules.unreachable ? [] : await this.#askOwn(origin, site, { ...visit, agent }) }
    } catch (error) {
      visit.signal.throwIfAborted()
      const code = codeOf(error)
      if (error instanceof HostClosedError || code === 'INTERNAL' || code === 'CRAWL_DELAY') throw error
      return null
    }
  }
}

/** Every rule file answered: a server that failed is asked again, or one bad moment would fail every page of the host. */
const isWhole = ({ rules: { robots, tdmrep, aiTxt, licenses } }: AskedSite): boolean =>
  !robots.rules.unreachable && [tdmrep, aiTxt, ...licenses].every((file) => file?.rules !== 'unavailable')

/** A page that is fetched again, here or for another validator of the process, mostly says what it said. */
const signalsIn = new ByteLru<{ of: PageSignals | null; units: number }>(8 << 20, ({ units }) => 2 * units)

/** How what closes a page now stands to the record of it: dated before whoever fetched it could still go by something else, dated after, or not dated. */
export type Age = 'older' | 'younger' | 'undated'

/** What a site says of a page before the page is asked for. */
export interface Closing {
  /** robots.txt forbids the fetch. */
  isForbidden: boolean
  age: Age
}

interface Fetched {
  agent: string
  url: string
  /** Unix milliseconds. */
  fetchedAt: number
}

/**
 * Why nobody asks for the page any more: robots.txt closes it, its owner opted out, or a rule file reserves it from training, as a crawler asks for no
 * such page. Undefined where it may be asked for. `rulesMs`: how long a crawler may go by the rules it has.
 */
export function closingOf({ rules, captures, own }: KnownSite, { agent, url, fetchedAt }: Fetched, rulesMs: number): Closing | undefined {
  const since = fetchedAt - rulesMs
  const isForbidden = !mayFetch(rules.robots.rules, agent, url).allowed
  const ageOf = (digests: readonly string[]): Age => ageOfAll(captures, digests, since)
  if (isForbidden) return { isForbidden, age: ageOf([rules.robots.sha256]) }
  if (own.some(({ patterns }) => patterns.some((pattern) => pattern === null || matchesUrl(pattern, url))))
    return { isForbidden, age: 'undated' }
  const { decision, signals } = trainDecision({ url, agent, site: withoutUnavailable(rules), headers: [], html: null })
  if (decision !== 'deny') return undefined
  return { isForbidden, age: ageOf(signals.flatMap(({ says, sha256: digest }) => (says === 'deny' ? [digest] : []))) }
}

function ageOfAll(captures: readonly RuleCapture[], digests: readonly string[], since: number): Age {
  const dates = captures
    .filter(({ exchange }) => digests.includes(toHex(sha256(exchange.body))))
    .map(({ exchange }) => modifiedAt(exchange))
  if (dates.length === 0 || dates.includes(0)) return 'undated'
  return dates.every((at) => at <= since) ? 'older' : 'younger'
}

export interface Reservation {
  /** Something says no; else nothing says yes any more, and the profile wants that. */
  isDenial: boolean
  age: Age
}

/** What the page itself, whose site closes nothing, says against training now, by the profile; undefined where it does not, or nobody can tell because a rule file is not to be had. */
export function reservationOf(
  site: AskedSite,
  { agent, url, fetchedAt, profile }: Fetched & { profile: Profile },
  page: Exchange,
): Reservation | undefined {
  const { headers, responseHead: head, body } = page
  const html = pageHtmlOrNull(page)
  const read = html === null ? null : signalsIn.recall(html, () => ({ of: signalsOfPage(page), units: html.length })).of
  const training = trainDecision({ url, agent, site: withoutUnavailable(site.rules), headers, html: null, signals: read, head, body })
  // as a crawler keeps no such page
  const isDenial = training.decision === 'deny' || (read !== null && asksUsNotToIndex(read, agent))
  if (!isDenial && (mayTrain(training, profile) || !isWhole(site))) return undefined
  const at = modifiedAt(page)
  // that nothing is said any more is nobody's lie
  return { isDenial, age: !isDenial || at > fetchedAt ? 'younger' : at === 0 ? 'undated' : 'older' }
}

/** Unix milliseconds; 0 where the answer does not say. */
function modifiedAt({ headers }: Exchange): number {
  const at = Date.parse(headerValues(headers, 'last-modified')[0] ?? '')
  return Number.isNaN(at) ? 0 : at
}
