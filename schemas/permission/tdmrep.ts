/** `/.well-known/tdmrep.json` of the TDM Reservation Protocol (W3C Community Group, 2024): the first location that matches speaks. */
import { lineCounter } from './lines.ts'
import { matches } from './path-pattern.ts'
import { escapeText, unescapeUnreserved } from './url-path.ts'

export interface TdmRule {
  location: string
  reserved: boolean
  /** 1-based line of the file where the location stands; null where that cannot be told. */
  line: number | null
}

export const MAX_TDMREP_BYTES = 256 << 10
const MAX_RULES = 10_000

/** Rules in file order; none when the file is not what the protocol says. A rule with another value than 0 or 1 is none. Never throws. */
export function parseTdmRep(text: string): TdmRule[] {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return []
  }
  if (!Array.isArray(value)) return []
  const lineOf = locationLines(text, value.length)
  return value.slice(0, MAX_RULES).flatMap((entry: unknown, i) => {
    const { location, 'tdm-reservation': reservation } = (entry ?? {}) as Record<string, unknown>
    if (typeof location !== 'string' || location.length > 2048 || (reservation !== 0 && reservation !== 1)) return []
    return [{ location, reserved: reservation === 1, line: lineOf(i) }]
  })
}

/** The rule that speaks for a path and query, as `pathOf` gives them. */
export function tdmRuleFor(rules: readonly TdmRule[], path: string): TdmRule | undefined {
  const bare = unescapeUnreserved(path)
  return rules.find(({ location }) => matches(unescapeUnreserved(escapeText(location)), bare))
}

/** Parsed JSON has forgotten its lines: the n-th rule is where the n-th "location" stands, if there are as many as rules. */
function locationLines(text: string, rules: number): (i: number) => number | null {
  const offsets: number[] = []
  for (let at = text.indexOf('"location"'); at >= 0 && offsets.length <= rules; at = text.indexOf('"location"', at + 1)) offsets.push(at)
  if (offsets.length !== rules) return () => null
  const lineAt = lineCounter(text)
  const lines = offsets.map(lineAt)
  return (i) => lines[i] ?? null
}
