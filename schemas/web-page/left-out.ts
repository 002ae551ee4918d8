/** What inside the main content is still not text of the page: link lists, captions, furniture that scoring let through. */
import { Element } from './dom.ts'
import { isLink, linkShare } from './measure.ts'
import { BLOCK, LIST } from './tags.ts'
import { FIGURE_OF_TEXT, isHeading } from './vocabulary.ts'

export function isLeftOut(element: Element): boolean {
  if (element.dropped) return true
  const { name, flags, chars } = element
  if (name === 'figure') return (element.traits & FIGURE_OF_TEXT) === 0
  if (name === 'figcaption' || name === 'h1') return true
  // what an item links with is its title
  if (element.inItem && (isHeading(element) || name === 'a')) return false
  // a card that is one link, and the headings of teasers
  if (name === 'a') return element.hasBlock && chars < 600 && isLink(element)
  const share = linkShare(element)
  if (isHeading(element)) return share > 800
  if ((flags & BLOCK) === 0) return false
  if ((flags & LIST) !== 0) return share > 350 && chars < 60 * Math.max(1, countItems(element))
  // a container may hold more links than text and still a paragraph worth keeping: its parts are judged one by one
  if (element.goodChars * 4 > chars && element.hasBlock) return false
  return (share > 500 && chars < 1500 && name !== 'p') || share > 750
}

function countItems(list: Element): number {
  let items = 0
  for (const child of list.children) if (child instanceof Element && child.name === 'li') items++
  return items
}
