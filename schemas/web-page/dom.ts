/** HTML -> a small tree with hard caps. htmlparser2 tokenises and closes what HTML closes by itself; nothing here recurses. */
import { Parser } from 'htmlparser2'
import { WireError } from '../wire/index.ts'

export type Node = Element | string

export class Element {
  readonly name: string
  readonly attribs: Readonly<Record<string, string>>
  readonly parent: Element | null
  readonly children: Node[] = []
  /** Place in document order. */
  readonly index: number
  /** Left out of the main text altogether: scripts, hidden parts, page furniture. */
  dropped = false
  /** Characters of text below, white space runs counted once, and those inside links; dropped parts count nothing. */
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
  score = 0

  constructor(name: string, attribs: Record<string, string>, parent: Element | null, index: number) {
    this.index = index
    this.name = name
    this.attribs = attribs
    this.parent = parent
  }
}

export interface Document {
  root: Element
  /** All elements in document order, parents before children. */
  elements: Element[]
}

export interface HtmlLimits {
  /** UTF-16 units of the document. */
  units: number
  elements: number
  /** Elements inside each other; bounds every walk that recurses. */
  depth: number
  attributes: number
}

export const htmlLimits: HtmlLimits = { units: 4 << 20, elements: 50_000, depth: 256, attributes: 256 }

/** What a head may hold; anything else begins the body, whether the head was closed or not. */
const IN_HEAD = new Set(['title', 'meta', 'link', 'base', 'script', 'style', 'noscript', 'template'])

/** Throws WireError TOO_LARGE or TOO_DEEP; any other input gives a tree. */
export function parseHtml(html: string, limits: HtmlLimits = htmlLimits): Document {
  if (html.length > limits.units) throw new WireError('TOO_LARGE', `a document beyond ${limits.units} characters`)
  const root = new Element('', {}, null, -1)
  const elements: Element[] = []
  /** What the parser holds open; a place of its own in the tree is decided per element. */
  const stack: Element[] = []
  const seen = new Set<string>()
  let attributes = 0
  const parser = new Parser({
    onopentagname() {
      attributes = 0
    },
    onattribute() {
      if (++attributes > limits.attributes) throw new WireError('TOO_LARGE', `an element with more than ${limits.attributes} attributes`)
    },
    onopentag(tag, attribs) {
      const parent = parentOf(tag, stack.at(-1) ?? root)
      // a second html, head or body is what some system pasted into the page
      const name = isSingle(tag) && seen.has(tag) ? 'div' : tag
      if (isSingle(tag)) seen.add(tag)
      const element = new Element(name, attribs, parent, elements.length)
      if (stack.push(element) > limits.depth) throw new WireError('TOO_DEEP', `elements nested deeper than ${limits.depth}`)
      if (elements.push(element) > limits.elements) throw new WireError('TOO_LARGE', `more than ${limits.elements} elements`)
      parent.children.push(element)
    },
    onclosetag() {
      stack.pop()
    },
    ontext(text) {
      const { children } = stack.at(-1) ?? root
      const last = children.length - 1
      if (typeof children[last] === 'string') children[last] += text
      else children.push(text)
    },
  })
  parser.write(html)
  parser.end()
  return { root, elements }
}

/** The body is never inside an open paragraph of the head, nor a paragraph inside the head. */
function parentOf(tag: string, top: Element): Element {
  let at = top
  if (tag === 'body') while (at.parent !== null && at.name !== 'html' && at.name !== 'body') at = at.parent
  return at.name === 'head' && !IN_HEAD.has(tag) ? (at.parent ?? at) : at
}

const isSingle = (tag: string): boolean => tag === 'html' || tag === 'head' || tag === 'body'

/** Concatenated text below an element, white space as it stands; looks at `maxUnits` characters and as many elements at most. */
export function textContent(element: Element, maxUnits = 400_000): string {
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
