import type { Exchange } from './exchange.ts'
import { headerValues } from './http-head.ts'
import { decodeUtf8 } from './utf8.ts'

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Where a redirect leads, absolute; undefined when the answer is no redirect or names no readable target. */
export function redirectTarget({ status, headers, url }: Pick<Exchange, 'status' | 'headers' | 'url'>): string | undefined {
  if (!REDIRECTS.has(status)) return undefined
  const location = headerValues(headers, 'location')[0]
  if (location === undefined || location.length > 8192) return undefined
  // headers are bytes; a target beyond ASCII is UTF-8 in practice
  const text = decodeUtf8(Buffer.from(location, 'latin1'))
  return URL.parse(text, url)?.href
}
