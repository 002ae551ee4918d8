/**
 * Finds the main content of a page: a readability-like pass (Arc90's idea as Mozilla carries it on) over numbers gathered once per element.
 * Paragraphs score into their ancestors, the best one grows to the container that holds the prose, and leads above it join.
 * Integer arithmetic only.
 */
import type { Document, Element } from './dom.ts'
import { markRowWithin, rowAround } from './items.ts'
import { linkShare, measure, type Strictness } from './measure.ts'
import { BLOCK } from './tags.ts'
import { ARTICLE_BODY, isHeading, isLead, POSITIVE, STRONG, WEAK } from './vocabulary.ts'

/** Share of the page's prose, in percent, that main content holds. */
const LEAST_PROSE = 10

/** Roots of the main content in document order; empty when there is none. */
export function findMainContent(document: Document, strictness: Strictness): Element[] {
  measure(document, strictness)
  let best: Element | undefined
  for (const element of scoreAll(document)) {
    // a promising name is not enough: some share of the prose must lie below
    if (element.goodChars * 100 < document.root.goodChars * LEAST_PROSE) continue
    if (best === undefined || finalScore(element) > finalScore(best)) best = element
  }
  if (best === undefined || finalScore(best) <= 0) return []
  const one = grow(climb(best))
  const row = rowAround(one)
  if (row === null) markRowWithin(one)
  const body = row ?? one
  return [...leadsBefore(document, body), body]
}

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
    if (element.dropped || element.ownChars < 25 || element.ownLinkChars * 2 >= element.ownChars) continue
    const { name } = element
    if ((element.flags & BLOCK) === 0 || isHeading(element) || name === 'figcaption') continue
    const points = 1000 + element.ownCommas * 1000 + Math.min(3000, element.ownChars * 10)
    let level = 0
    // text beside blocks speaks for its own container, a paragraph for the one around it
    for (let at = element.hasBlock ? element : element.parent; at !== null && at.name !== '' && level < 5; at = at.parent, level++)
      add(at, Math.floor(level === 0 ? points : level === 1 ? points / 2 : points / (3 * level)))
  }
  return scored
}

function startScore(element: Element): number {
  const { name, traits } = element
  const byName = name === 'article' ? 15 : name === 'main' ? 8 : name === 'div' || name === 'section' ? 5 : isList(name) ? -3 : 0
  const body = (traits & ARTICLE_BODY) !== 0 ? 40 : 0
  // never exactly 0: that marks an element not scored yet
  return (byName + body + ((traits & POSITIVE) !== 0 ? 25 : 0) - ((traits & (STRONG | WEAK)) !== 0 ? 25 : 0)) * 1000 + 1
}

const isList = (name: string): boolean => name === 'ul' || name === 'ol' || name === 'dl' || name === 'li'

function finalScore(element: Element): number {
  return Math.floor((element.score * (1000 - linkShare(element))) / 1000)
}

const isTop = ({ name }: Element): boolean => name === 'body' || name === 'html' || name === ''

/** A parent nearly as good and clearly longer, or one whose only live child this is, holds the whole text. */
function climb(element: Element): Element {
  let best = element
  for (let at = element.parent; at !== null && !isTop(at); at = at.parent) {
    const better = finalScore(at) * 100 >= finalScore(best) * 75 && at.chars * 100 > best.chars * 115
    if (better || at.chars === best.chars) best = at
    else if (finalScore(at) * 2 < finalScore(best)) break
  }
  return best
}

/** Grows to an ancestor with clearly more prose, as long as what it adds is not mostly links and scraps. */
function grow(element: Element): Element {
  let best = element
  for (let at = element.parent; at !== null && at.name !== 'html' && at.name !== ''; at = at.parent) {
    const more = at.chars - best.chars
    const moreGood = at.goodChars - best.goodChars
    const moreLinks = at.linkChars - best.linkChars
    if (moreGood * 100 >= best.goodChars * 15 && moreLinks * 100 <= more * 20 && moreGood * 100 >= more * 40) best = at
  }
  return best
}

/** How far above the main content a lead may begin, in elements. */
const LEAD_REACH = 120

/** Lead paragraphs between the headline and the main content: standfirst, teaser, summary. */
function leadsBefore({ elements }: Document, first: Element): Element[] {
  if (isTop(first)) return []
  let headline: Element | undefined
  for (let i = first.index - 1; i >= Math.max(0, first.index - LEAD_REACH * 3); i--) {
    const element = elements[i]
    if (element?.name === 'h1') {
      headline = element
      break
    }
  }
  const leads: Element[] = []
  for (let i = headline?.index ?? Math.max(0, first.index - LEAD_REACH); i < first.index; i++) {
    const element = elements[i]
    if (element === undefined || element.dropped || element.name === 'h1' || (element.flags & BLOCK) === 0) continue
    if (element.hasBlock || element.ownChars < 40 || element.ownLinkChars * 5 > element.ownChars) continue
    if (element.name === 'figcaption' || element.name === 'li' || contains(element, first)) continue
    if (isLead(element) || (headline !== undefined && element.ownChars >= 80 && element.name === 'p')) leads.push(element)
  }
  return leads.length <= 4 ? leads : []
}

function contains(element: Element, other: Element): boolean {
  for (let at: Element | null = other; at !== null; at = at.parent) if (at === element) return true
  return false
}
