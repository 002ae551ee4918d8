/**
 * Links against the page's address by the WHATWG URL algorithm, without its Unicode: names that need IDNA tables
 * (they differ between engine versions) are kept when already ASCII and dropped otherwise.
 */

const IDNA = /^xn--|\.xn--/
/** Host written in the link itself: scheme or not, two slashes of either kind, perhaps userinfo. */
const OWN_AUTHORITY = /^(?:https?:)?[\\/]{2,8}([^\\/?#]*)/i
const PLACEHOLDER = 'punycode.invalid'

/** The absolute http(s) URL, fragment dropped; null for anything else and for what no crawler may fetch (userinfo). */
export function resolveUrl(href: string, base: string, maxLength = 2048): string | null {
  // tabs and line ends vanish inside URLs, controls and spaces around them
  const clean = href
    .slice(0, maxLength * 2)
    .replace(/[\t\n\r]/g, '')
    // oxlint-disable-next-line no-control-regex
    .replace(/^[\u0000- ]+|[\u0000- ]+$/g, '')
  const authority = OWN_AUTHORITY.exec(clean)?.[1]
  const [link, linkHost] = authority === undefined ? [clean, null] : withPlaceholder(clean, authority)
  if (link === null) return null
  const [safeBase, baseHost] = withPlaceholder(base, OWN_AUTHORITY.exec(base)?.[1] ?? '')
  if (safeBase === null) return null
  const url = URL.parse(link, safeBase)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  if (url.username !== '' || url.password !== '') return null
  url.hash = ''
  const host = authority === undefined ? baseHost : linkHost
  const text = host === null ? url.href : url.href.replace(PLACEHOLDER, host)
  return text.length <= maxLength && /^[!-~]+$/.test(text) ? text : null
}

/** A punycoded host leaves its place to one that needs no table; `[null, …]` for a host that is not ASCII. */
function withPlaceholder(url: string, authority: string): [url: string | null, host: string | null] {
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d*$/, '')
    .toLowerCase()
  // oxlint-disable-next-line no-control-regex
  if (!/^[\u0000-\u007f]*$/.test(authority)) return [null, null]
  // an escaped host is decoded before IDNA looks at it
  if (host.includes('%')) return [null, null]
  if (!IDNA.test(host)) return [url, null]
  if (!/^[a-z0-9.-]{1,253}$/.test(host) || authority.includes('@')) return [null, null]
  return [url.replace(authority, authority.toLowerCase().replace(host, PLACEHOLDER)), host]
}

/** Host (with port where it is not the scheme's) of a serialised http(s) URL. */
export function hostOf(url: string): string {
  return /^https?:\/\/([^/?#]*)/.exec(url)?.[1] ?? ''
}
