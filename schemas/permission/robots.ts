/**
 * robots.txt as RFC 9309 has it, with what deployed parsers forgive: misspelt keys, a missing colon, a user agent cut at its first
 * unusual character. Besides fetch rules a group carries AIPREF `Content-Usage` and Cloudflare `Content-Signal` lines.
 */
import { decodeBody, decodeUtf8, type Exchange } from '../evidence/index.ts'
import { escapePattern } from './url-path.ts'

/** RFC 9309, 2.5: at least 500 KiB must be read; nothing behind that counts, and no line that it cuts. */
export const MAX_ROBOTS_BYTES = 500 << 10
/** A longer line is cut, as Google's parser does: 8 × 2083 bytes with the end. */
const MAX_LINE = 16_663

export interface RobotsRule {
  allow: boolean
  /** As written, percent-escapes in capitals, other octets escaped. */
  pattern: string
  /** 1-based. */
  line: number
  /** The line as it stands, without comment. */
  text: string
}

/** `Content-Usage` or `Content-Signal`: a preference for the paths that begin with `path`; null is all paths. */
export interface UsageLine {
  path: string | null
  value: string
  line: number
  text: string
}

export interface RobotsGroup {
  /** Product tokens in lower case, or `*`. */
  agents: string[]
  rules: RobotsRule[]
  /** Milliseconds. */
  crawlDelayMs: number | null
  contentUsage: UsageLine[]
  contentSignal: UsageLine[]
}

export interface Robots {
  groups: RobotsGroup[]
  sitemaps: { url: string; line: number }[]
  /** RSL licence documents. */
  licenses: { url: string; line: number }[]
  /** True where robots.txt could not be had and everything is forbidden. */
  unreachable: boolean
}

const none: Robots = { groups: [], sitemaps: [], licenses: [], unreachable: false }
/** No robots.txt: everything may be fetched. */
export const noRobots: Robots = none
/** Server error or no answer: nothing may be fetched (RFC 9309, 2.3.1.4). */
export const unreachableRobots: Robots = { ...none, unreachable: true }

/**
 * The robots of a captured robots.txt answer: 2xx is parsed, 429 and 5xx forbid all, a redirect left over or any other 4xx allows all.
 * A body that cannot be decoded forbids all.
 */
export function robotsOfExchange(exchange: Pick<Exchange, 'status' | 'headers' | 'body' | 'truncated'>): Robots {
  const { status, truncated } = exchange
  if (status === 429 || status >= 500 || status < 200) return unreachableRobots
  if (status >= 300) return noRobots
  try {
    return parseRobots(decodeBody(exchange, 8 << 20), truncated)
  } catch {
    return unreachableRobots
  }
}

/** Never throws: what is not understood is passed over. `truncated`: the input was cut off, so its last line is not whole. */
export function parseRobots(input: Uint8Array | string, truncated = false): Robots {
  const robots: Robots = { ...none, groups: [], sitemaps: [], licenses: [] }
  let group: RobotsGroup | undefined
  /** A user-agent line after a rule opens a new group; after other user-agent lines it joins theirs. */
  let open = false
  linesOf(input, truncated).forEach((raw, index) => {
    const parsed = keyAndValue(raw)
    if (parsed === undefined) return
    const { key, value, text } = parsed
    const line = index + 1
    if (key === 'sitemap') robots.sitemaps.push({ url: readable(value), line })
    else if (key === 'license') robots.licenses.push({ url: readable(value), line })
    else if (key === 'user-agent') {
      if (group === undefined || !open) robots.groups.push((group = emptyGroup()))
      open = true
      group.agents.push(agentOf(value))
    } else if (group !== undefined) addTo(group, key, value, { line, text: readable(text) }, () => (open = false))
  })
  return robots
}

