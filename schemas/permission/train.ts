/**
 * May this page be used for training? Every source that speaks gives statements; any denial denies, else any permission allows,
 * else nobody knows and the release profile decides. A source is one function: more of them join the list below.
 */
import { headerValues } from '../evidence/index.ts'
import { groupsFor, mayFetch } from './may-fetch.ts'
import { matches } from './path-pattern.ts'
import { pathOf } from './url-path.ts'
import { metaSignals, type MetaSignal } from './page-signals.ts'
import type { Robots, UsageLine } from './robots.ts'
import { parseDictionary } from './structured-fields.ts'

export type Decision = 'allow' | 'deny' | 'unknown'

export interface TrainSignal {
  /** Which convention, and where it was found: `content-usage robots.txt`. */
  source: string
  /** The statement as written. */
  value: string
  /** 1-based line of robots.txt or of the HTML; null for headers. */
  line: number | null
}

export interface TrainDecision {
  decision: Decision
  /** Statements about training, in the order of the sources. */
  signals: TrainSignal[]
}

export interface TrainInput {
  url: string
  /** Our product token. */
  agent: string
  robots: Robots
  /** Response headers in order. */
  headers: readonly (readonly [name: string, value: string])[]
  /** Decoded page; null when only headers are known. */
  html: string | null
}

interface Statement extends TrainSignal {
  says: 'allow' | 'deny'
}
interface Facts extends TrainInput {
  metas: MetaSignal[]
}
type Source = (facts: Facts) => Statement[]

export function trainDecision(input: TrainInput): TrainDecision {
  const facts: Facts = { ...input, metas: input.html === null ? [] : metaSignals(input.html) }
  const statements = sources.flatMap((source) => source(facts))
  const decision = statements.some(({ says }) => says === 'deny') ? 'deny' : statements.length > 0 ? 'allow' : 'unknown'
  return { decision, signals: statements.map(({ source, value, line }) => ({ source, value: value.slice(0, 512), line })) }
}

/** IETF AIPREF (draft-ietf-aipref-attach, -vocab): header and robots.txt; one category speaks of training, `train-ai`. */
const contentUsage: Source = (facts) => {
  const usage = (value: string): 'allow' | 'deny' | undefined => {
    const token = parseDictionary(value)?.get('train-ai')
    return token === 'n' ? 'deny' : token === 'y' ? 'allow' : undefined
  }
  return [...fromHeader(facts.headers, 'content-usage', usage), ...fromRobots(facts, 'contentUsage', usage)]
}

/** Content Signals Policy (contentsignals.org; draft-romm-aipref-contentsignals). */
const contentSignal: Source = (facts) => {
  const signal = (value: string): 'allow' | 'deny' | undefined => {
    const said = value
      .toLowerCase()
      .split(/[,;\s]+(?=[a-z-]+\s*=)/)
      .map((pair) => /^\s*ai-train\s*=\s*(yes|no)\s*[,;]?\s*$/.exec(pair)?.[1])
    return said.includes('no') ? 'deny' : said.includes('yes') ? 'allow' : undefined
  }
  return [...fromHeader(facts.headers, 'content-signal', signal), ...fromRobots(facts, 'contentSignal', signal)]
}

/** TDM Reservation Protocol (W3C Community Group, 2024): `<meta>` supersedes the header. Values other than 0 and 1 say nothing. */
const tdmReservation: Source = ({ headers, metas }) => {
  const reservation = (value: string): 'allow' | 'deny' | undefined => {
    const bit = value.trim()
    return bit === '1' ? 'deny' : bit === '0' ? 'allow' : undefined
  }
  const inPage = fromMeta(metas, 'tdm-reservation', 'tdm-reservation meta', reservation)
  return inPage.length > 0 ? inPage : fromHeader(headers, 'tdm-reservation', reservation)
}

/** `noai` in X-Robots-Tag and meta robots (a convention since DeviantArt, 2022). */
const robotsTags: Source = ({ headers, metas, agent }) => {
  const noai = (value: string): 'deny' | undefined => (robotsDirectives(value, agent).includes('noai') ? 'deny' : undefined)
  return [
    ...fromHeader(headers, 'x-robots-tag', noai),
    ...['robots', agent.toLowerCase()].flatMap((name) => fromMeta(metas, name, `${name} meta`, noai)),
  ]
}

const sources: Source[] = [contentUsage, contentSignal, tdmReservation, robotsTags]

/** Directives that an X-Robots-Tag or meta robots value gives our agent, lower case: `otherbot: noindex` gives none. */
export function robotsDirectives(value: string, agent: string): string[] {
  const [, prefix, rest = ''] = /^\s*([a-z_-]{1,64})\s*:(.*)$/is.exec(value) ?? []
  const named = prefix !== undefined && !/^(unavailable_after|max-[a-z-]+)$/i.test(prefix)
  if (named && prefix.toLowerCase() !== agent.toLowerCase()) return []
  return (named ? rest : value)
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((word) => word !== '')
}

type Reader = (value: string) => 'allow' | 'deny' | undefined

function fromHeader(headers: TrainInput['headers'], name: string, read: Reader): Statement[] {
  const values = headerValues(headers as [string, string][], name)
  // a dictionary may be spread over several lines, which then are one
  const lines = name === 'content-usage' && values.length > 1 ? [values.join(', ')] : values
  return lines.flatMap((value) => statement(`${name} header`, value, null, read))
}

function fromMeta(metas: MetaSignal[], name: string, source: string, read: Reader): Statement[] {
  return metas.filter((meta) => meta.name === name).flatMap(({ content, line }) => statement(source, content, line, read))
}

/** The longest matching path speaks; lines with the same path all do. What may not be crawled has no preference. */
function fromRobots({ robots, agent, url }: Facts, kind: 'contentUsage' | 'contentSignal', read: Reader): Statement[] {
  const lines = groupsFor(robots, agent).flatMap((group) => group[kind])
  if (lines.length === 0 || !mayFetch(robots, agent, url).allowed) return []
  const path = pathOf(url)
  const fitting = lines.filter((line) => line.path === null || matches(line.path, path))
  const longest = fitting.reduce((most, line) => Math.max(most, lengthOf(line)), 0)
  const source = kind === 'contentUsage' ? 'content-usage robots.txt' : 'content-signal robots.txt'
  return fitting
    .filter((line) => lengthOf(line) === longest)
    .flatMap(({ value, text, line }) => {
      const says = read(value)
      return says === undefined ? [] : [{ source, value: text, line, says }]
    })
}

const lengthOf = ({ path }: UsageLine): number => path?.length ?? 0

function statement(source: string, value: string, line: number | null, read: Reader): Statement[] {
  const says = read(value)
  return says === undefined ? [] : [{ source, value, line, says }]
}
