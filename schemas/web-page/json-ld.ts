/** JSON-LD blocks of a page as data, and the few facts we read from them. Hostile input: bounded before it is parsed. */
import { canonicalJson } from '../wire/index.ts'
import type { Parts } from './collect.ts'
import { textContent } from './dom.ts'
import { bounds, type Json } from './schema.ts'

const MAX_BLOCKS = 32
const MAX_DEPTH = 24

/** Every block that parses and fits, in document order; fractions become text. */
export function jsonLdOf({ jsonLd }: Parts): Json[] {
  const found: Json[] = []
  let left: number = bounds.jsonLdBytes
  for (const element of jsonLd) {
    if (found.length === MAX_BLOCKS) break
    const value = parseBlock(textContent(element, bounds.jsonLdBytes * 2))
    if (value === undefined) continue
    const bytes = Buffer.byteLength(canonicalJson(value))
    if (bytes > left) continue
    left -= bytes
    found.push(value)
  }
  return found
}

function parseBlock(text: string): Json | undefined {
  const body = text
    .replace(/^\s*(?:<!--|\/\*\s*<!\[CDATA\[\s*\*\/|\/\/\s*<!\[CDATA\[|<!\[CDATA\[)/, '')
    .replace(/(?:-->|\/\*\s*\]\]>\s*\*\/|\/\/\s*\]\]>|\]\]>)\s*$/, '')
  if (tooDeep(body)) return undefined
  try {
    return integersOnly(JSON.parse(body))
  } catch {
    return undefined
  }
}

/** Nesting by brackets outside strings: a check that needs no stack. */
function tooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (inString) {
      if (unit === 0x5c) i++
      else if (unit === 0x22) inString = false
    } else if (unit === 0x22) inString = true
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > MAX_DEPTH) return true
    } else if (unit === 0x7d || unit === 0x5d) depth--
  }
  return false
}

/** Canonical JSON holds no fractions, no lone surrogates; `__proto__` is no one's data. */
function integersOnly(value: unknown): Json {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value + 0 : String(value)
  if (typeof value === 'string') return value.toWellFormed()
  if (Array.isArray(value)) return value.map(integersOnly)
  if (typeof value !== 'object' || value === null) return value as Json
  const entries = Object.entries(value).filter(([key]) => key !== '__proto__')
  return Object.fromEntries(entries.map(([key, item]) => [key.toWellFormed(), integersOnly(item)]))
}

type JsonObject = { [key: string]: Json }

const ARTICLE =
  /Article|BlogPosting|Report|WebPage|Recipe|Review|Product|Book|Course|Dataset|DiscussionForumPosting|QAPage|TechArticle|CreativeWork/

/** Objects of all blocks, `@graph` opened, articles first. */
export function jsonLdObjects(blocks: Json[]): JsonObject[] {
  const flat = blocks
    .flatMap((block) => (Array.isArray(block) ? block : [block]))
    .flatMap((item) => (isObject(item) && Array.isArray(item['@graph']) ? [item, ...item['@graph']] : [item]))
  const objects = flat.filter(isObject)
  const rank = (object: JsonObject): number => {
    const type = JSON.stringify(object['@type'] ?? '')
    return !ARTICLE.test(type) ? 2 : type.includes('WebPage') ? 1 : 0
  }
  return [0, 1, 2].flatMap((wanted) => objects.filter((object) => rank(object) === wanted))
}

/** First text under a key, of articles and pages only. */
export function jsonLdFact(objects: JsonObject[], key: string): string | null {
  for (const object of objects) {
    if (!ARTICLE.test(JSON.stringify(object['@type'] ?? ''))) continue
    const text = textOf(object[key])
    if (text !== null) return text
  }
  return null
}

/** The text itself, or the `name`, `@id` or `url` of what stands there. */
export function textOf(value: Json | undefined): string | null {
  if (typeof value === 'string') return value.length > 0 ? value : null
  if (Array.isArray(value)) {
    const names = value.map((item) => (isObject(item) ? textOf(item['name']) : textOf(item))).filter((name) => name !== null)
    return names.length === 0 ? null : names.slice(0, 8).join(', ')
  }
  return isObject(value) ? (textOf(value['name']) ?? textOf(value['@id']) ?? textOf(value['url'])) : null
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
