/** HTML and a schema of selectors -> records. Pure, bounded, the same on every engine: validators replay it byte for byte. */
import type { Document, Element } from 'domhandler'
import { asciiLower, hostOf, resolveUrl } from '../web-page/index.ts'
import { canonicalJson, jsonBytes, MAX_RECORD_BYTES, type SelectorSchema, WireError } from '../wire/index.ts'
import { type CompiledField, type CompiledSchema, compileSchema, type Query, queryOf } from './compile.ts'
import { forEachElement, parseTree, textOf } from './dom.ts'
import { SCOPE } from './selector.ts'
import { type Value, valueOf } from './values.ts'

export type FieldValue = Value | Value[] | null
export interface SelectorRecord {
  /** Where the page was fetched. */
  url: string
  /** Place of the item among those of the page, from 0; 0 where the page is the record. */
  item: number
  [field: string]: FieldValue
}

export interface ExtractedRecord {
  record: SelectorRecord
  /** Canonical JSON of the record, UTF-8. */
  bytes: Uint8Array
  /** The record's string and text fields, in the schema's order: what tokens, quality, language and sketch are measured on. */
  text: string
  /** Canonical JSON of the fields alone: what makes two records the same content, wherever they stood. */
  content: Uint8Array
}

export interface ExtractedPage {
  records: ExtractedRecord[]
  /** What `<meta name=robots>` says, lower case words. */
  robots: string[]
}

/** Items of a page that are looked at. */
export const MAX_ITEMS = 256
/** Elements looked at by all selectors together, at most. */
const MAX_SELECTOR_WORK = 100_000_000
/** Characters times steps of all values together. */
const MAX_TEXT_WORK = 30_000_000
/** Matches that are tried for one value. */
const MAX_TRIES = 100

/**
 * The records of a page, at least one. Throws WireError: SELECTOR_BAD_SCHEMA, SELECTOR_NO_MATCH (the page is not one of the schema's),
 * SELECTOR_NO_ITEMS, SELECTOR_REQUIRED_MISSING, SELECTOR_WRONG_TYPE (a required field is there and is not of its type), NO_CONTENT (no text
 * in any field), TOO_COMPLEX, TOO_LARGE, TOO_DEEP or BAD_URL.
 */
export function extractRecords(html: string, url: string, schema: SelectorSchema): ExtractedPage {
  if (!/^https?:\/\/[!-~]+$/.test(url) || url.length > 2048) throw new WireError('BAD_URL', 'not a serialised http(s) URL')
  const compiled = compileSchema(schema)
  if (!matchesPage(schema, url)) throw new WireError('SELECTOR_NO_MATCH', `${schema.name} is not for this page: host or path do not match`)
  const page = new Page(html, url, compiled)
  const records: ExtractedRecord[] = []
  let failure: WireError | undefined
  for (const [item, element] of page.items.entries()) {
    try {
      const one = page.record(element, item)
      records.push(one)
    } catch (thrown) {
      if (!(thrown instanceof WireError) || !OF_THE_ITEM.has(thrown.code)) throw thrown
      failure ??= thrown
    }
  }
  if (records.length === 0) throw failure ?? new WireError('SELECTOR_NO_ITEMS', `nothing matches \`each\` of ${schema.name}`)
  return { records, robots: page.robots }
}

/** Reasons that take out one item and leave the others. */
const OF_THE_ITEM = new Set(['SELECTOR_REQUIRED_MISSING', 'SELECTOR_WRONG_TYPE', 'NO_CONTENT'])

/** Whether a page is one of those that a schema is for, by its address. */
export function matchesPage({ match }: Pick<SelectorSchema, 'match'>, url: string): boolean {
  const host = hostOf(url).replace(/:\d+$/, '')
  const path = url.slice(url.indexOf('/', 8) < 0 ? url.length : url.indexOf('/', 8)) || '/'
  return (
    (match.hosts.length === 0 || match.hosts.some((known) => host === known || host.endsWith(`.${known}`))) &&
    (match.paths.length === 0 || match.paths.some((pattern) => beginsLike(path, pattern)))
  )
}

