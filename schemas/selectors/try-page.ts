/** A schema tried on a page, field by field: for the person who writes it. Never part of a replay. */
import type { Document, Element } from 'domhandler'
import { type SelectorField, type SelectorSchema, WireError } from '../wire/index.ts'
import { compileSchema } from './compile.ts'
import { forEachElement } from './dom.ts'
import { type FieldValue, Page } from './extract.ts'
import { nearest } from './nearest.ts'

export interface TriedField {
  name: string
  /** Elements that its selectors match. */
  matches: number
  value: FieldValue
  /** What is wrong, if anything, and what could help. */
  hint: string | null
}

export interface Attempt {
  /** Items that `each` matches; 1 where the page is the record. */
  items: number
  /** What `each` could have meant, where it matches nothing. */
  hint: string | null
  /** One list of fields per item. */
  tried: TriedField[][]
  /** Why the page gives no record at all. */
  refused: { code: string; message: string } | null
}

/** Items whose fields are shown. */
const SHOWN_ITEMS = 20

/** Throws nothing of its own: what a page or a schema does wrong is in `refused`. */
export function tryPage(html: string, url: string, schema: SelectorSchema): Attempt {
  try {
    const compiled = compileSchema(schema)
    const page = new Page(html, url, compiled)
    const tried = page.items.slice(0, SHOWN_ITEMS).map((item, index) =>
      compiled.fields.map((one): TriedField => {
        const { matches, value } = page.find(one, item, index)
        const isEmpty = value === null || (Array.isArray(value) && value.length === 0)
        return { name: one.field.name, matches, value, hint: isEmpty ? hintOf(one.field, item, matches) : null }
      }),
    )
    const hint = page.items.length > 0 || schema.each === null ? null : nearestHint(schema.each, page.document)
    return { items: page.items.length, hint, tried, refused: null }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return { items: 0, hint: null, tried: [], refused: { code: thrown.code, message: thrown.message } }
  }
}

function hintOf(field: SelectorField, item: Element | Document, matches: number): string {
  if (matches === 0) return nearestHint(field.select[0] as string, item)
  if (field.attr !== null) return `matches, but has no attribute \`${field.attr}\` that gives ${article(field.type)}`
  return `matches, but the text is no ${field.type}; a transform may make it one`
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)

/** Classes, ids and element names of the page that are near to those the selector asks for. */
function nearestHint(selector: string, root: Element | Document): string {
  const there = namesIn(root)
  const missing = wordsOf(selector).find((word) => !there.has(word))
  if (missing === undefined) return 'each part of the selector is on the page, but never together like this'
  const near = nearestOf(missing, there)
  if (near !== undefined) return `nothing is \`${missing}\` here; did you mean \`${near}\`?`
  const some = [...there].filter((name) => /^[.#]/.test(name)).slice(0, 8)
  return `nothing is \`${missing}\` here${some.length === 0 ? '' : `; there are ${some.map((name) => `\`${name}\``).join(' ')}`}`
}

/** `article`, `.title`, `#top`: what a selector names, in order. */
function wordsOf(selector: string): string[] {
  const outside = selector.replace(/\[[^\]]*\]|"[^"]*"|'[^']*'|:[a-z-]+/g, ' ')
  return [...outside.matchAll(/[.#]?[A-Za-z_][\w-]*/g)].map(([word]) => word)
}

/** The same word as a class instead of an id, or one that a slip of the finger away. */
function nearestOf(word: string, there: ReadonlySet<string>): string | undefined {
  const names = [...there]
  const bare = word.replace(/^[.#]/, '')
  const twin = names.find((name) => name.replace(/^[.#]/, '') === bare)
  if (twin !== undefined || bare.length < 3) return twin
  const isElement = (name: string): boolean => !/^[.#]/.test(name)
  return nearest(
    word,
    names.filter((name) => isElement(name) === isElement(word)),
  )
}

function namesIn(root: Element | Document): Set<string> {
  const names = new Set<string>()
  forEachElement(root, ({ name, attribs }) => {
    if (names.size > 2000) return
    names.add(name)
    if (attribs['id'] !== undefined) names.add(`#${attribs['id']}`)
    for (const word of (attribs['class'] ?? '').split(/[\t\n\f\r ]+/)) if (word !== '') names.add(`.${word}`)
  })
  return names
}
