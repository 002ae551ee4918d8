/** Title, author, date, canonical address and OpenGraph of a page, each from the most deliberate statement it makes. */
import { type Document, type Element, textContent } from './dom.ts'
import { isoDate } from './dates.ts'
import { jsonLdFact, jsonLdObjects } from './json-ld.ts'
import { bounds, type Json, type WebPage } from './schema.ts'
import { asciiLower, fact } from './text.ts'
import { resolveUrl } from './url.ts'

export interface Metadata extends Pick<WebPage, 'title' | 'author' | 'published' | 'canonicalUrl'> {
  openGraph: Record<string, string> | null
  /** Union of what `<meta name=robots>` says, lower case. */
  robots: string[]
}

export function metadataOf(document: Document, jsonLd: Json[], base: string): Metadata {
  const meta = metaOf(document)
  const objects = jsonLdObjects(jsonLd)
  const first = (...names: string[]): string | null =>
    names.map((name) => meta.get(name)?.[0] ?? null).find((value) => value !== null) ?? null
  const documentTitle = titleElement(document)
  const title =
    jsonLdFact(objects, 'headline') ??
    first('og:title', 'twitter:title', 'dc.title', 'dcterms.title') ??
    (documentTitle === null ? null : withoutSiteName(documentTitle)) ??
    heading(document)
  const author =
    jsonLdFact(objects, 'author') ??
    first('author', 'article:author', 'dc.creator', 'dcterms.creator', 'parsely-author', 'sailthru.author') ??
    byline(document)
  const dates = [
    jsonLdFact(objects, 'datePublished'),
    first(
      'article:published_time',
      'og:published_time',
      'datepublished',
      'date',
      'dc.date.issued',
      'dcterms.created',
      'dc.date',
      'pubdate',
      'publish-date',
      'parsely-pub-date',
      'sailthru.date',
    ),
    itempropDate(document),
    timeElement(document),
  ]
  return {
    title: fact(title, bounds.title),
    author: author !== null && /^https?:\/\//.test(author) ? null : fact(author, bounds.author),
    published: dates.map(isoDate).find((date) => date !== null) ?? null,
    canonicalUrl: canonical(document, base),
    openGraph: openGraph(meta),
    robots: (meta.get('robots') ?? []).flatMap((value) => asciiLower(value).split(/[,\s]+/)).filter((word) => word !== ''),
  }
}

/** `name` or `property` (lower case) -> contents in order. */
function metaOf({ elements }: Document): Map<string, string[]> {
  const meta = new Map<string, string[]>()
  for (const { name, attribs } of elements) {
    const { content } = attribs
    if (name !== 'meta' || content === undefined) continue
    for (const key of new Set([attribs['property'], attribs['name'], attribs['itemprop']])) {
      if (key === undefined || key.length > 128) continue
      const lower = asciiLower(key).trim()
      const values = meta.get(lower) ?? []
      const value = fact(content, 2048)
      if (value !== null && values.length < 8) meta.set(lower, [...values, value])
    }
  }
  return meta
}

const OPEN_GRAPH = /^(og|article|book|profile|product|music|video|twitter):[a-z0-9_:.-]{1,100}$/

function openGraph(meta: Map<string, string[]>): Record<string, string> | null {
  const found: Record<string, string> = {}
  let left: number = bounds.openGraphBytes
  for (const [key, [value = '']] of meta) {
    if (!OPEN_GRAPH.test(key)) continue
    left -= Buffer.byteLength(value) + key.length + 8
    if (left < 0) break
    found[key] = value
  }
  return Object.keys(found).length === 0 ? null : found
}

function titleElement({ elements }: Document): string | null {
  const title = elements.find(({ name, parent }) => name === 'title' && parent?.name !== 'svg')
  return title === undefined ? null : fact(textContent(title, 4096), 1024)
}

/** `Headline | Site` -> `Headline`, as long as the headline keeps four words or most of the text. */
function withoutSiteName(title: string): string {
  const cut = Math.max(...[' | ', ' - ', ' – ', ' — ', ' » ', ' « ', ' :: ', ' · '].map((mark) => title.lastIndexOf(mark)))
  if (cut <= 0) return title
  const head = title.slice(0, cut)
  return head.split(' ').length >= 4 || head.length * 2 > title.length ? head : title
}

function heading({ elements }: Document): string | null {
  const h1 = elements.find(({ name }) => name === 'h1')
  return h1 === undefined ? null : fact(textContent(h1, 4096), bounds.title)
}

function byline({ elements }: Document): string | null {
  const marked = elements.find(
    ({ name, attribs }) =>
      (name === 'a' && asciiLower(attribs['rel'] ?? '') === 'author') ||
      attribs['itemprop'] === 'author' ||
      attribs['itemprop'] === 'creator',
  )
  const text = marked === undefined ? null : fact(textContent(marked, 1000), 200)
  return text !== null && text.length <= 100
    ? text.replace(/^(?:view all posts by|posted by|written by|by|von|par|por|di|door) /i, '')
    : null
}

function itempropDate({ elements }: Document): string | null {
  const marked = elements.find(({ attribs }) => attribs['itemprop'] === 'datePublished')
  return marked === undefined ? null : dateText(marked)
}

function timeElement({ elements }: Document): string | null {
  const times = elements.filter(({ name, attribs }) => name === 'time' && attribs['datetime'] !== undefined)
  const marked =
    times.find(({ attribs }) => attribs['pubdate'] !== undefined || /publish|entry-date/.test(attribs['class'] ?? '')) ?? times[0]
  return marked === undefined ? null : dateText(marked)
}

function dateText(element: Element): string | null {
  return element.attribs['datetime'] ?? element.attribs['content'] ?? fact(textContent(element, 200), 64)
}

function canonical({ elements }: Document, base: string): string | null {
  const link = elements.find(
    ({ name, attribs }) =>
      name === 'link' &&
      asciiLower(attribs['rel'] ?? '')
        .split(/\s+/)
        .includes('canonical'),
  )
  const href = link?.attribs['href']
  return href === undefined ? null : resolveUrl(href, base)
}
