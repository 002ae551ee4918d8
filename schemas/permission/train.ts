/**
 * May this page be used for training? Every source that speaks gives statements; any denial denies, else any permission allows,
 * else nobody knows and the release profile decides. A source is one function: more of them join the list below.
 */
import { headerValues } from '../evidence/index.ts'
import { utf8 } from '../wire/index.ts'
import { blockedAgents } from './ai-agents.ts'
import { aiTxtRuleFor } from './ai-txt.ts'
import { rslLinksOf } from './link-header.ts'
import { groupsFor, mayFetch } from './may-fetch.ts'
import { noSignals, type PageSignals, pageSignals } from './page-signals.ts'
import { matches } from './path-pattern.ts'
import type { UsageLine } from './robots.ts'
import { robotsDirectives } from './robots-directives.ts'
import { parseRsl } from './rsl.ts'
import { rslVerdict } from './rsl-terms.ts'
import { digestOf, licenseUrl, namedLicenses, type RuleFile, type SiteRules } from './site-rules.ts'
import { parseDictionary } from './structured-fields.ts'
import { tdmRuleFor } from './tdmrep.ts'
import { pathOf, unescapeUnreserved } from './url-path.ts'

export type Decision = 'allow' | 'deny' | 'unknown'
/** What an absent statement means: `strict` takes only what is permitted, `standard` whatever is not denied. */
export type Profile = 'strict' | 'standard'

export interface TrainSignal {
  /** Which convention, and where it was found: `content-usage robots.txt`. */
  source: string
  /** The statement as written. */
  value: string
  /** 1-based line of the file or of the HTML; null for headers. */
  line: number | null
  /** `weak` is a denial that was not made to us, or not about text: it decides nothing by itself. */
  says: 'allow' | 'deny' | 'weak'
  /** Hexadecimal SHA-256 of what it was read from: a rule file's body, the response head, the page's body. */
  sha256: string
}

export interface TrainDecision {
  decision: Decision
  /** Statements about training, in the order of the sources. */
  signals: TrainSignal[]
  /** Licences that the site or the page names and that were not read: the decision is not whole without them. */
  unread: string[]
}

export interface TrainInput {
  url: string
  /** Our product token. */
  agent: string
  site: SiteRules
  /** Response headers in order. */
  headers: readonly (readonly [name: string, value: string])[]
  /** Decoded page; null when only headers are known. */
  html: string | null
  /** What the page's head says, where somebody has parsed it already; `html` is not read then. */
  signals?: PageSignals | null | undefined
  /** What crossed the wire, where it did: head and body of the response. Digests are of these. */
  head?: Uint8Array
  body?: Uint8Array
}

type Statement = Omit<TrainSignal, 'sha256'> & { file?: RuleFile<unknown> }
interface Facts extends TrainInput {
  page: PageSignals
}
type Source = (facts: Facts) => Statement[]

export function trainDecision(input: TrainInput): TrainDecision {
  const facts: Facts = { ...input, page: input.signals ?? (input.html === null ? noSignals() : pageSignals(input.html)) }
  const statements = sources.flatMap((source) => source(facts))
  const says = (what: TrainSignal['says']): boolean => statements.some((one) => one.says === what)
  const signals = statements.map(({ file, ...one }) => ({
    ...one,
    value: one.value.slice(0, 512),
    sha256: file?.sha256 ?? pageDigest(input, one.source),
  }))
  return { decision: says('deny') ? 'deny' : says('allow') ? 'allow' : 'unknown', signals, unread: unreadLicenses(facts) }
}

/** Whether the profile takes the page. `strict` wants a permission and no sign against it; `standard` wants no denial. */
export function mayTrain({ decision, signals }: Pick<TrainDecision, 'decision' | 'signals'>, profile: Profile): boolean {
  return profile === 'standard' ? decision !== 'deny' : decision === 'allow' && signals.every(({ says }) => says !== 'weak')
}

