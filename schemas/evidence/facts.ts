/** What the metadata record of a fetch says beside request and response: by which robots capture it was allowed, and what it repeats. */
import { WireError } from '../wire/index.ts'
import { digestBytes } from './digests.ts'

/** The robots.txt capture that allowed the fetch, and the line that did. */
export interface RobotsFact {
  /** URL of the robots.txt. */
  url: string
  /** WARC-Record-ID and payload digest of its response record. */
  recordId: string
  payloadDigest: string
  /** Product token that asked. */
  agent: string
  allowed: boolean
  /** 1-based line of the deciding rule; null when no rule applies. */
  line: number | null
}

/** An unchanged page: names the record that holds the body. */
export interface Revisit {
  profile: 'server-not-modified' | 'identical-payload-digest'
  recordId: string
  url: string
  /** Unix milliseconds. */
  fetchedAt: number
  payloadDigest: string
}

export interface FetchFacts {
  robots: RobotsFact | null
  revisit: Revisit | null
  /** The URL that led here (redirect or link). */
  via: string | null
}

export const noFacts: FetchFacts = { robots: null, revisit: null, via: null }

/** Lines of the metadata block in their one order. */
export function factLines(fetchedAt: number, { robots, via }: FetchFacts): [string, string][] {
  const lines: [string, string][] = [
    ['quern-evidence', '1'],
    ['fetched-at-ms', String(fetchedAt)],
  ]
  if (via !== null) lines.push(['via', via])
  if (robots !== null)
    lines.push(
      ['robots-url', robots.url],
      ['robots-record-id', robots.recordId],
      ['robots-payload-digest', robots.payloadDigest],
      ['robots-agent', robots.agent],
      ['robots-decision', robots.allowed ? 'allow' : 'deny'],
      ['robots-line', robots.line === null ? '-' : String(robots.line)],
    )
  return lines
}

/** The facts back from metadata lines; throws WireError BAD_FACTS. */
export function parseFacts(lines: [string, string][]): { fetchedAt: number; robots: RobotsFact | null; via: string | null } {
  const of = new Map(lines)
  const fetchedAt = Number(of.get('fetched-at-ms'))
  if (of.size !== lines.length || of.get('quern-evidence') !== '1' || !Number.isSafeInteger(fetchedAt) || fetchedAt < 0)
    throw new WireError('BAD_FACTS', 'metadata is not that of a Quern fetch')
  const url = of.get('robots-url')
  if (url === undefined) return { fetchedAt, robots: null, via: of.get('via') ?? null }
  const line = of.get('robots-line') ?? ''
  const robots = {
    url,
    recordId: of.get('robots-record-id') ?? '',
    payloadDigest: of.get('robots-payload-digest') ?? '',
    agent: of.get('robots-agent') ?? '',
    allowed: of.get('robots-decision') === 'allow',
    line: line === '-' ? null : Number(line),
  }
  if (digestBytes(robots.payloadDigest) === undefined || (robots.line !== null && !Number.isSafeInteger(robots.line)))
    throw new WireError('BAD_FACTS', 'the robots facts are incomplete')
  return { fetchedAt, robots, via: of.get('via') ?? null }
}
