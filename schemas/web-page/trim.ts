/** Takes from the ends of the main content what is no sentence: dates and bylines above the first paragraph, labels below the last. */
import { Element, textContent } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { BLOCK, TIGHT } from './tags.ts'
import { isHeading } from './vocabulary.ts'

const SHORT = 60
const TRIMMED = new Set(['p', 'div', 'section', 'span', 'header', 'center', 'time', 'address'])

/** Marks such blocks as dropped; nothing is trimmed from a text without a longer paragraph. */
export function trimEnds(roots: Element[]): void {
  const blocks: Element[] = []
  const visit = (element: Element): void => {
    if ((element.flags & BLOCK) !== 0 && element.ownChars > 0) blocks.push(element)
    for (const child of element.children) if (child instanceof Element && !isLeftOut(child)) visit(child)
  }
  roots.forEach(visit)
  const first = blocks.findIndex(isParagraph)
  if (first < 0) return
  for (const block of blocks.slice(0, first)) if (isScrap(block)) block.dropped = true
  const last = blocks.findLastIndex(isParagraph)
  for (const block of blocks.slice(last + 1)) if (isScrap(block) && !endsSentence(block)) block.dropped = true
}

function isParagraph(block: Element): boolean {
  return block.ownChars >= SHORT && !isHeading(block)
}

function isScrap(block: Element): boolean {
  // a short paragraph in a list or a table is what such things are made of
  return !block.hasBlock && TRIMMED.has(block.name) && block.ownChars < SHORT && ((block.parent?.flags ?? 0) & TIGHT) === 0
}

const TERMINAL = /[.!?…"”»)。！？]\s*$/

function endsSentence(block: Element): boolean {
  return TERMINAL.test(textContent(block, 400))
}
