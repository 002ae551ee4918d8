/** HTML microdata (WHATWG HTML, section 5) as nested items. `itemref` is not followed: it is rare and can make circles. */
import { canonicalJson } from '../wire/index.ts'
import { type Document, type Element, textContent } from './dom.ts'
import { bounds, type Json, type MicrodataItem } from './schema.ts'
import { fact } from './text.ts'
import { resolveUrl } from './url.ts'

const MAX_ITEMS = 200
const MAX_DEPTH = 8
const MAX_VALUES = 64

interface Owner {
  item: MicrodataItem
  depth: number
}

/** Top-level items that fit, in document order. */
export function microdataOf({ elements }: Document, base: string): Json[] {
  const top: MicrodataItem[] = []
  if (!elements.some(({ attribs }) => attribs['itemscope'] !== undefined)) return top as unknown as Json[]
  let count = 0
  /** The item whose properties lie below an element. */
  const owners = new Map<Element, Owner>()
  for (const element of elements) {
    const { itemscope, itemprop, itemtype } = element.attribs
    const owner = element.parent === null ? undefined : owners.get(element.parent)
    if (owner !== undefined) owners.set(element, owner)
    if (itemscope === undefined && itemprop === undefined) continue
    let value: string | MicrodataItem | null = null
    if (itemscope !== undefined && count < MAX_ITEMS && (owner?.depth ?? 0) < MAX_DEPTH) {
      const item = { type: fact(itemtype, 256), properties: {} }
      count++
      owners.set(element, { item, depth: (owner?.depth ?? 0) + 1 })
      if (owner === undefined || itemprop === undefined) top.push(item)
      value = item
    }
    if (itemprop === undefined || owner === undefined) continue
    value ??= valueOf(element, base)
    if (value === null) continue
    for (const name of itemprop
      .slice(0, 200)
      .split(/[ \t\n\f\r]+/)
      .filter((part) => part !== '' && part !== '__proto__')
      .slice(0, 4)) {
      const values = (owner.item.properties[name.toWellFormed()] ??= [])
      if (values.length < MAX_VALUES) values.push(value)
    }
  }
  return fitting(top)
}

function valueOf(element: Element, base: string): string | null {
  const { name, attribs } = element
  if (name === 'meta') return fact(attribs['content'], 1024)
  if (name === 'a' || name === 'link' || name === 'area') return resolveUrl(attribs['href'] ?? '', base)
  if (attribs['src'] !== undefined) return resolveUrl(attribs['src'], base)
  if (name === 'time' && attribs['datetime'] !== undefined) return fact(attribs['datetime'], 64)
  if ((name === 'data' || name === 'meter') && attribs['value'] !== undefined) return fact(attribs['value'], 256)
  return fact(attribs['content'] ?? textContent(element, 4096), 1024)
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
