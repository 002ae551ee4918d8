/** HTML -> tree with hard caps. htmlparser2 tokenises; which tags end which is decided here, as its parser does, without its objects. */
import type { TokenizerCallbacks } from 'htmlparser2'
import { WireError } from '../wire/index.ts'
import { collapse } from './collapse.ts'
import { type Document, Element, newRoot, RAW } from './dom.ts'
import { attributeAt, IN_HEAD, isForeignInside, MATH, NEVER, SCOPE, type Tag, tagAt, tagOf, VOID } from './tags.ts'
import { asciiLower } from './text.ts'
import { PageTokenizer } from './tokenizer.ts'

/** What a document may have at most; beyond it there is no tree. */
export const htmlLimits = {
  /** UTF-16 units of the document. */
  units: 4 << 20,
  elements: 50_000,
  /** Elements inside each other; bounds every walk that recurses. */
  depth: 256,
  /** Of one element. */
  attributes: 256,
} as const

/** Throws WireError TOO_LARGE or TOO_DEEP; any other input gives a tree. */
export function parseHtml(html: string): Document {
  if (html.length > htmlLimits.units) throw new WireError('TOO_LARGE', `a document beyond ${htmlLimits.units} characters`)
  const builder = new TreeBuilder(html)
  const tokenizer = new PageTokenizer({}, builder)
  tokenizer.write(html)
  tokenizer.end()
  return { html, root: builder.root, elements: builder.elements }
}

class TreeBuilder implements TokenizerCallbacks {
  readonly root = newRoot()
  readonly elements: Element[] = []
  private readonly html: string
  /** Open elements; a place of its own in the tree is decided per element. With their tags. */
  private readonly stack: Element[] = []
  private readonly tags: Tag[] = []
  /** One entry per open svg, math or integration point: are we in foreign content? */
  private readonly foreign: boolean[] = []
  private readonly singles = new Set<string>()
  private forms = 0
  private preformatted = 0
  /** Text since the last tag: what is joined already, and where the piece stands that follows it. */
  private text = ''
  private textStart = 0
  private textEnd = 0
  /** The element whose tag is being read; null for a tag that HTML ignores. */
  private current: Element | null = null
  private attributes = 0
  private name = ''
  private value = ''

  constructor(html: string) {
    this.html = html
  }

  onopentagname(start: number, end: number): void {
    this.flush()
    this.attributes = 0
    this.current = null
    const tag = tagAt(this.html, start, end)
    if (tag.name === 'form' && this.forms > 0) return
    this.current = this.open(tag.name === 'image' && !this.isInForeignContext() ? tagOf('img') : tag, start - 1)
  }

  onattribname(start: number, end: number): void {
    if (++this.attributes > htmlLimits.attributes)
      throw new WireError('TOO_LARGE', `an element with more than ${htmlLimits.attributes} attributes`)
    this.name = attributeAt(this.html, start, end)
    this.value = ''
  }

  onattribdata(start: number, end: number): void {
    const piece = this.html.slice(start, end)
    this.value = this.value === '' ? piece : this.value + piece
  }

  onattribentity(cp: number): void {
    this.value += String.fromCodePoint(cp)
  }

  onattribend(): void {
    const { current, name } = this
    if (current === null || current.attr(name) !== undefined) return
    const { attributes } = current
    // a list that is pushed to makes room for sixteen more
    if (attributes.length === 0) current.attributes = [name, this.value]
    else if (attributes.length === 2) current.attributes = [attributes[0] as string, attributes[1] as string, name, this.value]
    else attributes.push(name, this.value)
  }

  onopentagend(): void {
    const { current } = this
    this.current = null
    // MathJax 2 keeps its formulas in scripts
    if (current?.name === 'script' && current.attr('type')?.startsWith('math/tex') === true) current.flags = MATH
  }

  onselfclosingtag(): void {
    if (this.isInForeignContext() && this.current !== null && this.current === this.stack.at(-1)) this.pop()
    this.onopentagend()
  }

