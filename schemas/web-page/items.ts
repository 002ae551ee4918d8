/** Pages that are a row of like items (posts of a thread, answers, products, teasers of a blog): the content is the row, not its best item. */
import { Element } from './dom.ts'

/** Fewer like neighbours than this are chance. */
const LEAST_ITEMS = 3
/** An item shorter than this, in characters, is a label. */
const SHORTEST_ITEM = 20
/** One item with more than this share of the row's text, in percent, is an article with teasers beside it. */
const MOST_OF_ONE = 60
/** The row holds at least this share of its container's text, in percent. */
const LEAST_OF_CONTAINER = 50

/** The container of the row that the element is an item of, or is inside of; null when there is none. Marks all that lies in the row's items. */
export function rowAround(element: Element): Element | null {
  for (let at = element; at.parent !== null && at.name !== 'body'; at = at.parent) {
    const items = likeItems(at, at.parent)
    if (items.length < LEAST_ITEMS) continue
    let chars = 0
    let most = 0
    for (const item of items) {
      chars += item.chars
      most = Math.max(most, item.chars)
    }
    if (most * 100 > chars * MOST_OF_ONE || chars * 100 < at.parent.chars * LEAST_OF_CONTAINER) continue
    for (const item of items) mark(item)
    return at.parent
  }
  return null
}

/** Marks a row of items that lies inside of the element and holds most of its text. */
export function markRowWithin(element: Element): void {
  let at: Element | undefined = element
  for (let level = 0; at !== undefined && level < DEEPEST_ROW; level++) {
    let largest: Element | undefined
    for (const child of at.children)
      if (child instanceof Element && !child.dropped && (largest === undefined || child.chars > largest.chars)) largest = child
    if (largest === undefined) return
    const items = likeItems(largest, at)
    let chars = 0
    for (const item of items) chars += item.chars
    if (items.length >= LEAST_ITEMS && largest.chars * 100 <= chars * MOST_OF_ONE && chars * 100 >= element.chars * LEAST_OF_CONTAINER)
      return items.forEach(mark)
    at = largest
  }
}

/** How far inside a row is looked for. */
const DEEPEST_ROW = 8

const KINDS = new Set(['article', 'div', 'section', 'li', 'tr', 'table'])

function likeItems(element: Element, parent: Element): Element[] {
  if (!KINDS.has(element.name)) return []
  const kind = kindOf(element)
  // without a class only elements that say what they are can be like each other
  if (kind === '' && element.name !== 'article') return []
  return parent.children.filter(
    (child): child is Element =>
      child instanceof Element && child.name === element.name && !child.dropped && child.chars >= SHORTEST_ITEM && kindOf(child) === kind,
  )
}

/** The first class: what follows it often counts (`post odd`, `post even`). */
function kindOf(element: Element): string {
  return /^[ \t\n\f\r]*([^ \t\n\f\r]{1,100})/.exec(element.attr('class') ?? '')?.[1] ?? ''
}

function mark(element: Element): void {
  element.inItem = true
  for (const child of element.children) if (child instanceof Element) mark(child)
}
