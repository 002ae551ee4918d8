import { decodeBody, type Exchange, headerValues } from '../evidence/index.ts'
import type { ParsedPage } from '../web-page/index.ts'
import { WireError } from '../wire/index.ts'
import { decodeHtml } from './charset.ts'

/** Most bytes of a page after content decoding. */
export const MAX_BODY_BYTES = 8 << 20

/** A page that was decoded and parsed once, for all that is asked of it. */
export interface OpenedPage extends ParsedPage {
  /** Without content encoding. */
  body: Uint8Array
}

/** Of the last such header; null without one. */
export const contentTypeOf = ({ headers }: Exchange): string | null => headerValues(headers, 'content-type').at(-1) ?? null

/** An exchange's page as text, whatever its status; `body` where it was decoded already. Throws WireError where it cannot be. */
export function pageHtml(exchange: Exchange, body = decodeBody(exchange, MAX_BODY_BYTES)): string {
  return decodeHtml(body, contentTypeOf(exchange)).text
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
