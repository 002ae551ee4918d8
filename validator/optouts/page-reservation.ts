/** A page that was fetched again and says of itself that it is not for training: what goes into the log about it. */
import { type AskedSite, ruleEvidence } from '../../core/web/index.ts'
import { type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'
import type { Reservation } from './recheck-hosts.ts'

/** As long as an `optout` entry takes. */
const MAX_PATTERN = 1024

/** The page alone, by its path and query. Throws WireError for an answer that others would refuse to read. */
export function pageReservation({ url, site, exchange }: { url: string; site: AskedSite; exchange: Exchange }): Reservation {
  const { host, pathname, search } = new URL(url)
  const rules = site.captures.flatMap((capture) => ruleEvidence(capture).members)
  return {
    host,
    patterns: [`${pathname}${search}$`.slice(0, MAX_PATTERN)],
    evidence: concatBytes(...rules, ...fetchGroup(exchange).members),
    at: Math.floor(exchange.fetchedAt / 1000),
  }
}
