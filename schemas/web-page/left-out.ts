/** What inside the main content is still not text of the page: link lists, captions, furniture that scoring let through. */
import { Element } from './dom.ts'
import { linkShare } from './main-content.ts'
import { BLOCKS, HEADINGS } from './vocabulary.ts'

export function isLeftOut(element: Element): boolean {
  if (element.dropped) return true
  const { name, chars } = element
  if (name === 'figure' || name === 'figcaption' || name === 'h1') return true
  if (!BLOCKS.has(name) || HEADINGS.has(name)) return false
  const share = linkShare(element)
  if (name === 'ul' || name === 'ol') return share > 350 && chars < 60 * Math.max(1, countItems(element))
  return (share > 500 && chars < 1500 && name !== 'p') || share > 750
}

function countItems(list: Element): number {
  let items = 0
  for (const child of list.children) if (child instanceof Element && child.name === 'li') items++
  return items
}
