/** An address without what may identify who followed it. */
import { findSpans, type NameIndex, placeholder, replaceSpans, type Span } from '../redact/index.ts'

const PRIVATE_HOST = /^(?:localhost|.*\.(?:local|lan|home|internal|intranet|corp|test|localhost|onion)|\d+\.\d+\.\d+\.\d+|\[.*\]|[^.]+)$/i
/** Long and mixed, as session ids, signatures and invitations are. */
const TOKEN = /^(?=.*\d)(?=.*[A-Za-z])[\w\-=.~+%]{20,}$|^[0-9a-f-]{24,}$/i

/** Ids that look like tokens and are everybody's. */
const PUBLIC_IDS: [host: RegExp, path: RegExp][] = [
  [/^open\.spotify\.com$/, /^\/(?:track|episode|show|album|artist|audiobook)\/[A-Za-z0-9]{22}$/],
  [/(?:^|\.)youtube\.com$/, /^\/channel\/UC[\w-]{22}$/],
]

/**
 * Host and path of a public web page; user, port, query and fragment go, path segments that look like tokens become `-`. A video keeps
 * its id, which is not the viewer's. Undefined for whatever is no public web address: files, browser pages, hosts of a home network.
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
  // a redirect of a search or social site: where it leads is in the query and goes with it
  const spans: Span[] = []
  const segments = parsed.pathname.split('/').map((segment) => {
    if (segment === '') return segment
    const plain = decoded(segment)
    if (TOKEN.test(plain) && !/^[\p{L}-]+(?:-\d{1,8})?$/u.test(plain)) {
      spans.push({ start: 0, end: plain.length, kind: 'secret' })
      return '-'
    }
    const found = findSpans(plain, people)
    if (found.length === 0) return segment
    spans.push(...found)
    return replaceSpans(segment === plain ? segment : plain, found, (span) => (span.person === undefined ? '-' : placeholder(span)))
      .split('')
      .map((unit) => (/[\w\-.~@]/.test(unit) ? unit : encodeURIComponent(unit.isWellFormed() ? unit : '-')))
      .join('')
  })
  const url = `${parsed.protocol}//${host}${segments.join('/')}`
  return url.length > 2048 ? { url: `${parsed.protocol}//${host}/`, spans } : { url, spans }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const IN_TEXT = /\bhttps?:\/\/[^\s<>"'`\])}]{3,2000}/gi

/** The same for addresses inside a text. Returns how many were changed. */
export function stripUrlsIn(text: string): { text: string; changed: number } {
  if (!/https?:\/\//i.test(text)) return { text, changed: 0 }
  let changed = 0
  const kept = text.replace(IN_TEXT, (raw) => {
    const trailing = /[.,;:!?]+$/.exec(raw)?.[0] ?? ''
    const url = stripUrl(raw.slice(0, raw.length - trailing.length))?.url ?? '[url]'
    if (url + trailing !== raw) changed++
    return url + trailing
  })
  return { text: kept, changed }
}
