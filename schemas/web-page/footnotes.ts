/** Footnotes: marks in the text that lead to a note below, found so that Markdown can say `[^1]` and plain text can leave the mark out. */
import type { Parts } from './collect.ts'
import { type Document, Element, textContent } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { BLOCK } from './tags.ts'
import { cleanLine } from './text.ts'

export interface Footnotes {
  /** The mark's element -> its label. */
  marks: Map<Element, string>
  /** The note's element -> its label. */
  notes: Map<Element, string>
}

export const noFootnotes = (): Footnotes => ({ marks: new Map(), notes: new Map() })

const MAX_MARKS = 2000
const LABEL = /^[[(]?([0-9]{1,4}|[a-z]|[*†‡§]{1,3})[\])]?$/
const MARK_NAMES = /(^|[ _-])(footnotes?|fn|fnref|noteref|reference|cite_ref|endnotes?)([ _-]|$)/

/** Marks are dropped from the text; a mark whose note is no part of the content stands for nothing and is in no list. */
export function findFootnotes(document: Document, parts: Parts, roots: Element[]): Footnotes {
  const found = noFootnotes()
  const marks = parts.anchors.flatMap((anchor) => markOf(anchor) ?? [])
  if (marks.length === 0) return found
  const targets = elementsById(document, new Set(marks.map(({ id }) => id)))
  const taken = new Map<string, Element>()
  for (const { element, id, text } of marks.slice(0, MAX_MARKS)) {
    const note = noteAround(targets.get(id), element)
    if (note === undefined) continue
    element.dropped = true
    if (!isInside(note, roots)) continue
    let label = found.notes.get(note)
    if (label === undefined) {
      label = text
      for (let n = 2; taken.has(label); n++) label = `${text}-${n}`
      taken.set(label, note)
      found.notes.set(note, label)
      dropWaysBack(note)
    }
    found.marks.set(element, label)
  }
  return found
}

interface Mark {
  element: Element
  id: string
  text: string
}

/** A short link to a place in the page that stands raised, or is called a reference. */
function markOf(anchor: Element): Mark | null {
  const href = anchor.attr('href') ?? ''
  if (href.length < 2 || href.charCodeAt(0) !== 0x23 || anchor.dropped || anchor.chars > 6) return null
  const text = LABEL.exec(cleanLine(textContent(anchor, 32)))?.[1]
  if (text === undefined) return null
  const { parent } = anchor
  const raised = parent?.name === 'sup' ? parent : anchor.children.some((child) => child instanceof Element && child.name === 'sup')
  const named =
    anchor.attr('role') === 'doc-noteref' || MARK_NAMES.test(`${anchor.attr('class') ?? ''} ${anchor.attr('id') ?? ''}`.slice(0, 200))
  if (raised === false && !named) return null
  // brackets may stand around the link
  const whole = raised instanceof Element && LABEL.test(cleanLine(textContent(raised, 32)))
  return { element: whole ? raised : anchor, id: href.slice(1), text }
}

function elementsById({ elements }: Document, wanted: ReadonlySet<string>): Map<string, Element> {
  const found = new Map<string, Element>()
  for (const element of elements) {
    const id = element.attr('id') ?? (element.name === 'a' ? element.attr('name') : undefined)
    if (id !== undefined && wanted.has(id) && !found.has(id)) found.set(id, element)
  }
  return found
}

const NOTE = new Set(['li', 'p', 'dd', 'div', 'aside', 'section', 'td'])

/** The block that is the note; it stands below its mark and not around it. */
function noteAround(target: Element | undefined, mark: Element): Element | undefined {
  if (target === undefined || target.index < mark.index) return undefined
  let at: Element | null = target
  while (at !== null && (at.flags & BLOCK) === 0) at = at.parent
  if (at === null || !NOTE.has(at.name)) return undefined
  for (let up = mark.parent; up !== null; up = up.parent) if (up === at) return undefined
  return at
}

function isInside(element: Element, roots: Element[]): boolean {
  for (let at: Element | null = element; at !== null; at = at.parent) {
    if (roots.includes(at)) return true
    if (isLeftOut(at)) return false
  }
  return false
}

/** Arrows and numbers that lead back to the mark. */
function dropWaysBack(note: Element): void {
  for (const child of note.children) {
    if (!(child instanceof Element)) continue
    if (child.name === 'a' && child.chars <= 6 && child.attr('href')?.startsWith('#') === true) child.dropped = true
    else if (child.chars > 0) dropWaysBack(child)
  }
}
