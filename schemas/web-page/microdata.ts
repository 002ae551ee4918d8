/** HTML microdata (WHATWG HTML, section 5) as nested items. `itemref` is not followed: it is rare and can make circles. */
import { canonicalJson } from '../wire/index.ts'
import type { Parts } from './collect.ts'
import { type Element, textContent } from './dom.ts'
import { bounds, type Json, type MicrodataItem } from './schema.ts'
import { fact } from './text.ts'
import { resolveUrl } from './url.ts'

const MAX_ITEMS = 200
const MAX_DEPTH = 8
const MAX_VALUES = 64

/** An item while it grows: names are the page's to choose, so they are keys of a map and never of an object. */
interface Owner {
  type: string | null
  properties: Map<string, (string | Owner)[]>
  depth: number
}

/** Top-level items that fit, in document order. */
export function microdataOf({ items, base }: Parts): Json[] {
  const top: Owner[] = []
  let count = 0
  /** The items whose properties lie below their elements. */
  const owners = new Map<Element, Owner>()
  for (const element of items) {
    const [itemscope, itemprop, itemtype] = ['itemscope', 'itemprop', 'itemtype'].map((name) => element.attr(name))
    if (itemscope === undefined && owners.size === 0) continue
    const owner = ownerOf(element, owners)
    let value: string | Owner | null = null
    if (itemscope !== undefined && count < MAX_ITEMS && (owner?.depth ?? 0) < MAX_DEPTH) {
      const item: Owner = { type: fact(itemtype, 256), properties: new Map(), depth: (owner?.depth ?? 0) + 1 }
      count++
      owners.set(element, item)
      if (owner === undefined || itemprop === undefined) top.push(item)
      value = item
    }
    if (itemprop === undefined || owner === undefined) continue
    value ??= valueOf(element, base)
    if (value !== null) for (const name of namesIn(itemprop)) addValue(owner, name, value)
  }
  return fitting(top.map(plain))
}

/** The item of the nearest element around this one that has any. */
function ownerOf(element: Element, owners: ReadonlyMap<Element, Owner>): Owner | undefined {
  for (let at = element.parent; at !== null; at = at.parent) {
    const owner = owners.get(at)
    if (owner !== undefined) return owner
  }
  return undefined
}

function namesIn(itemprop: string): string[] {
  const names = itemprop.slice(0, 200).split(/[ \t\n\f\r]+/)
  return names.filter((name) => name !== '' && name !== '__proto__').slice(0, 4)
}

function addValue({ properties }: Owner, name: string, value: string | Owner): void {
  const key = name.toWellFormed()
  const values = properties.get(key) ?? []
  if (values.length < MAX_VALUES) properties.set(key, [...values, value])
}

function plain({ type, properties }: Owner): MicrodataItem {
  const entries = [...properties].map(([name, values]) => [name, values.map((value) => (typeof value === 'string' ? value : plain(value)))])
  return { type, properties: Object.fromEntries(entries) }
}

function valueOf(element: Element, base: string): string | null {
  const { name } = element
  if (name === 'meta') return fact(element.attr('content'), 1024)
  if (name === 'a' || name === 'link' || name === 'area') return resolveUrl(element.attr('href') ?? '', base)
  const [src, datetime, value] = ['src', 'datetime', 'value'].map((attribute) => element.attr(attribute))
  if (src !== undefined) return resolveUrl(src, base)
  if (name === 'time' && datetime !== undefined) return fact(datetime, 64)
  if ((name === 'data' || name === 'meter') && value !== undefined) return fact(value, 256)
  return fact(element.attr('content') ?? textContent(element, 4096), 1024)
}

function fitting(items: MicrodataItem[]): Json[] {
  let left: number = bounds.microdataBytes
  const found: Json[] = []
  for (const item of items) {
    if (Object.keys(item.properties).length === 0) continue
    const bytes = Buffer.byteLength(canonicalJson(item))
    if (bytes > left) continue
    left -= bytes
    found.push(item as unknown as Json)
  }
  return found
}
