/** Fields of values that nobody vouches for: what has not the kind asked for is absent. */

export type Fields = Record<string, unknown>

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** A string with something in it. */
export function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** A decimal number as the text that records carry, at most six places. */
export function decimalOf(value: unknown): string | undefined {
  const number = numberOf(value)
  if (number === undefined || Math.abs(number) >= 1e15) return undefined
  const text = number.toFixed(6).replace(/\.?0+$/, '')
  return text === '-0' ? '0' : text
}

/** The first of several keys that is there. */
export function firstOf(fields: Fields, ...keys: string[]): unknown {
  for (const key of keys) if (fields[key] !== undefined && fields[key] !== null && fields[key] !== '') return fields[key]
  return undefined
}

/** `caf\u00c3\u00a9` is `café`: UTF-8 that was written as if each byte were a character. Left alone where it is not that. */
export function repaired(text: string): string {
  if (!/[\u00c2-\u00f4][\u0080-\u00bf]/.test(text) || /[\u0100-\uffff]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return text
  }
}

/** `&amp;` and its few kin. */
export function unescaped(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(amp|lt|gt|quot|apos|nbsp|#\d{1,6}|#x[0-9a-f]{1,5});/gi, (whole, name: string) => {
    const known: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
    const lower = name.toLowerCase()
    if (known[lower] !== undefined) return known[lower]
    const code = lower.startsWith('#x') ? Number.parseInt(lower.slice(2), 16) : Number(lower.slice(1))
    return code > 31 && code < 0x10ffff && !(code >= 0xd800 && code < 0xe000) ? String.fromCodePoint(code) : whole
  })
}

/** A message of a network is shorter; an open tag would be looked for to the end of it. */
const MOST_HTML_UNITS = 65_536

/** Text of a snippet of HTML. */
export function textOfHtml(html: string): string {
  return unescaped(
    html
      .slice(0, MOST_HTML_UNITS)
      .replace(/<(?:script|style)[\s\S]*?<\/(?:script|style)>/gi, ' ')
      .replace(/<(?:br|\/p|\/div|\/li)\b[^>]*>/gi, '\n')
      .replace(/<[^>]{0,2000}>/g, ''),
  )
    .replace(/[ \t]+/g, ' ')
    .trim()
}
