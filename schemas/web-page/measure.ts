/** Numbers of every element, gathered bottom-up: how much text it holds, how much of that is links, how much reads like prose. */
import type { Document, Element } from './dom.ts'
import { BLOCKS, FURNITURE, isFurnitureRole, isHidden, NEVER, nameHints } from './vocabulary.ts'

/** How much is taken for furniture before the text is looked for. */
export interface Strictness {
  /** Class and id words drop elements. */
  names: boolean
  /** nav, footer, aside, form and their roles drop elements. */
  furniture: boolean
  /** noscript counts as text: for pages that show nothing without their scripts. */
  noscript: boolean
}

/** A paragraph that reads like text has at least this many characters, and fewer than a third of them in links. */
const GOOD_PARAGRAPH = 60
/** Furniture is never more than this share of the page's prose, in percent: beyond it an element only has an unlucky name. */
const MOST_PROSE = 40
const MOST_PROSE_OF_STRONG_NAMES = 65

/** Characters inside links per thousand characters. */
export function linkShare({ chars, linkChars }: Element): number {
  return chars === 0 ? 0 : Math.floor((linkChars * 1000) / chars)
}

/** Fills in the numbers of all elements, furniture dropped. */
export function measure(document: Document, strictness: Strictness): void {
  const { root, elements } = document
  for (const element of elements) {
    const { name } = element
    element.dropped =
      element.parent?.dropped === true || NEVER.has(name) || (name === 'noscript' && !strictness.noscript) || isHidden(element)
    if (name === 'h1' && !element.dropped) for (let at = element.parent; at !== null && !at.hasH1; at = at.parent) at.hasH1 = true
  }
  sumUp(document)
  const prose = root.goodChars
  if (!strictness.names && !strictness.furniture) return
  let dropped = false
  for (const element of elements) {
    if (element.dropped) continue
    element.dropped = element.parent?.dropped === true || element.goodChars * 100 <= prose * furnitureShare(element, strictness)
    dropped ||= element.dropped
  }
  if (dropped) sumUp(document)
}

function sumUp({ root, elements }: Document): void {
  for (const element of [root, ...elements]) {
    element.chars = element.linkChars = element.ownChars = element.ownLinkChars = element.ownCommas = element.goodChars = element.score = 0
    element.hasBlock = false
  }
  // children come after their parents: backwards, every element is complete when its parent takes it up
  for (let i = elements.length - 1; i >= -1; i--) {
    const element = i < 0 ? root : elements[i]
    if (element === undefined || element.dropped) continue
    for (const child of element.children) if (typeof child === 'string') countText(element, child)
    if (element.name === 'a') {
      element.linkChars = element.chars
      element.ownLinkChars = element.ownChars
    }
    const isBlock = BLOCKS.has(element.name)
    if (isBlock && element.ownChars >= GOOD_PARAGRAPH && element.ownLinkChars * 3 < element.ownChars) element.goodChars += element.ownChars
    const { parent } = element
    if (parent === null) continue
    parent.chars += element.chars
    parent.linkChars += element.linkChars
    parent.goodChars += element.goodChars
    if (element.hasBlock || (isBlock && element.chars > 0)) parent.hasBlock = true
    if (isBlock) continue
    parent.ownChars += element.ownChars
    parent.ownLinkChars += element.ownLinkChars
    parent.ownCommas += element.ownCommas
  }
}

const COMMAS = new Set([0x2c, 0x060c, 0x3001, 0xff0c, 0x055d, 0x1363])

function countText(element: Element, text: string): void {
  let space = true
  let chars = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= 0x20 || unit === 0xa0) {
      if (!space) chars++
      space = true
    } else {
      chars++
      space = false
      if (unit === 0x2c || (unit > 0x500 && COMMAS.has(unit))) element.ownCommas++
    }
  }
  element.chars += chars
  element.ownChars += chars
}

/** Up to which share of the page's prose, in percent, the element is furniture; -1 when nothing says so. */
function furnitureShare(element: Element, { names, furniture }: Strictness): number {
  const { name } = element
  if (name === 'body' || name === 'html') return -1
  if (furniture && (FURNITURE.has(name) || isFurnitureRole(element)) && !isWholeForm(element)) return MOST_PROSE
  if (!names || name === 'article' || name === 'main' || name === 'a' || /^h[1-6]$/.test(name)) return -1
  if (element.attribs['itemprop'] === 'articleBody') return -1
  const { strong, weak, positive, teaser } = nameHints(element)
  if (strong) return MOST_PROSE_OF_STRONG_NAMES
  if (weak && !positive && !element.hasH1) return MOST_PROSE
  // a teaser without links is the page's own lead
  return teaser && !positive && element.linkChars > 0 ? MOST_PROSE : -1
}

/** ASP.NET pages wrap everything in one form. */
function isWholeForm({ name, parent }: Element): boolean {
  return name === 'form' && parent?.name === 'body'
}
