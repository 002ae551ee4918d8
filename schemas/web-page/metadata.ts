/** Title, author, date, canonical address and OpenGraph of a page, each from the most deliberate statement it makes. */
import { lowerCase } from '../measures/index.ts'
import { type Parts, relsOf } from './collect.ts'
import { type Element, textContent } from './dom.ts'
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

export function metadataOf(parts: Parts, jsonLd: Json[]): Metadata {
  const meta = metaOf(parts)
  const objects = jsonLdObjects(jsonLd)
  const first = (...names: string[]): string | null =>
    names.map((name) => meta.get(name)?.[0] ?? null).find((value) => value !== null) ?? null
  const documentTitle = titleElement(parts)
  const title =
    jsonLdTitle(objects, documentTitle) ??
    first('dc.title', 'dcterms.title', 'og.title', 'twitter.title', 'title', 'parsely-title') ??
    (documentTitle === null ? null : withoutSiteName(documentTitle)) ??
    heading(parts)
  const author =
    personal(jsonLdFact(objects, 'author')) ??
    personal(first('dc.creator', 'dcterms.creator', 'author', 'article.author', 'parsely-author', 'sailthru.author')) ??
    byline(parts)
  const dates = [
    jsonLdFact(objects, 'datePublished'),
    first(
      'article.published_time',
      'og.published_time',
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
    itempropDate(parts),
    timeElement(parts),
  ]
  return {
    title: fact(title, bounds.title),
    author: fact(author, bounds.author),
    published: dates.map(isoDate).find((date) => date !== null) ?? null,
    canonicalUrl: canonical(parts),
    openGraph: openGraph(meta),
    robots: (meta.get('robots') ?? []).flatMap((value) => asciiLower(value).split(/[,\s]+/)).filter((word) => word !== ''),
  }
}

/**
 * `property`, then `name` and `itemprop`, lower case with `:` as `.`, since both are written -> contents in order.
 * One attribute may name several.
 */
function metaOf(parts: Parts): Map<string, string[]> {
  const meta = new Map<string, string[]>()
  const add = (attribute: string | undefined, value: string): void => {
    for (const key of keysIn(attribute)) {
      const values = meta.get(key) ?? []
      if (values.length < 8 && !values.includes(value)) meta.set(key, [...values, value])
    }
  }
  const metas = parts.metas.flatMap((element) => {
    const value = fact(element.attr('content'), 2048)
    return value === null ? [] : [{ element, value }]
  })
  for (const { element, value } of metas) add(element.attr('property'), value)
  for (const { element, value } of metas) {
    add(element.attr('name'), value)
    add(element.attr('itemprop'), value)
  }
  return meta
}

function keysIn(attribute: string | undefined): string[] {
  const keys = asciiLower((attribute ?? '').slice(0, 200)).split(/[ \t\n\f\r]+/)
  return keys.filter((key) => key !== '').map((key) => key.replaceAll(':', '.'))
}

const OPEN_GRAPH = /^(og|article|book|profile|product|music|video|twitter)\.[a-z0-9_.-]{1,100}$/

/** First value of each property, under the name that the Open Graph protocol gives it: `og:title`. */
function openGraph(meta: Map<string, string[]>): Record<string, string> | null {
  const found: Record<string, string> = {}
  let left: number = bounds.openGraphBytes
  for (const [key, [value = '']] of meta) {
    if (!OPEN_GRAPH.test(key)) continue
    left -= Buffer.byteLength(value) + key.length + 8
    if (left < 0) break
    found[key.replaceAll('.', ':')] = value
  }
  return Object.keys(found).length === 0 ? null : found
}

function titleElement({ title }: Parts): string | null {
  return title === null ? null : fact(textContent(title, 4096), 1024)
}

/** `Headline | Site` -> `Headline`, as long as the headline keeps four words or most of the text. */
function withoutSiteName(title: string): string {
  const cut = Math.max(...[' | ', ' - ', ' – ', ' — ', ' » ', ' « ', ' :: ', ' · '].map((mark) => title.lastIndexOf(mark)))
  if (cut <= 0) return title
  const head = title.slice(0, cut)
  return head.split(' ').length >= 4 || head.length * 2 > title.length ? head : title
}

function heading({ h1 }: Parts): string | null {
  return h1 === null ? null : fact(textContent(h1, 4096), bounds.title)
}

/** An encyclopedia's `headline` may be a description: of the two names, the one that the page's own title has. */
function jsonLdTitle(objects: ReturnType<typeof jsonLdObjects>, documentTitle: string | null): string | null {
  const object = objects.find((one) => jsonLdFact([one], 'headline') !== null)
  if (object === undefined) return null
  const headline = jsonLdFact([object], 'headline') ?? ''
  const name = jsonLdFact([object], 'name')
  if (name === null || documentTitle === null) return headline
  return documentTitle.includes(name) && !documentTitle.includes(headline) ? name : headline
}

/** Not an address, not what stands around a name. */
function personal(text: string | null): string | null {
  if (text === null || /^https?:\/\//.test(text)) return null
  return text.replace(BEFORE_NAME, '').replace(/[\s,;|–—-]+$/, '')
}

const BEFORE_NAME = /^(?:view all posts by|posted by|written by|by|von|par|por|di|door)[:\s]+/i

function byline({ related, items, bylines }: Parts): string | null {
  const linked = related.find((element) => element.name === 'a' && relsOf(element).includes('author'))
  const named = items.find((element) => ['author', 'creator'].includes(element.attr('itemprop') ?? ''))
  const marked = linked === undefined || (named !== undefined && named.index < linked.index) ? named : linked
  const text = marked === undefined ? null : fact(textContent(marked, 1000), 200)
  if (text !== null && text.length <= 100) return personal(text)
  for (const element of bylines) {
    const name = personal(fact(textContent(element, 400), 100))
    if (name !== null && isName(name)) return name
  }
  return null
}

/** Two to five words without digits, two of them with a capital. */
function isName(text: string): boolean {
  const words = text.split(' ')
  if (words.length < 2 || words.length > 5 || text.length > 60 || /[0-9@:/]/.test(text)) return false
  return words.filter((word) => lowerCase(word.slice(0, 2)) !== word.slice(0, 2)).length >= 2
}

function itempropDate({ items }: Parts): string | null {
  const marked = items.find((element) => element.attr('itemprop') === 'datePublished')
  return marked === undefined ? null : dateText(marked)
}

function timeElement({ times }: Parts): string | null {
  const marked =
    times.find((element) => element.attr('pubdate') !== undefined || /publish|entry-date/.test(element.attr('class') ?? '')) ?? times[0]
  return marked === undefined ? null : dateText(marked)
}

function dateText(element: Element): string | null {
  return element.attr('datetime') ?? element.attr('content') ?? fact(textContent(element, 200), 64)
}

function canonical({ related, base }: Parts): string | null {
  const link = related.find((element) => element.name === 'link' && relsOf(element).includes('canonical'))
  const href = link?.attr('href')
  return href === undefined ? null : resolveUrl(href, base)
}
