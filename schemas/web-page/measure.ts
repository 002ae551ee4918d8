/** Numbers of every element, gathered bottom-up: how much text it holds, how much of that is links, how much reads like prose. */
import { type Document, Element } from './dom.ts'
import { BLOCK, FURNITURE, HEADING, MATH, NEVER } from './tags.ts'
import { ARTICLE_BODY, FURNITURE_ROLE, HIDDEN, HOLDS_CODE, POSITIVE, SIDEBAR, STRONG, TEASER, WEAK } from './vocabulary.ts'

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
export const GOOD_PARAGRAPH = 60
/** Furniture is never more than this share of the page's prose, in percent: beyond it an element only has an unlucky name. */
const MOST_PROSE = 40
const MOST_PROSE_OF_STRONG_NAMES = 65

/** An anchor that has a name and nothing else marks a place in the text (in XHTML it may seem never to end); any other is a link, or a script's button. */
export function isLink({ name, attributes }: Element): boolean {
  if (name !== 'a') return false
  let isNamed = false
  for (let i = 0; i < attributes.length; i += 2) {
    const attribute = attributes[i]
    if (attribute === 'id' || attribute === 'name') isNamed = true
    else if (attribute !== 'class') return true
  }
  return !isNamed
}

/** Characters inside links per thousand characters. */
export function linkShare({ chars, linkChars }: Element): number {
  return chars === 0 ? 0 : Math.floor((linkChars * 1000) / chars)
}

/** Fills in the numbers of all elements, furniture dropped. */
export function measure(document: Document, strictness: Strictness): void {
  const { root, elements } = document
  for (const element of elements) {
    const { name, flags, parent } = element
    element.dropped =
      (parent !== null && (parent.dropped || (parent.flags & MATH) !== 0)) ||
      (flags & NEVER) !== 0 ||
      (element.traits & HIDDEN) !== 0 ||
      (name === 'noscript' && !strictness.noscript)
    if (name === 'h1' && !element.dropped) for (let at = element.parent; at !== null && !at.hasH1; at = at.parent) at.hasH1 = true
  }
  sumUp(document)
  const prose = root.goodChars
  if (!strictness.names && !strictness.furniture) return
  let dropped = false
  for (const element of elements) {
    if (element.dropped) continue
    element.dropped = element.parent?.dropped === true || element.goodChars * 100 <= prose * furnitureShare(element, strictness)
    dropped ||= element.dropped && element.chars > 0
  }
  if (dropped) sumUp(document)
}

function sumUp({ root, elements }: Document): void {
  for (let i = elements.length - 1; i >= -1; i--) {
    const element = i < 0 ? root : (elements[i] as Element)
    const own = element.dropped ? 0 : element.textChars
    element.chars = element.ownChars = own
    element.ownCommas = element.dropped ? 0 : element.textCommas
    element.linkChars = element.ownLinkChars = element.goodChars = element.score = 0
    element.hasBlock = element.inItem = false
  }
  // children come after their parents: backwards, every element is complete when its parent takes it up
  for (let i = elements.length - 1; i >= 0; i--) {
    const element = elements[i] as Element
    if (!element.dropped) addToParent(element)
  }
}

function addToParent(element: Element): void {
  if (isLink(element)) {
    element.linkChars = element.chars
    element.ownLinkChars = element.ownChars
  }
  const isBlock = (element.flags & BLOCK) !== 0
  if (isBlock && element.ownChars >= GOOD_PARAGRAPH && element.ownLinkChars * 3 < element.ownChars) element.goodChars += element.ownChars
  const { parent } = element
  if (parent === null) return
  parent.chars += element.chars
  parent.linkChars += element.linkChars
  parent.goodChars += element.goodChars
  if (element.hasBlock || (isBlock && element.chars > 0)) parent.hasBlock = true
  if (isBlock) return
  parent.ownChars += element.ownChars
  parent.ownLinkChars += element.ownLinkChars
  parent.ownCommas += element.ownCommas
}

/** Up to which share of the page's prose, in percent, the element is furniture; -1 when nothing says so. */
function furnitureShare(element: Element, { names, furniture }: Strictness): number {
  const { name, flags, traits } = element
  if (traits === 0 && (flags & FURNITURE) === 0) return -1
  if (name === 'body' || name === 'html') return -1
  if (furniture && ((flags & FURNITURE) !== 0 || (traits & FURNITURE_ROLE) !== 0) && !isWholeForm(element)) return MOST_PROSE
  if (!names || name === 'article' || name === 'main' || name === 'a' || name === 'pre' || (flags & HEADING) !== 0) return -1
  if ((traits & ARTICLE_BODY) !== 0) return -1
  if ((traits & STRONG) !== 0) return isBox(element) ? -1 : MOST_PROSE_OF_STRONG_NAMES
  const positive = (traits & POSITIVE) !== 0
  // `language-x` around code is no choice of languages
  if ((traits & (WEAK | HOLDS_CODE)) === WEAK && !positive && !element.hasH1) return MOST_PROSE
  // a teaser without links is the page's own lead
  return (traits & TEASER) !== 0 && !positive && element.linkChars > 0 ? MOST_PROSE : -1
}

/** A manual's box beside the text, all paragraphs and hardly a link, between paragraphs of the text; a site's bar stands beside none. */
function isBox({ traits, parent, chars, goodChars, linkChars }: Element): boolean {
  if ((traits & SIDEBAR) === 0 || parent === null || goodChars * 100 < chars * 70 || linkChars * 100 > chars * 20) return false
  return parent.children.some((child) => child instanceof Element && !child.hasBlock && child.goodChars > 0)
}

/** ASP.NET pages wrap everything in one form. */
function isWholeForm({ name, parent }: Element): boolean {
  return name === 'form' && parent?.name === 'body'
}