  onclosetag(start: number, end: number): void {
    this.flush()
    const top = this.tags.at(-1)
    if (top !== undefined && top.name.length === end - start && this.html.startsWith(top.name, start)) return this.pop()
    const name = asciiLower(this.html.slice(start, end))
    const at = this.tags.findLastIndex((tag) => tag.name === name)
    if (at >= 0) {
      while (this.stack.length > at) this.pop()
      return
    }
    // an end tag alone that stands for an element (WHATWG HTML 13.2.6.4.7)
    if (name === 'br') this.open(tagOf(name), start)
    if (name === 'p') {
      this.open(tagOf(name), start)
      this.pop()
    }
  }

  ontext(start: number, end: number): void {
    if (start !== this.textEnd) {
      this.join()
      // -1 where the page ends inside an end tag: its last character
      this.textStart = start < 0 ? start + this.html.length : start
    }
    this.textEnd = end
  }

  ontextentity(cp: number): void {
    this.join()
    this.text += String.fromCodePoint(cp)
  }

  oncdata(start: number, end: number, endOffset: number): void {
    if (this.isInForeignContext()) this.ontext(start, end - endOffset)
  }

  onend(): void {
    this.flush()
  }

  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}

  isInForeignContext(): boolean {
    return this.foreign.at(-1) === true
  }

  private open(tag: Tag, at: number): Element {
    const { stack, tags, elements } = this
    if (tag.ends !== 0) while (((tags.at(-1)?.bit ?? 0) & tag.ends) !== 0) this.pop()
    const parent = parentOf(tag, stack.at(-1) ?? this.root)
    const element = new Element(this.onlyOnce(tag), parent, elements.length, at)
    if (elements.push(element) > htmlLimits.elements) throw new WireError('TOO_LARGE', `more than ${htmlLimits.elements} elements`)
    parent.append(element)
    if ((tag.flags & VOID) !== 0) return element
    tags.push(tag)
    if (stack.push(element) > htmlLimits.depth) throw new WireError('TOO_DEEP', `elements nested deeper than ${htmlLimits.depth}`)
    if ((tag.flags & SCOPE) !== 0) this.enter(tag.name)
    return element
  }

  private pop(): void {
    this.stack.pop()
    const tag = this.tags.pop()
    if (tag !== undefined && (tag.flags & SCOPE) !== 0) this.leave(tag.name)
  }

  private enter(name: string): void {
    if (name === 'form') this.forms++
    else if (name === 'pre') this.preformatted++
    const isForeign = isForeignInside(name)
    if (isForeign !== undefined) this.foreign.push(isForeign)
  }

  private leave(name: string): void {
    if (name === 'form') this.forms--
    else if (name === 'pre') this.preformatted--
    if (isForeignInside(name) !== undefined) this.foreign.pop()
  }

  /** A second html, head or body is what some system pasted into the page. */
  private onlyOnce(tag: Tag): Tag {
    const { name } = tag
    if (name !== 'html' && name !== 'head' && name !== 'body') return tag
    if (this.singles.has(name)) return tagOf('div')
    this.singles.add(name)
    return tag
  }

  /** Text is handed over when the next tag begins: comments and entities do not cut it. */
  private flush(): void {
    // most text is one piece: it is read where it stands
    if (this.text === '') this.take(this.html, this.textStart, this.textEnd)
    else {
      this.join()
      const { text } = this
      this.text = ''
      this.take(text, 0, text.length)
    }
    this.textStart = this.textEnd
  }

  private join(): void {
    if (this.textEnd > this.textStart) this.text += this.html.slice(this.textStart, this.textEnd)
    this.textStart = this.textEnd
  }

  private take(text: string, start: number, end: number): void {
    if (start === end) return
    const holder = this.stack.at(-1) ?? this.root
    const isCounted = (holder.flags & NEVER) === 0
    const collapsed = isCounted ? collapse(text, start, end, holder) : ''
    if (isCounted && this.preformatted === 0) return holder.append(collapsed)
    holder.flags |= RAW
    holder.append(text.slice(start, end))
  }
}

/** The body is never inside an open paragraph of the head, nor a paragraph inside the head. */
function parentOf({ name, flags }: Tag, top: Element): Element {
  let at = top
  if (name === 'body') while (at.parent !== null && at.name !== 'html' && at.name !== 'body') at = at.parent
  return at.name === 'head' && (flags & IN_HEAD) === 0 ? (at.parent ?? at) : at
}