/** A rule ends the run of user-agent lines; AIPREF makes its line a rule, and what Content-Signal writes is meant as one. */
function addTo(group: RobotsGroup, key: string, value: string, at: { line: number; text: string }, close: () => void): void {
  if (key === 'crawl-delay') {
    group.crawlDelayMs ??= delayMs(value)
    return
  }
  close()
  if (key === 'content-usage' || key === 'content-signal') {
    const [path, preference] = splitPath(value)
    const lines = key === 'content-usage' ? group.contentUsage : group.contentSignal
    lines.push({ path: path === null ? null : escapePattern(path), value: preference, ...at })
  } else if (value !== '') group.rules.push({ allow: key === 'allow', pattern: escapePattern(value), ...at })
}

/** Octets back to text, for people to read. */
const readable = (octets: string): string => decodeUtf8(Buffer.from(octets, 'latin1'))

const emptyGroup = (): RobotsGroup => ({ agents: [], rules: [], crawlDelayMs: null, contentUsage: [], contentSignal: [] })

function linesOf(input: Uint8Array | string, truncated: boolean): string[] {
  const bytes = typeof input === 'string' ? Buffer.from(input) : Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  // a byte order mark, or the part of one that survived
  let start = 0
  for (const byte of [0xef, 0xbb, 0xbf]) if (bytes[start] === byte) start++
  // one byte, one character: patterns are compared by octets
  const lines = bytes
    .subarray(start, start + MAX_ROBOTS_BYTES)
    .toString('latin1')
    .split(/\r\n|\r|\n/)
  // half an `Allow: /open` would be an `Allow: /`
  const isCut = truncated || bytes.byteLength - start > MAX_ROBOTS_BYTES
  return isCut && lines.length > 1 ? lines.slice(0, -1) : lines
}

const KEYS = new Map([
  ['user-agent', 'user-agent'],
  ['useragent', 'user-agent'],
  ['user agent', 'user-agent'],
  ['allow', 'allow'],
  ['disallow', 'disallow'],
  ['dissallow', 'disallow'],
  ['dissalow', 'disallow'],
  ['disalow', 'disallow'],
  ['diasllow', 'disallow'],
  ['disallaw', 'disallow'],
  ['sitemap', 'sitemap'],
  ['site-map', 'sitemap'],
  ['crawl-delay', 'crawl-delay'],
  ['crawldelay', 'crawl-delay'],
  ['content-usage', 'content-usage'],
  ['content-signal', 'content-signal'],
  ['license', 'license'],
])

function keyAndValue(raw: string): { key: string; value: string; text: string } | undefined {
  const parsed = splitLine(raw)
  const key = parsed && KEYS.get(parsed.key)
  return parsed === undefined || key === undefined ? undefined : { ...parsed, key }
}

/** `Key: value # comment`, or two words and nothing more; the key in lower case, `text` without the comment. */
export function splitLine(raw: string): { key: string; value: string; text: string } | undefined {
  const cut = raw.slice(0, MAX_LINE)
  const comment = cut.indexOf('#')
  const text = trimAscii(comment < 0 ? cut : cut.slice(0, comment))
  let colon = text.indexOf(':')
  if (colon < 0) {
    // `Disallow /path`
    const words = /^([^ \t]+)[ \t]+([^ \t]+)$/.exec(text)
    if (words === null) return undefined
    colon = words[1]?.length ?? 0
  }
  return { key: trimAscii(text.slice(0, colon)).toLowerCase(), value: trimAscii(text.slice(colon + 1)), text }
}

/** By hand: a regular expression would go over a long run of blanks once for each of them. */
function trimAscii(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Space, tab, vertical tab, form feed. */
const isBlank = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0b || code === 0x0c

/** `*`, or the leading run of characters that a product token may have. */
function agentOf(value: string): string {
  return /^\*(?:[ \t]|$)/.test(value) ? '*' : (/^[A-Za-z_-]*/.exec(value)?.[0] ?? '').toLowerCase()
}

function delayMs(value: string): number | null {
  const [, seconds, fraction = ''] = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(value) ?? []
  return seconds === undefined ? null : Number(seconds) * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
}

/** A value that begins with `/` has a path up to the first space. */
function splitPath(value: string): [path: string | null, rest: string] {
  const [, path, rest = ''] = /^(\/[^ \t]*)(?:[ \t]+(.*))?$/.exec(value) ?? []
  return path === undefined ? [null, value] : [path, rest]
}
