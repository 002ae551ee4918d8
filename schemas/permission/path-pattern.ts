/** One pattern of robots.txt, tdmrep.json, ai.txt or RSL: `*` is any run of octets, `$` at the end anchors, everything else is a prefix. */
import { escapeText, openSpecials, pathOf, unescapeUnreserved } from './url-path.ts'

export interface PathPattern {
  /** What a path must begin with. */
  prefix: string
  /** Runs that must follow the prefix, in this order; none for a plain prefix. */
  parts: string[]
  /** The last run, or the prefix where there is none, must end the path. */
  anchored: boolean
}

/** Runs of stars are one star; a star that nothing follows says nothing. */
export function parsePattern(pattern: string): PathPattern {
  const anchored = pattern.endsWith('$')
  const [prefix = '', ...runs] = (anchored ? pattern.slice(0, -1) : pattern).split('*')
  const parts = runs.filter((run) => run !== '').map(openSpecials)
  return { prefix: openSpecials(prefix), parts, anchored: anchored && runs.at(-1) !== '' }
}

export function matches(pattern: string, path: string): boolean {
  const parsed = parsePattern(pattern)
  return path.startsWith(parsed.prefix) && matchesRest(parsed, path, parsed.prefix.length)
}

/** Whether a pattern as somebody wrote it, with escapes of their choice, covers a URL: both are brought to one spelling first (RFC 9309, 2.2.2). */
export function matchesUrl(pattern: string, url: string): boolean {
  return matches(unescapeUnreserved(escapeText(pattern)), unescapeUnreserved(pathOf(url)))
}

/** The same behind the prefix, which ends at `from`. Greedy from the left, so no run is ever looked for twice: nothing can make it backtrack. */
export function matchesRest({ parts, anchored }: Pick<PathPattern, 'parts' | 'anchored'>, path: string, from: number): boolean {
  if (parts.length === 0) return !anchored || path.length === from
  const last = parts[parts.length - 1] as string
  if (anchored && !path.endsWith(last)) return false
  let at = from
  for (let i = 0; i < parts.length - (anchored ? 1 : 0); i++) {
    const part = parts[i] as string
    const found = path.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return !anchored || path.length - last.length >= at
}
