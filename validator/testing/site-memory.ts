/** What sites say about themselves, asked again from here: once for each site, politely, as the page itself is. */
import type { Clock } from '../../core/effects/index.ts'
import { ByteLru } from '../../core/cache/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { type AskedSite, askSite, type Web } from '../../core/web/index.ts'
import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'
import { mayFetch, type PageSignals, pageSignals, trainDecision, withoutUnavailable } from '../../schemas/permission/index.ts'
import { pageHtmlOrNull } from '../../schemas/pipeline/index.ts'
import { sha256, toHex } from '../../schemas/wire/index.ts'

export class SiteMemory {
  readonly #web: Web
  readonly #clock: Clock
  readonly #sites = new Map<string, AskedSite>()

  constructor({ web, clock }: { web: Web; clock: Clock }) {
    this.#web = web
    this.#clock = clock
  }

  /** null where the rules cannot be had now; they are asked for again the next time. */
  async of(origin: string, agent: string, delayMs: number, signal: AbortSignal): Promise<AskedSite | null> {
    const key = `${origin} ${agent}`
    const known = this.#sites.get(key)
    if (known !== undefined) return known
    try {
      const site = await askSite(origin, agent, async ({ url, maxBytes }) => {
        const exchange = await this.#web.get(url, { signal, maxBytes })
        await this.#clock.sleep(delayMs, signal)
        return exchange
      })
      if (isWhole(site)) this.#sites.set(key, site)
      return site
    } catch (error) {
      signal.throwIfAborted()
      if (codeOf(error) === 'INTERNAL') throw error
      return null
    }
  }
}

/** Every rule file answered: a server that failed is asked again, or one bad moment would fail every page of the host. */
const isWhole = ({ rules: { robots, tdmrep, aiTxt, licenses } }: AskedSite): boolean =>
  !robots.rules.unreachable && [tdmrep, aiTxt, ...licenses].every((file) => file?.rules !== 'unavailable')

/** A page that is fetched again, here or for another validator of the process, mostly says what it said. */
const signalsIn = new ByteLru<{ of: PageSignals; units: number }>(8 << 20, ({ units }) => 2 * units)

export const isForbidden = ({ rules }: AskedSite, agent: string, url: string): boolean => !mayFetch(rules.robots.rules, agent, url).allowed

/**
 * Whether the site or the page reserves itself from training, and did so when the record was fetched as far as anyone can tell: what a file or
 * a page says that was changed since, by its own Last-Modified, is held against nobody.
 */
export function isReserved({ rules, captures }: AskedSite, agent: string, url: string, page: Exchange, fetchedAt: number): boolean {
  const { headers, responseHead: head, body } = page
  const html = pageHtmlOrNull(page)
  const read = html === null ? {} : { signals: signalsIn.recall(html, () => ({ of: pageSignals(html), units: html.length })).of }
  const { decision, signals } = trainDecision({ url, agent, site: withoutUnavailable(rules), headers, html, ...read, head, body })
  if (decision !== 'deny') return false
  const younger = new Set(
    [...captures.map(({ exchange }) => exchange), page]
      .filter((exchange) => modifiedAt(exchange) > fetchedAt)
      .flatMap((exchange) => [exchange.body, exchange.responseHead].map((bytes) => toHex(sha256(bytes)))),
  )
  return signals.some((signal) => signal.says === 'deny' && !younger.has(signal.sha256))
}

/** Unix milliseconds; 0 where the answer does not say. */
function modifiedAt({ headers }: Exchange): number {
  const at = Date.parse(headerValues(headers, 'last-modified')[0] ?? '')
  return Number.isNaN(at) ? 0 : at
}
