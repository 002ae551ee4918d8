/** What of a site is reserved from training by its own rule files: asked again later, when no page is at hand. */
import { groupsFor, mayFetch } from './may-fetch.ts'
import type { Robots } from './robots.ts'
import type { SiteRules } from './site-rules.ts'
import { type Profile, trainDecision, type TrainSignal } from './train.ts'

export interface ReservedPath {
  /** As robots.txt writes paths; null for the whole site, and then it is the only one. */
  pattern: string | null
  /** What denies, with its lines. */
  signals: TrainSignal[]
}

/** As long as an `optout` entry takes. */
const MAX_PATTERN = 1024
const MAX_PATTERNS = 64
/** No page: only a rule for everything covers it. */
const NOWHERE = '/6f2d0b1e9c/nowhere'

/**
 * The paths that `agent` may not train on, for the rules that name a path of their own; null as pattern where everything is reserved. To a
 * `strict` profile a sign against training reserves too; that a permission is absent does not, because a page may give it itself.
 * A file that could not be had reserves nothing: a server that fails for a day has not spoken.
 */
export function reservedPaths(site: SiteRules, agent: string, origin: string, profile: Profile = 'standard'): ReservedPath[] {
  const known = withoutUnavailable(site)
  const isStrict = profile === 'strict'
  const denials = (path: string): TrainSignal[] => {
    const url = URL.parse(path, origin)
    if (url === null) return []
    const { signals } = trainDecision({ url: url.href, agent, site: known, headers: [], html: null })
    // a licence that could not be had has said nothing either
    const speaks = ({ says, source }: TrainSignal): boolean => says === 'deny' || (says === 'weak' && isStrict && !source.startsWith('rsl'))
    return signals.filter(speaks)
  }
  const everywhere = denials(NOWHERE)
  if (everywhere.length > 0 && denials('/').length > 0) return [{ pattern: null, signals: everywhere }]
  return [...patternsOf(known, agent)].slice(0, MAX_PATTERNS).flatMap((pattern) => {
    const signals = denials(exampleOf(pattern))
    return signals.length === 0 ? [] : [{ pattern, signals }]
  })
}

/** The same without the files that could not be had: a server that fails for a while has not spoken. */
export function withoutUnavailable(site: SiteRules): SiteRules {
  const { tdmrep, aiTxt, licenses } = site
  return {
    ...site,
    tdmrep: tdmrep?.rules === 'unavailable' ? null : tdmrep,
    aiTxt: aiTxt?.rules === 'unavailable' ? null : aiTxt,
    licenses: licenses.filter(({ rules }) => rules !== 'unavailable'),
  }
}

function patternsOf({ robots, tdmrep, aiTxt, licenses }: SiteRules, agent: string): Set<string> {
  const usage = groupsFor(robots.rules, agent).flatMap(({ contentUsage, contentSignal }) => [...contentUsage, ...contentSignal])
  const tdm = tdmrep === null || tdmrep.rules === 'unavailable' ? [] : tdmrep.rules
  const ai = aiTxt === null || aiTxt.rules === 'unavailable' ? [] : aiTxt.rules.groups.flatMap(({ rules }) => rules)
  const rsl = licenses.flatMap(({ rules }) => (rules === 'unavailable' || rules.state !== 'read' ? [] : rules.contents))
  const all = [
    ...usage.map(({ path }) => path ?? '/'),
    ...tdm.map(({ location }) => location),
    ...ai.map(({ pattern }) => pattern),
    ...rsl.map(({ url }) => url.replace(/^https?:\/\/[^/?#]*/i, '')),
  ]
  return new Set(all.filter((pattern) => /^[/*][!-~]*$/.test(pattern) && pattern.length <= MAX_PATTERN))
}

/** A path that the pattern matches. */
const exampleOf = (pattern: string): string => {
  const path = pattern.replace(/\$$/, '').replaceAll('*', 'x')
  return path.startsWith('/') ? path : `/${path}`
}

/**
 * What of a site is closed by the line of robots.txt that keeps `agent` from a URL: its pattern, null for the whole site. Where a longer Allow may
 * open some of that again, or the pattern is too long for an entry, the page alone (see `pagePattern`); undefined where the URL is open, or no line closes it.
 */
export function forbiddenPath(robots: Robots, agent: string, url: string): string | null | undefined {
  const { allowed, line } = mayFetch(robots, agent, url)
  const rules = groupsFor(robots, agent).flatMap((group) => group.rules)
  const closing = rules.find((rule) => !rule.allow && rule.line === line)
  if (allowed || closing === undefined) return undefined
  const { pattern } = closing
  const mayOpen = rules.some(
    (rule) =>
      rule.allow && rule.pattern.length >= pattern.length && (/[*$]/.test(rule.pattern + pattern) || rule.pattern.startsWith(pattern)),
  )
  if (mayOpen || pattern.length > MAX_PATTERN) return pagePattern(url)
  return /^\/?\*?$/.test(pattern) ? null : pattern
}

/** A page alone, by its path and query; undefined where that is too long for an entry. */
export function pagePattern(url: string): string | undefined {
  const { pathname, search } = new URL(url)
  // a star of the address is no wildcard
  const pattern = `${(pathname + search).replaceAll('*', '%2A')}$`
  return pattern.length > MAX_PATTERN ? undefined : pattern
}
