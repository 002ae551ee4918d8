import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Where a redirect leads, absolute; undefined when the answer is no redirect or names no readable target. */
export function redirectTarget({ status, headers, url }: Exchange): string | undefined {
  if (!REDIRECTS.has(status)) return undefined
  const location = headerValues(headers, 'location')[0]
  if (location === undefined || location.length > 8192) return undefined
  // headers are bytes; a target beyond ASCII is UTF-8 in practice
  const text = new TextDecoder().decode(Buffer.from(location, 'latin1'))
  return URL.parse(text, url)?.href
}
