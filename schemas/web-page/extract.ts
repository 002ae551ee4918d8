/** HTML and its address -> record of a web page. Pure, bounded, the same on every engine: validators replay it byte for byte. */
import { detectLanguage } from '../measures/index.ts'
import { canonicalJson, jsonBytes, MAX_RECORD_BYTES, WireError } from '../wire/index.ts'
import { textChars } from './collapse.ts'
import { collect, type Parts } from './collect.ts'
import { type Document, Element } from './dom.ts'
import { findFootnotes, type Footnotes, noFootnotes } from './footnotes.ts'
import { jsonLdOf } from './json-ld.ts'
import { licenseOf } from './license.ts'
import { linksOf } from './links.ts'
import { findMainContent } from './main-content.ts'
import { markdown } from './markdown.ts'
import { GOOD_PARAGRAPH, linkShare, type Strictness } from './measure.ts'
import { metadataOf } from './metadata.ts'
import { microdataOf } from './microdata.ts'
import { dropOrphanHeadings } from './orphan-headings.ts'
import { parseHtml } from './parse.ts'
import { plainText } from './plain-text.ts'
import { bounds, type WebPage } from './schema.ts'
import { BLOCK } from './tags.ts'
import { cutAtBlock } from './text.ts'
import { trimEnds } from './trim.ts'
import { describe, isHeading } from './vocabulary.ts'

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
/** One with more of it has no text in a line that is none beside them: a slogan, a version, whose rights they are. */
const MANY_LINKS = 400
/** Unless it stands under the page's heading, by as many characters: one line is all that is to say of some functions and goods. */
const LEAST_LINE = 25

/** A page parsed once: for its record, and for all else that is asked of it. */
export interface ParsedPage {
  url: string
  document: Document
  parts: Parts
}

/** Throws WireError BAD_URL, TOO_LARGE or TOO_DEEP; any other HTML gives a page. */
export function parsePage(html: string, url: string): ParsedPage {
  if (!/^https?:\/\/[!-~]+$/.test(url) || url.length > bounds.url) throw new WireError('BAD_URL', 'not a serialised http(s) URL')
  const document = parseHtml(html)
  describe(document)
  return { url, document, parts: collect(document, url) }
}

/** Throws WireError TOO_LARGE, TOO_DEEP, NO_CONTENT or BAD_URL; any other HTML gives a record. */
export function extractWebPage(html: string, url: string): Extracted {
  return extractParsed(parsePage(html, url))
}

/** Throws WireError TOO_LARGE or NO_CONTENT. */
export function extractParsed(page: ParsedPage): Extracted {
  const { url, parts } = page
  const { roots, text, footnotes } = mainContentOf(page)
  if (text === '') throw new WireError('NO_CONTENT', 'the page has no text')
  const jsonLd = jsonLdOf(parts)
  const { robots, openGraph, ...metadata } = metadataOf(parts, jsonLd)
  const microdata = microdataOf(parts)
  const language = detectLanguage(text)
  const record: WebPage = {
    url,
    canonicalUrl: metadata.canonicalUrl,
    title: metadata.title,
    text: cutAtBlock(text, bounds.textBytes),
    markdown: cutAtBlock(markdown(roots, parts.base, footnotes), bounds.markdownBytes) || text,
    language: language === 'und' ? null : language,
    author: metadata.author,
    published: metadata.published,
    license: licenseOf(parts, jsonLd),
    links: linksOf(parts),
    data: { jsonLd: orNull(jsonLd), openGraph, microdata: orNull(microdata) },
  }
  return { record, bytes: recordBytes(record), robots }
}

const orNull = <T>(items: T[]): T[] | null => (items.length === 0 ? null : items)

/** Tried in this order while the text stays short. */
const STRICTNESSES: Strictness[] = [
  { names: true, furniture: true, noscript: false },
  { names: false, furniture: true, noscript: false },
  { names: true, furniture: true, noscript: true },
  { names: false, furniture: false, noscript: true },
]

interface Content {
  roots: Element[]
  text: string
  footnotes: Footnotes
}

function mainContentOf({ document, parts }: ParsedPage): Content {
  let best: { text: string; strictness: Strictness } | undefined
  for (const strictness of STRICTNESSES) {
    const found = contentAt(document, parts, strictness)
    if (best === undefined && found.text.length >= SHORT_TEXT) return found
    if (best === undefined || found.text.length > 2 * best.text.length) best = { text: found.text, strictness }
    if (best.text.length >= SHORT_TEXT) break
  }
  // the elements carry the marks of the last search, which took nothing for furniture
  if (
    best !== undefined &&
    best.text.length < SHORT_TEXT &&
    linkShare(document.root) > MANY_LINKS &&
    !hasParagraph(best.text) &&
    !hasLead(document, best.text)
  )
    return { roots: [], text: '', footnotes: noFootnotes() }
  if (best !== undefined && best.text !== '') return contentAt(document, parts, best.strictness)
  const roots = linkShare(document.root) > MOSTLY_LINKS ? [] : [document.root]
  return { roots, text: plainText(roots), footnotes: noFootnotes() }
}

function hasParagraph(text: string): boolean {
  return text.split('\n').some((line) => textChars(line) >= GOOD_PARAGRAPH)
}

/** Whether a line of the text follows the page's heading, before the next one. */
function hasLead({ elements }: Document, text: string): boolean {
  const heading = elements.find(({ name, dropped }) => name === 'h1' && !dropped)
  const siblings = heading?.parent?.children ?? []
  for (const next of siblings.slice(siblings.indexOf(heading as Element) + 1)) {
    if (!(next instanceof Element)) continue
    if (isHeading(next)) return false
    const isLine = (next.flags & BLOCK) !== 0 && !next.hasBlock && next.chars >= LEAST_LINE && linkShare(next) < MANY_LINKS
    if (isLine && text.includes(plainText([next]))) return true
  }
  return false
}

function contentAt(document: Document, parts: Parts, strictness: Strictness): Content {
  const roots = findMainContent(document, strictness)
  trimEnds(roots)
  dropOrphanHeadings(roots)
  const footnotes = findFootnotes(document, parts, roots)
  return { roots, text: plainText(roots), footnotes }
}

/** Canonical JSON. What we made ourselves is written with its keys in order; what the page made is sorted by the general writer. */
function recordBytes(record: WebPage): Uint8Array {
  const { author, canonicalUrl, data, language, license, links, markdown: marked, published, text, title, url } = record
  const json = JSON.stringify({
    author,
    canonicalUrl,
    data: null,
    language,
    license: license === null ? null : { evidence: license.evidence, spdx: license.spdx, url: license.url },
    links: links.map((link) => ({ rel: link.rel, text: link.text, url: link.url })),
    markdown: marked,
    published,
    text,
    title,
    url,
  })
  const at = json.indexOf('"data":null') + '"data":'.length
  const bytes = jsonBytes(json.slice(0, at), canonicalJson(data), json.slice(at + 'null'.length))
  if (bytes.byteLength > MAX_RECORD_BYTES) throw new WireError('TOO_LARGE', `a record of ${bytes.byteLength} bytes`)
  return bytes
}
