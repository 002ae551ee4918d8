/** An address without what may identify who followed it. */
import { findSpans, type NameIndex, placeholder, replaceSpans, type Span } from '../redact/index.ts'
import { isDoor, isPoint, mapOf } from './guarded-hosts.ts'

const PRIVATE_HOST = /^(?:localhost|.*\.(?:local|lan|home|internal|intranet|corp|test|localhost|onion)|\d+\.\d+\.\d+\.\d+|\[.*\]|[^.]+)$/i
/** Long and mixed, as session ids, signatures and invitations are. */
const TOKEN = /^(?=.*\d)(?=.*[A-Za-z])[\w\-=.~+%]{20,}$|^[0-9a-f-]{24,}$/i

/** Ids that look like tokens and are everybody's. */
const PUBLIC_IDS: [host: RegExp, path: RegExp][] = [
  [/^open\.spotify\.com$/, /^\/(?:track|episode|show|album|artist|audiobook)\/[A-Za-z0-9]{22}$/],
  [/(?:^|\.)youtube\.com$/, /^\/channel\/UC[\w-]{22}$/],
]

/** Labels of hosts that are no person, although one may follow an account of that name. */
const SERVICES = new Set(
  'www m web app mobile old new blog news mail shop en de fr es it co com org net gov edu ac instagram facebook twitter x youtube youtu google reddit redd netflix spotify tiktok tiktokv linkedin whatsapp chatgpt openai apple amazon wikipedia wordpress tumblr blogspot substack medium github'.split(
    ' ',
  ),
)
const REDDIT = /(?:^|\.)reddit\.com$/

/**
 * Host and path of a public web page; user, port, query and fragment go, path segments that look like tokens or hold coordinates become
 * `-`; people of the export become their pseudonyms, in the host as well. Of a map only the host is left (and `/maps`), of invitations
 * and meetings only the host. A video keeps its id, which is not the viewer's. Undefined for whatever is no public web address: files,
 * browser pages, hosts of a home network.
 */
export function stripUrl(raw: string, people?: NameIndex): { url: string; spans: Span[] } | undefined {
  if (raw.length > 8192) return undefined
  const parsed = URL.parse(raw)
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || PRIVATE_HOST.test(parsed.hostname)) return undefined
  const host = parsed.hostname.toLowerCase()
  const video = /(?:^|\.)youtube\.com$/.test(host) && parsed.pathname === '/watch' ? parsed.searchParams.get('v') : null
  if (video !== null && /^[\w-]{6,20}$/.test(video)) return { url: `https://youtu.be/${video}`, spans: [] }
  if (PUBLIC_IDS.some(([site, path]) => site.test(host) && path.test(parsed.pathname)))
    return { url: `https://${host}${parsed.pathname}`, spans: [] }
  const map = mapOf(host, parsed.pathname)
  if (map !== undefined) return { url: `${parsed.protocol}//${host}${map}`, spans: [spanOf('place')] }
  if (isDoor(host, parsed.pathname)) return { url: `${parsed.protocol}//${host}/-`, spans: [spanOf('secret')] }
  // a redirect of a search or social site: where it leads is in the query and goes with it
  const spans: Span[] = []
  const before = parsed.pathname.split('/')
  const segments = before.map((segment, i) => {
    if (segment === '') return segment
    const plain = decoded(segment)
    if (isPoint(plain)) {
      spans.push(spanOf('place'))
      return '-'
    }
    if (TOKEN.test(plain) && !/^[\p{L}-]+(?:-\d{1,8})?$/u.test(plain)) {
      spans.push(spanOf('secret'))
      return '-'
    }
    const found = spansOf(plain, people)
    if (found.length === 0) {
      // an account's page, of somebody whom the export does not name
      if (!REDDIT.test(host) || !(/^u(?:ser)?$/.test(before[i - 1] ?? '') || plain.startsWith('u_'))) return segment
      spans.push(spanOf('handle'))
      return '-'
    }
    spans.push(...found)
    return replaceSpans(segment === plain ? segment : plain, found, (span) => (span.person === undefined ? '-' : placeholder(span)))
      .split('')
      .map((unit) => (/[\w\-.~@]/.test(unit) ? unit : encodeURIComponent(unit.isWellFormed() ? unit : '-')))
      .join('')
  })
  const named = people === undefined ? host : hostWithout(host, people, spans)
  const url = `${parsed.protocol}//${named}${segments.join('/')}`
  return url.length > 2048 ? { url: `${parsed.protocol}//${named}/`, spans } : { url, spans }
}

const spanOf = (kind: string): Span => ({ start: 0, end: 0, kind })

/** After a slash, short and wordlike handles are handles. */
const spansOf = (label: string, people: NameIndex | undefined): Span[] =>
  findSpans(`/${label}`, people).flatMap((span) => {
    const start = Math.max(0, span.start - 1)
    return span.end - 1 > start ? [{ ...span, start, end: span.end - 1 }] : []
  })

/** `janedoe.wordpress.com` names its owner. The last label names nobody. */
function hostWithout(host: string, people: NameIndex, spans: Span[]): string {
  const labels = host.split('.')
  return labels
    .map((label, i) => {
      if (i === labels.length - 1 || SERVICES.has(label)) return label
      const found = spansOf(label, people).filter(({ person }) => person !== undefined)
      spans.push(...found)
      return replaceSpans(label, found, placeholder)
    })
    .join('.')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const IN_TEXT = /\bhttps?:\/\/[^\s<>"'`\])}]{3,}|(?<![\w@./:-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24}\/[^\s<>"'`\])}]+/gi
/** Brackets and quotes end an address, but on a map they stand in names of places and between degrees. */
const REST_OF_MAP = /[^\s<>"`]*/y

/** The same for addresses inside a text; without a scheme, for maps and invitations only. Returns how many were changed. */
export function stripUrlsIn(text: string): { text: string; changed: number } {
  if (!text.includes('/')) return { text, changed: 0 }
  let changed = 0
  let at = 0
  const kept: string[] = []
  for (const { 0: found, index } of text.matchAll(IN_TEXT)) {
    // inside of what a map took
    if (index < at) continue
    const scheme = /^https?:/i.test(found) ? '' : 'https://'
    const parsed = URL.parse(scheme + found)
    const host = parsed?.hostname.toLowerCase() ?? ''
    const isGuarded = parsed !== null && (mapOf(host, parsed.pathname) !== undefined || isDoor(host, parsed.pathname))
    if (scheme !== '' && !isGuarded) continue
    REST_OF_MAP.lastIndex = index + found.length
    const whole = isGuarded ? found + (REST_OF_MAP.exec(text)?.[0] ?? '') : found
    const trailing = /[.,;:!?)\]}']+$/.exec(whole)?.[0] ?? ''
    const raw = whole.slice(0, whole.length - trailing.length)
    const url = stripUrl(scheme + raw)?.url.slice(scheme.length) ?? '[url]'
    if (url !== raw) changed++
    kept.push(text.slice(at, index), url, trailing)
    at = index + whole.length
  }
  return at === 0 ? { text, changed } : { text: kept.join('') + text.slice(at), changed }
}
