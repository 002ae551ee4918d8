/** What sites say about themselves, asked again from here: once for each site, politely, as the page itself is. */
import { ByteLru } from '../../schemas/cache/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { untilAborted } from '../../core/mesh/index.ts'
import type { AskedSite } from '../../core/web/index.ts'
import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'
import {
  asksUsNotToIndex,
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

export class SiteMemory {
  readonly #web: PoliteWeb
  readonly #sites = new Map<string, AskedSite>()
  readonly #asking = new Map<string, Promise<unknown>>()

  constructor(web: PoliteWeb) {
    this.#web = web
  }

  /** null where the rules cannot be had now; they are asked for again the next time. Throws HostClosedError, RefusedError CRAWL_DELAY, and the signal's reason. */
  async of(origin: string, agent: string, visit: Visit): Promise<AskedSite | null> {
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

  async #ask(origin: string, agent: string, visit: Visit): Promise<AskedSite | null> {
    try {
      return await this.#web.rules(origin, agent, visit)
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

export const isForbidden = ({ rules }: AskedSite, agent: string, url: string): boolean => !mayFetch(rules.robots.rules, agent, url).allowed

export interface Reservation {
  /** Something says no; else nothing says yes any more, and the profile wants that. */
  isDenial: boolean
  /** The page itself says so, in its headers or its head: its site's rule files are asked for anyway (see `recheckHosts`). */
  isOfPage: boolean
  /** Everything that says so was changed since the record was fetched, by its own Last-Modified: it is held against nobody. */
  isYounger: boolean
}

/** What keeps the page out of training now, by the profile; undefined where nothing does, or nobody can tell because a rule file is not to be had. */
export function reservationOf(
  site: AskedSite,
  { agent, url, fetchedAt, profile }: { agent: string; url: string; fetchedAt: number; profile: Profile },
  page: Exchange,
): Reservation | undefined {
  const { rules, captures } = site
  const { headers, responseHead: head, body } = page
  const html = pageHtmlOrNull(page)
  const read = html === null ? null : signalsIn.recall(html, () => ({ of: signalsOfPage(page), units: html.length })).of
  const training = trainDecision({ url, agent, site: withoutUnavailable(rules), headers, html: null, signals: read, head, body })
  // as a crawler keeps no such page
  const isUnwanted = read !== null && asksUsNotToIndex(read, agent)
  const isDenial = training.decision === 'deny' || isUnwanted
  if (!isDenial && (mayTrain(training, profile) || !isWhole(site))) return undefined
  const digestsOf = (exchange: Exchange): string[] => [exchange.body, exchange.responseHead].map((bytes) => toHex(sha256(bytes)))
  const denials = training.signals.filter(({ says }) => says === 'deny')
  const own = new Set(digestsOf(page))
  const answers = [...captures.map(({ exchange }) => exchange), page]
  const younger = new Set(answers.filter((exchange) => modifiedAt(exchange) > fetchedAt).flatMap(digestsOf))
  return {
    isDenial,
    isOfPage: !isDenial || isUnwanted || denials.some(({ sha256: digest }) => own.has(digest)),
    isYounger: denials.every(({ sha256: digest }) => younger.has(digest)) && (!isUnwanted || modifiedAt(page) > fetchedAt),
  }
}

/** Unix milliseconds; 0 where the answer does not say. */
function modifiedAt({ headers }: Exchange): number {
  const at = Date.parse(headerValues(headers, 'last-modified')[0] ?? '')
  return Number.isNaN(at) ? 0 : at
}
