/** HTML -> the tree that selectors look at: htmlparser2's own, with hard caps. */
import { type ChildNode, type Document, DomHandler, type Element, isTag, isText } from 'domhandler'
import { Parser } from 'htmlparser2'
import { htmlLimits as limits } from '../web-page/index.ts'
import { WireError } from '../wire/index.ts'

export interface Tree {
  document: Document
  /** What bounds the work of a selector: elements, the deepest nesting, and the most children one element has. */
  elements: number
  depth: number
  children: number
}

class BoundedHandler extends DomHandler {
  elements = 0
  depth = 0
  #attributes = 0

  onopentagname(): void {
    this.#attributes = 0
  }
  onattribute(): void {
    if (++this.#attributes > limits.attributes)
      throw new WireError('TOO_LARGE', `an element with more than ${limits.attributes} attributes`)
  }
  // what is no element and no text would only be stepped over
  override oncomment(): void {}
  override oncommentend(): void {}
  override onprocessinginstruction(): void {}
  override onopentag(name: string, attribs: Record<string, string>): void {
    super.onopentag(name, attribs)
    if (++this.elements > limits.elements) throw new WireError('TOO_LARGE', `more than ${limits.elements} elements`)
    this.depth = Math.max(this.depth, this.tagStack.length)
    if (this.tagStack.length > limits.depth) throw new WireError('TOO_DEEP', `elements nested deeper than ${limits.depth}`)
  }
}

/** Throws WireError TOO_LARGE or TOO_DEEP; any other input gives a tree. */
export function parseTree(html: string): Tree {
  if (html.length > limits.units) throw new WireError('TOO_LARGE', `a document beyond ${limits.units} characters`)
  const handler = new BoundedHandler()
  new Parser(handler).end(html)
  const tree: Tree = { document: handler.root, elements: handler.elements, depth: handler.depth, children: handler.root.children.length }
  forEachElement(handler.root, ({ children }) => {
    tree.children = Math.max(tree.children, children.length)
  })
  return tree
}

/** Every element below, parents before children, in document order. Recursion is as deep as the tree, which its parser bounds. */
export function forEachElement(node: Document | Element, visit: (element: Element) => void): void {
  for (const child of node.children) {
    if (!isTag(child)) continue
    visit(child)
    forEachElement(child, visit)
  }
}

const HIDDEN = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'svg', 'head'])
/** A copy of the web page's list, and meant as one: each changes with a version of its own pipeline. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header ' +
    'hgroup hr html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul caption'
  ).split(' '),
)

/**
 * The text of an element as it stands in the source, at most `maxUnits` characters of it; scripts and styles say nothing, unless the element
 * itself is one. `block` stands where a block begins or ends, and where a line breaks.
 */
export function textOf(element: Document | Element, maxUnits: number, block: string): string {
  let text = ''
  const walk = (nodes: ChildNode[]): void => {
    for (const node of nodes) {
      if (text.length >= maxUnits) return
      if (isText(node)) text += node.data.slice(0, maxUnits)
      else if (isTag(node) && !HIDDEN.has(node.name)) {
        const apart = BLOCKS.has(node.name)
        if (apart || node.name === 'br') text += block
        walk(node.children)
        if (apart) text += block
      }
    }
  }
  walk(element.children)
  return text.slice(0, maxUnits)
}
