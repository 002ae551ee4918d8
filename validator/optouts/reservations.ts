/** What goes into the log about a host that reserves something now: asked again as a whole, or because a page of it was drawn. */
import { type AskedSite, ruleEvidence } from '../../core/web/index.ts'
import type { OwnWord } from '../../dao/optouts/index.ts'
import { type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { forbiddenPath, matchesUrl, pagePattern, type Profile, reservedPaths } from '../../schemas/permission/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'

export interface Reservation {
  /** The host, or a domain above it. */
  host: string
  /** See `reservedPaths`. */
  patterns: (string | null)[]
  /** WARC members of what was read, or the DNS answer. */
  evidence: Uint8Array
  /** Unix seconds. */
  at: number
}

export interface SiteFound {
  origin: string
  site: AskedSite
  own: readonly OwnWord[]
  agent: string
  profile: Profile
  /** A page of it that is closed now. */
  url?: string
}

/**
 * What the rule files reserve and the owner opted out, and, with a page, what robots.txt closes around it; none where that is nothing. Throws
 * WireError for an answer that others would refuse to read.
 */
export function siteReservations({ origin, site, own, agent, profile, url }: SiteFound): Reservation[] {
  const { host } = new URL(origin)
  const patterns = new Set(reservedPaths(site.rules, agent, origin, profile).map(({ pattern }) => pattern))
  if (url !== undefined) {
    const closed = forbiddenPath(site.rules.robots.rules, agent, url)
    if (closed !== undefined) patterns.add(closed)
    const all = [...patterns, ...own.flatMap((word) => word.patterns)]
    const page = pagePattern(url)
    if (page !== undefined && !all.some((pattern) => pattern === null || matchesUrl(pattern, url))) patterns.add(page)
  }
  const rules = site.captures.flatMap((capture) => ruleEvidence(capture).members)
  const said = own.map((word) => ({ ...word, members: [...(word.domain === host ? rules : []), word.evidence] }))
  if (patterns.size > 0 || said.length === 0) {
    const at = Math.floor(site.robots.exchange.fetchedAt / 1000)
    // one entry's evidence holds all that was read of the host
    const here = said.find(({ domain }) => domain === host)
    if (here) here.patterns = [...here.patterns, ...patterns]
    else said.push({ domain: host, patterns: [...patterns], evidence: new Uint8Array(), at, members: rules })
  }
  return said.flatMap(({ domain, patterns: all, members, at }) =>
    all.length === 0 ? [] : [{ host: domain, patterns: narrowed(all), evidence: concatBytes(...members), at }],
  )
}

const narrowed = (patterns: Iterable<string | null>): (string | null)[] => {
  const all = new Set(patterns)
  return all.has(null) ? [null] : [...all]
}

export interface PageFound {
  url: string
  site: AskedSite
  /** Answers that led from the address to the page. */
  hops: readonly Exchange[]
  exchange: Exchange
}

/**
 * A page that was fetched again and says of itself that it is not for training: that page alone; undefined where no pattern says that. Throws
 * WireError for an answer that others would refuse to read.
 */
export function pageReservation({ url, site, hops, exchange }: PageFound): Reservation | undefined {
  const pattern = pagePattern(url)
  if (pattern === undefined) return undefined
  const rules = site.captures.flatMap((capture) => ruleEvidence(capture).members)
  return {
    host: new URL(url).host,
    patterns: [pattern],
    evidence: concatBytes(...rules, ...[...hops, exchange].flatMap((answer) => fetchGroup(answer).members)),
    at: Math.floor(exchange.fetchedAt / 1000),
  }
}
