/**
 * Finds the main content of a page: a readability-like pass (Arc90's idea as Mozilla carries it on) over numbers gathered once per element.
 * Three steps: measure bottom-up, score paragraphs into their ancestors, choose and join. Integer arithmetic only.
 */
import type { Document, Element } from './dom.ts'
import { BLOCKS, FURNITURE, isFurnitureRole, isHidden, NEVER, nameHints } from './vocabulary.ts'

/** How much is taken for furniture before the text is looked for. */
export interface Strictness {
  /** Class and id words drop elements. */
  names: boolean
  /** nav, footer, aside, form and their roles drop elements. */
  furniture: boolean
}

/** Roots of the main content in document order; empty when there is none. */
export function findMainContent(document: Document, strictness: Strictness): Element[] {
  measure(document, strictness)
  const scored = scoreAll(document)
  let best: Element | undefined
  for (const element of scored) if (best === undefined || finalScore(element) > finalScore(best)) best = element
  if (best === undefined || finalScore(best) <= 0) return []
  best = climb(best)
  return withSiblings(best)
}

/** Characters inside links per thousand characters. */
export function linkShare({ chars, linkChars }: Element): number {
  return chars === 0 ? 0 : Math.floor((linkChars * 1000) / chars)
}

function measure({ root, elements }: Document, strictness: Strictness): void {
  for (const element of [root, ...elements]) {
    element.dropped = element.parent?.dropped === true || drops(element, strictness)
    element.chars = 0
    element.linkChars = 0
    element.commas = 0
    element.score = 0
    element.hasBlock = false
  }
  // children come after their parents: backwards, every element is complete when its parent takes it up
  for (let i = elements.length - 1; i >= -1; i--) {
    const element = i < 0 ? root : elements[i]
    if (element === undefined || element.dropped) continue
    for (const child of element.children) if (typeof child === 'string') countText(element, child)
    if (element.name === 'a') element.linkChars = element.chars
    const { parent } = element
    if (parent === null) continue
    parent.chars += element.chars
    parent.linkChars += element.linkChars
    parent.commas += element.commas
    if (element.hasBlock || (BLOCKS.has(element.name) && element.chars > 0)) parent.hasBlock = true
  }
}

const COMMAS = new Set([0x2c, 0x060c, 0x3001, 0xff0c, 0x055d, 0x1363])

function countText(element: Element, text: string): void {
  let space = true
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit <= 0x20 || unit === 0xa0) {
      if (!space) element.chars++
      space = true
    } else {
      element.chars++
      space = false
      if (unit === 0x2c || (unit > 0x500 && COMMAS.has(unit))) element.commas++
    }
  }
}

function drops(element: Element, { names, furniture }: Strictness): boolean {
  const { name } = element
  if (NEVER.has(name) || isHidden(element)) return true
  if (name === 'body' || name === 'html' || name === '') return false
  if (furniture && (FURNITURE.has(name) || isFurnitureRole(element)) && !isWholeForm(element)) return true
  if (!names || name === 'article' || name === 'main' || name === 'a' || /^h[1-6]$/.test(name)) return false
  if (element.attribs['itemprop'] === 'articleBody') return false
  const hints = nameHints(element)
  return hints.negative && !hints.positive
}

/** ASP.NET pages wrap everything in one form. */
function isWholeForm({ name, parent }: Element): boolean {
  return name === 'form' && parent?.name === 'body'
}

const SCORED = new Set(['p', 'pre', 'blockquote', 'td', 'dd'])
const SCORED_WHEN_LEAF = new Set(['div', 'section', 'li', 'article', 'main', 'center', 'span', 'font', 'th'])

function scoreAll({ elements }: Document): Element[] {
  const scored: Element[] = []
  const add = (element: Element, points: number): void => {
    if (element.score === 0) {
      element.score = startScore(element)
      scored.push(element)
    }
    element.score += points
  }
  for (const element of elements) {
    if (element.dropped || element.chars < 25 || linkShare(element) >= 500) continue
    if (!SCORED.has(element.name) && !(SCORED_WHEN_LEAF.has(element.name) && !element.hasBlock && isBlockLike(element))) continue
    const points = 1000 + element.commas * 1000 + Math.min(3000, element.chars * 10)
    let level = 0
    for (let at = element.parent; at !== null && at.name !== '' && level < 5; at = at.parent, level++)
      add(at, Math.floor(level === 0 ? points : level === 1 ? points / 2 : points / (3 * level)))
  }
  return scored
}

function isBlockLike({ name, parent }: Element): boolean {
  return BLOCKS.has(name) || parent?.name === 'div'
}

function startScore(element: Element): number {
  const { name, attribs } = element
  const byName = name === 'article' ? 15 : name === 'main' ? 8 : name === 'div' || name === 'section' ? 5 : isList(name) ? -3 : 0
  const { negative, positive } = nameHints(element)
  const body = attribs['itemprop'] === 'articleBody' ? 40 : 0
  // never exactly 0: that marks an element not scored yet
  return (byName + body + (positive ? 25 : 0) - (negative ? 25 : 0)) * 1000 + 1
}

const isList = (name: string): boolean => name === 'ul' || name === 'ol' || name === 'dl' || name === 'li'

function finalScore(element: Element): number {
  return Math.floor((element.score * (1000 - linkShare(element))) / 1000)
}

/** A parent nearly as good and clearly longer, or one whose only live child this is, holds the whole text. */
function climb(element: Element): Element {
  let best = element
  for (let at = element.parent; at !== null && at.name !== 'body' && at.name !== 'html' && at.name !== ''; at = at.parent) {
    const better = finalScore(at) * 100 >= finalScore(best) * 75 && at.chars * 100 > best.chars * 115
    if (better || at.chars === best.chars) best = at
    else if (finalScore(at) * 2 < finalScore(best)) break
  }
  return best
}

function withSiblings(best: Element): Element[] {
  const { parent } = best
  if (parent === null) return [best]
  const threshold = finalScore(best)
  return parent.children.filter((sibling): sibling is Element => {
    if (typeof sibling === 'string' || sibling.dropped) return false
    if (sibling === best) return true
    const score = sibling.score === 0 ? 0 : finalScore(sibling)
    const sameClass = sibling.attribs['class'] !== undefined && sibling.attribs['class'] === best.attribs['class']
    if (score * 100 >= threshold * (sameClass ? 20 : 35)) return true
    return sibling.name === 'p' && sibling.chars > 80 && linkShare(sibling) < 250
  })
}
