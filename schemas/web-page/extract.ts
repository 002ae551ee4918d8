/** HTML and its address -> record of a web page. Pure, bounded, the same on every engine: validators replay it byte for byte. */
import { detectLanguage } from '../measures/index.ts'
import { canonicalJson, MAX_RECORD_BYTES, utf8, WireError } from '../wire/index.ts'
import { type Document, type Element, parseHtml } from './dom.ts'
import { jsonLdOf } from './json-ld.ts'
import { licenseOf } from './license.ts'
import { baseOf, linksOf } from './links.ts'
import { findMainContent } from './main-content.ts'
import { markdown } from './markdown.ts'
import { linkShare, type Strictness } from './measure.ts'
import { metadataOf } from './metadata.ts'
import { microdataOf } from './microdata.ts'
import { dropOrphanHeadings } from './orphan-headings.ts'
import { plainText } from './plain-text.ts'
import { bounds, type WebPage } from './schema.ts'
import { cutAtBlock } from './text.ts'
import { trimEnds } from './trim.ts'

export interface Extracted {
  record: WebPage
  /** Canonical JSON of the record, UTF-8. */
  bytes: Uint8Array
  /** What `<meta name=robots>` says, lower case words. */
  robots: string[]
}

/** Text shorter than this sends the search again with less taken for furniture. */
const SHORT_TEXT = 250
/** A page with more of its text in links, per thousand, is a list of links and no text. */
const MOSTLY_LINKS = 800

/** Throws WireError TOO_LARGE, TOO_DEEP, NO_CONTENT or BAD_URL; any other HTML gives a record. */
export function extractWebPage(html: string, url: string): Extracted {
  if (!/^https?:\/\/[!-~]+$/.test(url) || url.length > bounds.url) throw new WireError('BAD_URL', 'not a serialised http(s) URL')
  const document = parseHtml(html)
  const base = baseOf(document, url)
  const { roots, text } = mainContentOf(document)
  if (text === '') throw new WireError('NO_CONTENT', 'the page has no text')
  const jsonLd = jsonLdOf(document)
  const { robots, openGraph, ...metadata } = metadataOf(document, jsonLd, base)
  const microdata = microdataOf(document, base)
  const language = detectLanguage(text)
  const record: WebPage = {
    url,
    canonicalUrl: metadata.canonicalUrl,
    title: metadata.title,
    text: cutAtBlock(text, bounds.textBytes),
    markdown: cutAtBlock(markdown(roots, base), bounds.markdownBytes) || text,
    language: language === 'und' ? null : language,
    author: metadata.author,
    published: metadata.published,
    license: licenseOf(document, jsonLd, base),
    links: linksOf(document, base),
    data: { jsonLd: orNull(jsonLd), openGraph, microdata: orNull(microdata) },
  }
  return { record, bytes: recordBytes(record), robots }
}

const orNull = <T>(items: T[]): T[] | null => (items.length === 0 ? null : items)

/** The main text alone. */
export function mainText(html: string): string {
  return mainContentOf(parseHtml(html)).text
}

/** Tried in this order while the text stays short. */
const STRICTNESSES: Strictness[] = [
  { names: true, furniture: true, noscript: false },
  { names: false, furniture: true, noscript: false },
  { names: true, furniture: true, noscript: true },
  { names: false, furniture: false, noscript: true },
]

function mainContentOf(document: Document): { roots: Element[]; text: string } {
  let best: { text: string; strictness: Strictness } | undefined
  for (const strictness of STRICTNESSES) {
    const found = contentAt(document, strictness)
    if (best === undefined && found.text.length >= SHORT_TEXT) return found
    if (best === undefined || found.text.length > 2 * best.text.length) best = { text: found.text, strictness }
    if (best.text.length >= SHORT_TEXT) break
  }
  // the elements carry the marks of the last search
  if (best !== undefined && best.text !== '') return contentAt(document, best.strictness)
  const roots = linkShare(document.root) > MOSTLY_LINKS ? [] : [document.root]
  return { roots, text: plainText(roots) }
}

function contentAt(document: Document, strictness: Strictness): { roots: Element[]; text: string } {
  const roots = findMainContent(document, strictness)
  trimEnds(roots)
  dropOrphanHeadings(roots)
  return { roots, text: plainText(roots) }
}

function recordBytes(record: WebPage): Uint8Array {
  const bytes = utf8(canonicalJson(record))
  if (bytes.byteLength > MAX_RECORD_BYTES) throw new WireError('TOO_LARGE', `a record of ${bytes.byteLength} bytes`)
  return bytes
}
