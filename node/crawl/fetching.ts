/** One request for a page or a sitemap: what is asked for, and how much of the answer is read. */
import type { Web } from '../../core/web/index.ts'
import { type Exchange, headerValues } from '../../schemas/evidence/index.ts'
import type { FrontierItem } from '../frontier/index.ts'
import type { Verdict } from './verdicts.ts'

const HTML_TYPE = /^\s*(text\/html|application\/xhtml\+xml)\s*(;|$)/i
/** Compressed; what it unpacks to is bounded where it is read. */
const MAX_SITEMAP_BODY = 16 << 20
const MAX_SITEMAP_DECODED = 50 << 20

export interface Fetch {
  web: Web
  signal: AbortSignal
  /** Most body bytes of a page, as received. */
  pageBytes: number
  /** Added to those of every request. */
  headers?: Record<string, string>
}

/** Throws what the web throws. */
export function fetchItem({ url, isSitemap }: FrontierItem, { web, signal, pageBytes, headers }: Fetch): Promise<Exchange> {
  if (isSitemap)
    return web.get(url, {
      signal,
      maxBytes: MAX_SITEMAP_BODY,
      maxDecodedBytes: MAX_SITEMAP_DECODED,
      headers: { accept: 'application/xml, text/xml, text/plain, */*;q=0.1' },
    })
  return web.get(url, {
    signal,
    maxBytes: pageBytes,
    ...(headers && { headers }),
    // what gives no record is not worth its bytes
    skipBody: (head) =>
      head.status === 200 && headerValues(head.headers, 'content-type').some((type) => type.trim() !== '' && !HTML_TYPE.test(type)),
  })
}

/** Why an answer was not read to its end. */
export function truncation({ body, headers }: Exchange, { isSitemap }: FrontierItem, pageBytes: number): Verdict {
  const type = headerValues(headers, 'content-type').at(-1) ?? ''
  return body.length === 0 && !HTML_TYPE.test(type)
    ? { outcome: 'NOT_HTML', detail: type }
    : { outcome: 'TRUNCATED', detail: `more than ${isSitemap ? MAX_SITEMAP_BODY : pageBytes} bytes` }
}
