/** May this agent fetch this URL? Longest matching pattern wins, Allow wins a tie (RFC 9309, 2.2.2). */
import type { Robots, RobotsGroup, RobotsRule } from './robots.ts'

export interface FetchDecision {
  allowed: boolean
  /** The deciding line as written, and where it stands; null when no rule applies. */
  rule: string | null
  line: number | null
}

/** `agent` is our product token; its case does not count. `url` may be absolute or a path. */
export function mayFetch(robots: Robots, agent: string, url: string): FetchDecision {
  if (robots.unreachable) return { allowed: false, rule: null, line: null }
  const path = pathOf(url)
  const plain = unescapeUnreserved(path)
  let best: RobotsRule | undefined
  let bestLength = 0
  for (const { rules } of groupsFor(robots, agent))
    for (const rule of rules) {
      const length = matchLength(rule, path, plain)
      // a tie goes to Allow; between equals the first line is named
      if (length > bestLength || (length === bestLength && length > 0 && rule.allow && best?.allow === false)) {
        best = rule
        bestLength = length
      }
    }
  return best === undefined ? { allowed: true, rule: null, line: null } : { allowed: best.allow, rule: best.text, line: best.line }
}

/** Delay between two fetches that the site asks for, milliseconds; null when it asks for none. */
export function crawlDelay(robots: Robots, agent: string): number | null {
  const delays = groupsFor(robots, agent)
    .map((group) => group.crawlDelayMs)
    .filter((delay) => delay !== null)
  return delays.length === 0 ? null : Math.max(...delays)
}

/** All groups that name the agent; where none does, those for `*`. */
export function groupsFor(robots: Robots, agent: string): RobotsGroup[] {
  const token = agent.toLowerCase()
  const own = robots.groups.filter((group) => group.agents.includes(token))
  return own.length > 0 ? own : robots.groups.filter((group) => group.agents.includes('*'))
}

/** Octets of the pattern when it matches, 0 when not. */
function matchLength({ allow, pattern }: RobotsRule, path: string, plain: string): number {
  if (matches(pattern, path)) return pattern.length
  if (!allow) {
    // a needless escape must not open what is forbidden: `/%62` forbids `/b`
    const unescaped = unescapeUnreserved(pattern)
    return (unescaped !== pattern || plain !== path) && matches(unescaped, plain) ? pattern.length : 0
  }
  // Allow: /dir/index.html opens /dir/ too, as Google's parser has it
  const folder = /^(.*\/)index\.htm[^/]*$/.exec(pattern)?.[1]
  return folder !== undefined && matches(`${folder}$`, path) ? folder.length + 1 : 0
}

/** `*` is any run of octets, `$` at the end anchors; everything else matches from the start of the path. */
export function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$')
  const parts = (anchored ? pattern.slice(0, -1) : pattern).split('*')
  const first = parts[0] ?? ''
  if (!path.startsWith(first)) return false
  if (parts.length === 1) return !anchored || path.length === first.length
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = path.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = parts.at(-1) ?? ''
  return anchored ? path.length - last.length >= at && path.endsWith(last) : path.indexOf(last, at) >= 0
}

/** Path and query of a URL or of a bare path, escaped the way patterns are; `/` when there is none. */
export function pathOf(url: string): string {
  const start = url.startsWith('//') ? 2 : 0
  const early = search(url, /[/?;]/g, start)
  const scheme = url.indexOf('://', start)
  const from = scheme < 0 || early < scheme ? start : scheme + 3
  const path = search(url, /[/?;]/g, from)
  const hash = url.indexOf('#', start)
  const end = hash < 0 ? url.length : hash
  if (path === url.length || end < path) return '/'
  const text = url.slice(path, end)
  return escapePath(text.startsWith('/') ? text : `/${text}`)
}

function search(text: string, pattern: RegExp, from: number): number {
  pattern.lastIndex = from
  return pattern.exec(text)?.index ?? text.length
}

function escapePath(path: string): string {
  const upper = path.replace(/%[0-9a-fA-F]{2}/g, (escape) => escape.toUpperCase())
  // oxlint-disable-next-line no-control-regex
  return upper.replace(/[^\u0000-\u007f]+/g, (run) =>
    Array.from(new TextEncoder().encode(run), (byte) => `%${byte.toString(16).toUpperCase()}`).join(''),
  )
}

/** Letters, digits, `-._~` lose their escapes. */
function unescapeUnreserved(text: string): string {
  return text.includes('%')
    ? text.replace(/%(2D|2E|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : text
}
