/** Headings under which nothing is left ("Read more", "Related") go with what stood below them. */
import { Element } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { BLOCK, NEVER } from './tags.ts'
import { isHeading } from './vocabulary.ts'

/** A short paragraph set wholly in bold heads what follows, below every real heading. */
const PSEUDO_LEVEL = 7
const PSEUDO_CHARS = 80

/** Marks such headings as dropped. */
export function dropOrphanHeadings(roots: Element[]): void {
  const open: { heading: Element; level: number }[] = []
  /** Whether something was taken away since the last heading: then that stood over it. */
  let hasGap = false
  const closeFrom = (level: number): void => {
    for (let last = open.at(-1); last !== undefined && last.level >= level; last = open.at(-1)) {
      last.heading.dropped = true
      open.pop()
    }
  }
  const visit = (element: Element): void => {
    const level = levelOf(element)
    if (level !== undefined) {
      // headings that stand one under another head the same text, as the signatures of one function do
      if (hasGap || level === PSEUDO_LEVEL || open.at(-1)?.level !== level) closeFrom(level)
      open.push({ heading: element, level })
      hasGap = false
      return
    }
    if ((element.flags & BLOCK) !== 0 && element.ownChars > 0) open.length = 0
    for (const child of element.children) {
      if (!(child instanceof Element)) continue
      if (!isLeftOut(child)) visit(child)
      else if ((child.flags & NEVER) === 0) hasGap = true
    }
  }
  roots.forEach(visit)
  closeFrom(0)
}

function levelOf(element: Element): number | undefined {
  if (isHeading(element)) return Number(element.name[1])
  if (element.name !== 'p' || element.chars > PSEUDO_CHARS || element.chars === 0) return undefined
  const bold = element.children.some(
    (child) => child instanceof Element && (child.name === 'strong' || child.name === 'b') && child.chars === element.chars,
  )
  return bold ? PSEUDO_LEVEL : undefined
}