function pageDigest({ headers, html, head, body }: TrainInput, source: string): string {
  if (source.endsWith(' header')) return digestOf(head ?? utf8(headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')))
  return digestOf(body ?? utf8(html ?? ''))
}

/** IETF AIPREF (draft-ietf-aipref-attach, -vocab): header and robots.txt; one category speaks of training, `train-ai`. */
const contentUsage: Source = (facts) => {
  const usage: Reader = (value) => {
    const token = parseDictionary(value)?.get('train-ai')
    return token === 'n' ? 'deny' : token === 'y' ? 'allow' : undefined
  }
  return [...fromHeader(facts.headers, 'content-usage', usage), ...fromRobots(facts, 'contentUsage', usage)]
}

/** Content Signals Policy (contentsignals.org; draft-romm-aipref-contentsignals). */
const contentSignal: Source = (facts) => {
  const signal: Reader = (value) => {
    // blanks are counted: a header of nothing else must not be read once for each of them
    const said = Array.from(value.matchAll(/(?<![\w-])ai-train\s{0,16}=\s{0,16}(yes|no)(?![\w-])/gi), ([, word]) => word?.toLowerCase())
    return said.includes('no') ? 'deny' : said.includes('yes') ? 'allow' : undefined
  }
  return [...fromHeader(facts.headers, 'content-signal', signal), ...fromRobots(facts, 'contentSignal', signal)]
}

/** TDM Reservation Protocol (W3C Community Group, 2024): `<meta>` supersedes the header, the header the file. Values other than 0 and 1 say nothing. */
const tdmReservation: Source = ({ url, headers, page, site: { tdmrep } }) => {
  const reservation: Reader = (value) => {
    const bit = value.trim()
    return bit === '1' ? 'deny' : bit === '0' ? 'allow' : undefined
  }
  const inPage = fromMeta(page, 'tdm-reservation', 'tdm-reservation meta', reservation)
  if (inPage.length > 0) return inPage
  const inHeader = fromHeader(headers, 'tdm-reservation', reservation)
  if (inHeader.length > 0 || tdmrep === null) return inHeader
  if (tdmrep.rules === 'unavailable') return [unavailable('tdm-reservation tdmrep.json', tdmrep)]
  const rule = tdmRuleFor(tdmrep.rules, pathOf(url))
  if (rule === undefined) return []
  const value = JSON.stringify({ location: rule.location, 'tdm-reservation': rule.reserved ? 1 : 0 })
  return [{ source: 'tdm-reservation tdmrep.json', value, line: rule.line, says: rule.reserved ? 'deny' : 'allow', file: tdmrep }]
}

/** `noai` in X-Robots-Tag and meta robots (a convention since DeviantArt, 2022). That images or an index are denied says little about text. */
const robotsTags: Source = ({ headers, page, agent }) => {
  const tag: Reader = (value) => {
    const words = robotsDirectives(value, agent)
    if (words.includes('noai')) return 'deny'
    return words.some((word) => word === 'noimageai' || word === 'noindex' || word === 'none') ? 'weak' : undefined
  }
  return [
    ...fromHeader(headers, 'x-robots-tag', tag),
    ...['robots', agent.toLowerCase()].flatMap((name) => fromMeta(page, name, `${name} meta`, tag)),
  ]
}

/** Really Simple Licensing 1.0: documents that robots.txt or the page names, and those a page holds. */
const rsl: Source = ({ url, site, page, headers }) => {
  const documents = site.licenses.flatMap((file): Statement[] => {
    if (file.rules === 'unavailable') return [unavailable('rsl', file)]
    const verdict = rslVerdict(file.rules, url)
    return verdict === undefined ? [] : [{ source: 'rsl', ...verdict, file }]
  })
  const scripts = page.rslScripts.flatMap(({ xml, line }): Statement[] => {
    const verdict = rslVerdict(parseRsl(xml), url)
    return verdict === undefined ? [] : [{ source: 'rsl script', ...verdict, line: line + (verdict.line ?? 1) - 1 }]
  })
  const read = new Set(site.licenses.map((file) => file.url))
  const robots = site.robots.rules.licenses.filter((license) => !read.has(licenseUrl(license.url) ?? ''))
  return [
    ...documents,
    ...scripts,
    ...robots.map(
      (one): Statement => ({ source: 'rsl robots.txt', value: `License: ${one.url}`, line: one.line, says: 'weak', file: site.robots }),
    ),
    ...linkHeaders(headers)
      .filter((target) => !read.has(licenseUrl(target, url) ?? ''))
      .map((target): Statement => ({ source: 'rsl link header', value: target, line: null, says: 'weak' })),
    ...page.rslLinks
      .filter(({ href }) => !read.has(licenseUrl(href, url) ?? ''))
      .map(({ href, line }): Statement => ({ source: 'rsl link', value: href, line, says: 'weak' })),
  ]
}

/** Spawning's ai.txt. */
const aiTxt: Source = ({ url, agent, site: { aiTxt: file } }) => {
  if (file === null) return []
  if (file.rules === 'unavailable') return [unavailable('ai.txt', file)]
  const rule = aiTxtRuleFor(file.rules, agent, pathOf(url))
  return rule === undefined ? [] : [{ source: 'ai.txt', value: rule.text, line: rule.line, says: rule.allow ? 'allow' : 'deny', file }]
}

/** Crawlers known to gather for training, shut out by name: said to them, not to us. */
const aiAgents: Source = ({ url, site }) =>
  blockedAgents(site.robots.rules, url).map(({ agent, rule, line }) => ({
    source: 'ai agent robots.txt',
    value: `${agent}: ${rule}`,
    line,
    says: 'weak',
    file: site.robots,
  }))

const sources: Source[] = [contentUsage, contentSignal, tdmReservation, robotsTags, rsl, aiTxt, aiAgents]

/** Absolute URLs; one that cannot be read as such stays as it is written, and unread. */
function unreadLicenses({ url, site, page, headers }: Facts): string[] {
  const read = new Set(site.licenses.map((file) => file.url))
  const { urls, more } = namedLicenses(site.robots.rules)
  const named = [...linkHeaders(headers), ...page.rslLinks.map(({ href }) => href)].map((target) => licenseUrl(target, url) ?? target)
  return [...new Set([...urls, ...more, ...named])].filter((license) => !read.has(license))
}

const linkHeaders = (headers: TrainInput['headers']): string[] => headerValues(headers as [string, string][], 'link').flatMap(rslLinksOf)

/** Nobody knows what the file would have said: nothing is taken while that is so. */
const unavailable = (source: string, file: RuleFile<unknown>): Statement => ({
  source,
  value: `${file.url} is unavailable`,
  line: null,
  says: 'deny',
  file,
})

type Reader = (value: string) => TrainSignal['says'] | undefined

function fromHeader(headers: TrainInput['headers'], name: string, read: Reader): Statement[] {
  const values = headerValues(headers, name)
  // a dictionary may be spread over several lines, which then are one
  const lines = name === 'content-usage' && values.length > 1 ? [values.join(', ')] : values
  return lines.flatMap((value) => statement(`${name} header`, value, null, read))
}

function fromMeta({ metas }: PageSignals, name: string, source: string, read: Reader): Statement[] {
  return metas.filter((meta) => meta.name === name).flatMap(({ content, line }) => statement(source, content, line, read))
}

/** The longest matching path speaks; lines with the same path all do. What may not be crawled has no preference. */
function fromRobots({ site, agent, url }: Facts, kind: 'contentUsage' | 'contentSignal', read: Reader): Statement[] {
  const robots = site.robots.rules
  const lines = groupsFor(robots, agent).flatMap((group) => group[kind])
  if (lines.length === 0 || !mayFetch(robots, agent, url).allowed) return []
  const path = pathOf(url)
  const source = kind === 'contentUsage' ? 'content-usage robots.txt' : 'content-signal robots.txt'
  const said = (fitting: UsageLine[]): Statement[] =>
    fitting.flatMap(({ value, text, line }) =>
      statement(source, value, line, read).map((one) => ({ ...one, value: text, file: site.robots })),
    )
  const written = longestOf(lines, path)
  const numbers = new Set(written.map(({ line }) => line))
  // a needless escape in either must not lift what is reserved, nor permit what is not: it adds denials only
  const plain = longestOf(
    lines.map((line) => ({ ...line, path: line.path === null ? null : unescapeUnreserved(line.path) })),
    unescapeUnreserved(path),
  ).filter(({ line }) => !numbers.has(line))
  return [...said(written), ...said(plain).filter(({ says }) => says === 'deny')]
}

function longestOf(lines: readonly UsageLine[], path: string): UsageLine[] {
  const fitting = lines.filter((line) => line.path === null || matches(line.path, path))
  const longest = fitting.reduce((most, line) => Math.max(most, lengthOf(line)), 0)
  return fitting.filter((line) => lengthOf(line) === longest)
}

const lengthOf = ({ path }: UsageLine): number => path?.length ?? 0

function statement(source: string, value: string, line: number | null, read: Reader): Statement[] {
  const says = read(value)
  return says === undefined ? [] : [{ source, value, line, says }]
}
