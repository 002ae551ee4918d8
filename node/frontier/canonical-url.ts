/** One spelling per page, so that a page is fetched once: RFC 3986 normalisation plus what only tracks people. */

const TRACKING =
  /^(utm_[a-z0-9_]+|gclid|gclsrc|dclid|gbraid|wbraid|fbclid|msclkid|yclid|twclid|ttclid|igshid|mc_cid|mc_eid|_ga|_gl|_hsenc|_hsmi|mkt_tok|oly_anon_id|oly_enc_id|phpsessid|jsessionid|aspsessionid[a-z]*)$/i
const UNRESERVED = /^[A-Za-z0-9\-._~]$/

/**
 * The canonical form of an absolute or relative http(s) URL, without fragment, tracking parameters and session ids;
 * undefined for anything that is no page address (other schemes, credentials, not a URL). Parameters keep their order.
 */
export function canonicalUrl(text: string, base?: string): string | undefined {
  return canonical(text, base)?.href
}

/** The same, parsed. */
export function canonical(text: string, base?: string): URL | undefined {
  const url = URL.parse(text.trim(), base)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  if (url.username !== '' || url.password !== '' || url.hostname === '') return undefined
  // setters parse again: only where something changes
  if (url.hash !== '' || url.href.endsWith('#')) url.hash = ''
  // a trailing dot names the same host, and would be a second one to our books
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.replace(/\.+$/, '')
  const path = url.pathname
  const cleaned = normalPercent(path.includes(';') ? path.replace(/;jsessionid=[^/?;]*/gi, '') : path)
  if (cleaned !== path) url.pathname = cleaned
  if (url.search !== '') url.search = cleanQuery(url.search)
  else if (url.href.endsWith('?')) url.search = ''
  return url
}

/** Scheme, host and port of a canonical URL, as `URL.origin` spells them. */
export const originOf = (canonicalForm: string): string => canonicalForm.slice(0, canonicalForm.indexOf('/', 'https://'.length))

function cleanQuery(search: string): string {
  const kept = search
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !TRACKING.test(part.split('=')[0] as string))
  return kept.length === 0 ? '' : `?${normalPercent(kept.join('&'))}`
}

/** RFC 3986, 6.2.2: upper-case hex, and no escape where none is needed. */
function normalPercent(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%[0-9a-f]{2}/gi, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return UNRESERVED.test(character) ? character : escape.toUpperCase()
  })
}
