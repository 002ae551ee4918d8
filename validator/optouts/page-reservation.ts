/** A page that was fetched again and says of itself that it is not for training: what goes into the log about it. */
import { type AskedSite, ruleEvidence } from '../../core/web/index.ts'
import { type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'
import type { Reservation } from './recheck-hosts.ts'

/** As long as an `optout` entry takes. */
const MAX_PATTERN = 1024

interface PageFound {
  url: string
  site: AskedSite
  /** Answers that led from the address to the page. */
  hops: Exchange[]
  exchange: Exchange
}

/**
 * The page alone, by its path and query; undefined where no pattern says that: it would be too long. Throws WireError for an answer that others would refuse to read.
 */
export function pageReservation({ url, site, hops, exchange }: PageFound): Reservation | undefined {
  const { host, pathname, search } = new URL(url)
  // a star of the address is no wildcard
  const pattern = `${(pathname + search).replaceAll('*', '%2A')}$`
  if (pattern.length > MAX_PATTERN) return undefined
  const rules = site.captures.flatMap((capture) => ruleEvidence(capture).members)
  return {
    host,
    patterns: [pattern],
    evidence: concatBytes(...rules, ...[...hops, exchange].flatMap((answer) => fetchGroup(answer).members)),
    at: Math.floor(exchange.fetchedAt / 1000),
  }
}
