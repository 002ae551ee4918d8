/** A page as a small tree: what its elements are, what they hold, and the numbers that the search for the main content gathers on them. */
import { type Tag, tagOf } from './tags.ts'

export type Node = Element | string

/** Bits of `Element.flags` beside those of `tags.ts`. Its own text has characters that Markdown escapes… */
export const MARKED = 1 << 20
/** …or stands as the page has it, white space and all. */
export const RAW = 1 << 21

export class Element {
  readonly name: string
  /** Bits of `tags.ts`, `MARKED` and `RAW`. */
  flags: number
  readonly parent: Element | null
  children: Node[] = noChildren
  /** Place in document order; where its tag begins in the HTML. */
  readonly index: number
  readonly at: number
  /** Names and values in turn, as they stand in the page; the first of a name counts. Most elements have one or two, so a list is the fastest map. */
  attributes: string[] = noAttributes
  /** Characters of the text right inside as `collapse` counts them, and its commas. */
  textChars = 0
  textCommas = 0
  /** Bits of `vocabulary.ts`: what attributes say. */
  traits = 0
  /** Left out of the main text altogether: scripts, hidden parts, page furniture. */
  dropped = false
  /** Characters of text below and those inside links; dropped parts count nothing. */
  chars = 0
  linkChars = 0
  /** The same of text that no block inside holds: one paragraph's worth. With its commas. */
  ownChars = 0
  ownLinkChars = 0
  ownCommas = 0
  /** Characters below in paragraphs that read like text. */
  goodChars = 0
  /** Has a block with text somewhere below; has an h1. */
  hasBlock = false
  hasH1 = false
  /** Lies in one of many like items: see `items.ts`. */
  inItem = false
  score = 0

  constructor({ name, flags }: Tag, parent: Element | null, index: number, at: number) {
    this.name = name
    this.flags = flags
    this.parent = parent
    this.index = index
    this.at = at
  }

  /** Adds to the children. Most elements have one or two, and a list that is pushed to makes room for sixteen more. */
  append(node: Node): void {
    const { children } = this
    if (children.length === 0) this.children = [node]
    else if (children.length === 1) this.children = [children[0] as Node, node]
    else children.push(node)
  }

  /** Value of an attribute by its lower-case name. */
  attr(name: string): string | undefined {
    const { attributes } = this
    for (let i = 0; i < attributes.length; i += 2) if (attributes[i] === name) return attributes[i + 1]
    return undefined
  }
}

/** Shared by all elements without any: never written to. */
const noChildren: Node[] = []
const noAttributes: string[] = []

export interface Document {
  html: string
  root: Element
  /** All elements in document order, parents before children. */
  elements: Element[]
}

export const newRoot = (): Element => new Element(tagOf(''), null, -1, 0)

/** Concatenated text below an element, white space as it stands; looks at `maxUnits` characters and as many elements at most. */
export function textContent(element: Element, maxUnits = 400_000): string {
  const { children } = element
  // most elements that are asked hold one piece of text and nothing else
  if (children.length === 1 && typeof children[0] === 'string') return children[0].slice(0, maxUnits)
  let text = ''
  let visited = 0
  const walk = (node: Element): void => {
    for (const child of node.children) {
      if (text.length >= maxUnits || visited++ > maxUnits) return
      if (typeof child === 'string') text += child
      else walk(child)
    }
  }
  walk(element)
  return text.slice(0, maxUnits)
}
