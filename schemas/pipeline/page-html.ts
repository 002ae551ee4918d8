import { decodeBody, type Exchange, headerValues } from '../evidence/index.ts'
import { WireError } from '../wire/index.ts'
import { decodeHtml } from './charset.ts'

/** Most bytes of a page after content decoding. */
export const MAX_BODY_BYTES = 8 << 20

/** An exchange's page as text, whatever its status. Throws WireError where the body cannot be decoded. */
export function pageHtml(exchange: Exchange): string {
  const contentType = headerValues(exchange.headers, 'content-type').at(-1) ?? null
  return decodeHtml(decodeBody(exchange, MAX_BODY_BYTES), contentType).text
}

/** The same; null where it cannot be decoded, for whom that is no fault: such a page gives no record either. */
export function pageHtmlOrNull(exchange: Exchange): string | null {
  try {
    return pageHtml(exchange)
  } catch (thrown) {
    if (thrown instanceof WireError) return null
    throw thrown
  }
}
