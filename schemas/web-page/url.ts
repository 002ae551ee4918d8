/**
 * Links against the page's address by the WHATWG URL algorithm, without its Unicode: names that need IDNA tables
 * (they differ between engine versions) are kept when already ASCII and dropped otherwise.
 */

const IDNA = /^xn--|\.xn--/
/** Host written in the link itself: scheme or not, two slashes of either kind, perhaps userinfo. */
const OWN_AUTHORITY = /^(?:https?:)?[\\/]{2,8}([^\\/?#]*)/i
const PLACEHOLDER = 'punycode.invalid'
/** Longer links are none. */
const MAX_LENGTH = 2048

/** The absolute http(s) URL, fragment dropped; null for anything else and for what no crawler may fetch (userinfo). */
export function resolveUrl(href: string, base: string): string | null {
  // a place in the page is the page, and its own address too
  if (href === '' || href.charCodeAt(0) === 0x23) return partsOf(base).own
  return resolvePlain(href, base) ?? resolveWhole(href, base) ?? resolveAny(href, base)
}

/** Paths that no rule of the algorithm changes: unreserved characters, no dots but inside names and in `./` or `../` at the start. */
const PLAIN =
  /^(\.\/|(?:\.\.\/){0,16})(\/?)([A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}){0,16}\/?)(\?[A-Za-z0-9_.~=&;/%+-]{0,400})?(?:#|$)/

/** What most links are, without the cost of a URL object; null for any other. */
function resolvePlain(href: string, base: string): string | null {
  const [, up, root, path = '', query = ''] = PLAIN.exec(href) ?? []
  if (up === undefined || (up !== '' && root !== '')) return null
  const { origin, folders } = partsOf(base)
  if (origin === null) return null
  const levels = up === './' ? 0 : up.length / 3
  const depth = root === '' ? Math.max(0, folders.length - 1 - levels) : 0
  const url = `${origin}${folders[depth]}${path}${query}`
  return url.length <= MAX_LENGTH ? url : null
}

/**
 * Whole addresses that stand as the algorithm would write them: names of plain labels, the last of letters (so it is no number of an IPv4
 * address), no port, no `--` that punycode could hide behind.
 */
const WHOLE =
  /^(https?:\/\/(?:[a-z0-9](?:-?[a-z0-9]){0,62}\.){1,8}[a-z]{2,24})(\/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}){0,16}\/?)?)?(\?[A-Za-z0-9_.~=&;/%+-]{0,400})?(?:#|$)/

function resolveWhole(href: string, base: string): string | null {
  if (!href.startsWith('http')) return null
  const [, origin, path = '/', query = ''] = WHOLE.exec(href) ?? []
  // a base that is no address resolves nothing
  if (origin === undefined || partsOf(base).origin === null) return null
  const url = `${origin}${path}${query}`
  return url.length <= MAX_LENGTH ? url : null
}

interface BaseParts {
  /** Null when the base is not one whose parts may be put together again as they stand. */
  origin: string | null
  /** Folders from the root down to that of the base, each with both its slashes. */
  folders: string[]
  /** The base itself, as what leads nowhere else is resolved; null for one that no crawler may fetch. */
  own: string | null
}
/** Bases that stand as the algorithm would write them, but for their query: hosts as in WHOLE or of four numbers, ports that are no scheme's own. */
const SAFE_BASE =
  /^https?:\/\/(?:(?:[a-z0-9](?:-?[a-z0-9]){0,62}\.){1,8}[a-z]{2,24}|(?:(?:0|1\d\d|[1-9]\d?)\.){3}(?:0|1\d\d|[1-9]\d?))(?::(?:[1-9]\d{3}|[1-5]\d{4}))?\/(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}(?:\/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,200}){0,16}\/?)?(\?|$)/

/** All links of a page have one base. */
let lastBase: { base: string; parts: BaseParts } | undefined

function partsOf(base: string): BaseParts {
  if (lastBase?.base === base) return lastBase.parts
  const [, origin, path = '/'] = /^(https?:\/\/[a-z0-9.-]+(?::\d{1,5})?)(\/[^?#]*)?(?:[?#]|$)/.exec(base) ?? []
  // most need no URL object
  const safe = SAFE_BASE.exec(base)?.[1]
  const isSafe =
    origin !== undefined && (safe !== undefined || (resolveAny('/', base, 4096) === `${origin}/` && URL.parse(base)?.pathname === path))
  const folders = ['/']
  for (let at = path.indexOf('/', 1); at >= 0; at = path.indexOf('/', at + 1)) folders.push(path.slice(0, at + 1))
  const own = safe === '' && base.length <= MAX_LENGTH ? base : resolveAny('', base)
  lastBase = { base, parts: { origin: isSafe ? origin : null, folders, own } }
  return lastBase.parts
}

function resolveAny(href: string, base: string, maxLength = MAX_LENGTH): string | null {
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