/** `*` takes all up to the next `/`, so every part of the pattern has one place to stand: no search. */
function beginsLike(path: string, pattern: string): boolean {
  const wanted = pattern.split('/')
  const parts = path.replace(/[?#].*$/, '').split('/')
  return wanted.every((want, i) => {
    const part = parts[i]
    if (part === undefined) return false
    const last = i === wanted.length - 1
    const pieces = want.split('*')
    if (pieces.length === 1) return last ? part.startsWith(want) : part === want
    let at = 0
    for (const [k, piece] of pieces.entries()) {
      const found = k === 0 ? (part.startsWith(piece) ? 0 : -1) : part.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return last || pieces.at(-1) === '' || part.endsWith(pieces.at(-1) as string)
  })
}

export interface Found {
  /** Elements that the selectors matched, the first alternative that matched any. */
  matches: number
  value: FieldValue
}

/** A page opened for one schema; what the extraction and the charter check share. */
export class Page {
  readonly items: readonly (Element | Document)[]
  readonly robots: string[]
  readonly document: Document
  readonly #url: string
  readonly #base: string
  readonly #schema: CompiledSchema
  readonly #query: Query
  /** Which item each element lies in; null where the page is the record. */
  readonly #within: ReadonlyMap<Element, number> | null
  /** Matches of each selector by item, because one question to the page answers for all its items. */
  readonly #byItem = new Map<string, Map<number, Element[]>>()
  #textWork = 0

  constructor(html: string, url: string, schema: CompiledSchema) {
    const tree = parseTree(html)
    if (schema.cost(tree) > MAX_SELECTOR_WORK) throw new WireError('TOO_COMPLEX', 'selectors and page together are too much work')
    this.#schema = schema
    this.#url = url
    this.#query = queryOf(tree)
    this.document = tree.document
    const bases = this.#query.all('base').map((element) => element.attribs['href'])
    const base = bases.find((href) => href !== undefined)
    this.#base = (base === undefined ? null : resolveUrl(base, url)) ?? url
    this.robots = this.#query
      .all('meta')
      .filter(({ attribs }) => asciiLower(attribs['name'] ?? '') === 'robots')
      .flatMap(({ attribs }) => asciiLower(attribs['content'] ?? '').split(/[,\s]+/))
      .filter((word) => word !== '')
    const { each } = schema.schema
    if (each === null) {
      this.items = [tree.document]
      this.#within = null
      return
    }
    const within = new Map<Element, number>()
    const items: Element[] = []
    for (const element of this.#query.all(each)) {
      // an item inside another is part of that one
      if (within.has(element) || items.length === MAX_ITEMS) continue
      within.set(element, items.length)
      forEachElement(element, (below) => within.set(below, items.length))
      items.push(element)
    }
    this.items = items
    this.#within = within
  }

  /** Throws WireError SELECTOR_REQUIRED_MISSING, SELECTOR_WRONG_TYPE, NO_CONTENT, TOO_LARGE or TOO_COMPLEX. */
  record(item: Element | Document, index: number): ExtractedRecord {
    const fields: Record<string, FieldValue> = {}
    const texts: string[] = []
    for (const compiled of this.#schema.fields) {
      const { field } = compiled
      const { value, matches } = this.find(compiled, item, index)
      if (field.required && (value === null || (Array.isArray(value) && value.length === 0)))
        throw matches === 0
          ? new WireError('SELECTOR_REQUIRED_MISSING', `the field ${field.name} is required, and nothing is there`)
          : new WireError('SELECTOR_WRONG_TYPE', `the field ${field.name} is required, and what is there is no ${field.type}`)
      fields[field.name] = value
      if (field.type === 'string' || field.type === 'text') texts.push(...[value].flat().filter((one) => typeof one === 'string'))
    }
    if (texts.length === 0) throw new WireError('NO_CONTENT', 'no string or text field has anything in it')
    const record: SelectorRecord = { ...fields, url: this.#url, item: index }
    const bytes = jsonBytes(canonicalJson(record))
    if (bytes.byteLength > MAX_RECORD_BYTES) throw new WireError('TOO_LARGE', `a record of ${bytes.byteLength} bytes`)
    return { record, bytes, text: texts.join('\n\n'), content: jsonBytes(canonicalJson(fields)) }
  }

  /** The value of a field by the first selector that gives one. */
  find(compiled: CompiledField, item: Element | Document, index: number): Found {
    const { field } = compiled
    let matched = 0
    for (const selector of field.select) {
      const matches = this.#matches(selector, item, index)
      if (matched === 0) matched = matches.length
      const values = this.#values(compiled, matches)
      if (values.length > 0) return { matches: matches.length, value: field.many ? values : (values[0] as Value) }
    }
    if (compiled.present && !field.many) return { matches: matched, value: false }
    return { matches: matched, value: field.many ? [] : null }
  }

  #matches(selector: string, item: Element | Document, index: number): readonly (Element | Document)[] {
    if (selector.trim() === SCOPE) return [item]
    const within = this.#within
    if (within === null) return this.#query.all(selector)
    let byItem = this.#byItem.get(selector)
    if (byItem === undefined) {
      byItem = new Map()
      for (const element of this.#query.all(selector)) {
        const place = within.get(element)
        if (place === undefined || this.items[place] === element) continue
        const found = byItem.get(place)
        if (found === undefined) byItem.set(place, [element])
        else found.push(element)
      }
      this.#byItem.set(selector, byItem)
    }
    return byItem.get(index) ?? []
  }

  #values(compiled: CompiledField, matches: readonly (Element | Document)[]): Value[] {
    const { field, transforms } = compiled
    const wanted = field.many ? field.maxItems : 1
    const values: Value[] = []
    for (const element of matches.slice(0, field.many ? undefined : MAX_TRIES)) {
      const source = this.#source(compiled, element)
      if (source === null) continue
      let texts = [source]
      for (const transform of transforms) texts = texts.flatMap((text) => transform(text, { base: this.#base }) ?? [])
      for (const text of texts) {
        const value = valueOf(text, field, this.#base)
        if (value !== null && values.push(value) === wanted) return values
      }
    }
    return values
  }

  #source({ field, steps }: CompiledField, element: Element | Document): string | null {
    const most = field.maxLength * 4 + 1024
    const source =
      field.attr === null
        ? textOf(element, most, field.type === 'text' ? '\n' : ' ')
        : 'attribs' in element
          ? element.attribs[asciiLower(field.attr)]?.slice(0, most)
          : undefined
    this.#textWork += ((source?.length ?? 0) + 64) * steps
    if (this.#textWork > MAX_TEXT_WORK) throw new WireError('TOO_COMPLEX', 'texts and transforms together are too much work')
    return source?.toWellFormed() ?? null
  }
}
