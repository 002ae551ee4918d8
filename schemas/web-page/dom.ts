/** HTML -> a small tree with hard caps. htmlparser2 tokenises and closes what HTML closes by itself; nothing here recurses. */
import { Parser } from 'htmlparser2'
import { WireError } from '../wire/index.ts'

export type Node = Element | string

export class Element {
  readonly name: string
  readonly attribs: Readonly<Record<string, string>>
  readonly parent: Element | null
  readonly children: Node[] = []
  readonly depth: number
  /** Left out of the main text altogether: scripts, hidden parts, page furniture. */
  dropped = false
  /** Characters of text below, white space runs counted once; those inside links; commas. Dropped parts count nothing. */
  chars = 0
  linkChars = 0
  commas = 0
  /** Has a block element somewhere below. */
  hasBlock = false
  score = 0

  constructor(name: string, attribs: Record<string, string>, parent: Element | null) {
    this.name = name
    this.attribs = attribs
    this.parent = parent
    this.depth = parent === null ? 0 : parent.depth + 1
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

export const htmlLimits: HtmlLimits = { units: 6 << 20, elements: 150_000, depth: 512, attributes: 512 }

/** Throws WireError TOO_LARGE or TOO_DEEP; any other input gives a tree. */
export function parseHtml(html: string, limits: HtmlLimits = htmlLimits): Document {
  if (html.length > limits.units) throw new WireError('TOO_LARGE', `a document beyond ${limits.units} characters`)
  const root = new Element('', {}, null)
  const elements: Element[] = []
  let open = root
  let attributes = 0
  const parser = new Parser({
    onopentagname() {
      attributes = 0
    },
    onattribute() {
      if (++attributes > limits.attributes) throw new WireError('TOO_LARGE', `an element with more than ${limits.attributes} attributes`)
    },
    onopentag(name, attribs) {
      const element = new Element(name, attribs, open)
      if (element.depth > limits.depth) throw new WireError('TOO_DEEP', `elements nested deeper than ${limits.depth}`)
      if (elements.push(element) > limits.elements) throw new WireError('TOO_LARGE', `more than ${limits.elements} elements`)
      open.children.push(element)
      open = element
    },
    onclosetag() {
      open = open.parent ?? root
    },
    ontext(text) {
      const { children } = open
      const last = children.length - 1
      if (typeof children[last] === 'string') children[last] += text
      else children.push(text)
    },
  })
  parser.write(html)
  parser.end()
  return { root, elements }
}

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

/** First ancestor-or-self for which `test` holds. */
export function closest(element: Element | null, test: (element: Element) => boolean): Element | null {
  let at = element
  while (at !== null && !test(at)) at = at.parent
  return at
}
