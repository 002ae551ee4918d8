/** `/.well-known/tdmrep.json` of the TDM Reservation Protocol (W3C Community Group, 2024): first matching location wins. */

export interface TdmRule {
  location: string
  reserved: boolean
}

const MAX_RULES = 10_000

/** Rules in file order; none when the file is not what the protocol says. Values other than 0 and 1 say nothing. */
export function parseTdmRep(text: string): TdmRule[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_RULES).flatMap((entry: unknown) => {
    const { location, 'tdm-reservation': reservation } = (entry ?? {}) as Record<string, unknown>
    if (typeof location !== 'string' || location.length > 2048 || (reservation !== 0 && reservation !== 1)) return []
    return [{ location, reserved: reservation === 1 }]
  })
}

/** The rule that reserves this path and query, with its place in the file counted from 1. */
export function reservedBy(rules: readonly TdmRule[], path: string): { rule: TdmRule; place: number } | undefined {
  const at = rules.findIndex(({ location }) => covers(location, path))
  const rule = rules[at]
  return rule?.reserved === true ? { rule, place: at + 1 } : undefined
}

/** `*` is any run of characters, `$` at the end anchors; else the location is a prefix. Linear in the path for every part. */
function covers(location: string, path: string): boolean {
  const isAnchored = location.endsWith('$')
  const [first = '', ...parts] = (isAnchored ? location.slice(0, -1) : location).split('*')
  if (!path.startsWith(first)) return false
  if (parts.length === 0) return !isAnchored || path.length === first.length
  let at = first.length
  for (const part of parts.slice(0, -1)) {
    const found = path.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  const last = parts.at(-1) ?? ''
  return isAnchored ? path.length - last.length >= at && path.endsWith(last) : path.indexOf(last, at) !== -1
}
