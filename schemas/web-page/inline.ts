/** Inline content as CommonMark: text, emphasis, code, links, pictures, formulas, footnote marks. */
import { Element, type Node, textContent } from './dom.ts'
import type { Footnotes } from './footnotes.ts'
import { isLeftOut } from './left-out.ts'
import { formula, pictureFormula } from './math.ts'
import { bounds } from './schema.ts'
import { BLOCK, CODE, MATH } from './tags.ts'
import { cleanLine, fact, isSpace } from './text.ts'
import { resolveUrl } from './url.ts'

export interface Context {
  base: string
  /** Lists and quotes around. */
  nesting: number
  footnotes: Footnotes
}

const EMPHASIS = new Map([
  ['strong', '**'],
  ['b', '**'],
  ['em', '*'],
  ['i', '*'],
  ['del', '~~'],
  ['s', '~~'],
])
/** Stands for a line break until the paragraph is put together; text never holds one. */
const BREAK = '\u0000'

/** One paragraph of inline content; `br` is a backslash and a line end. */
export function inline(nodes: readonly Node[], context: Context): string {
  let text = ''
  for (const node of nodes) text += inlineNode(node, context)
  if (!text.includes(BREAK)) return cleanLine(text)
  return text
    .split(BREAK)
    .map(cleanLine)
    .filter((line) => line !== '')
    .join('\\\n')
}

/** The same in one line: headings and cells. */
export const inlineLine = (nodes: readonly Node[], context: Context): string => inline(nodes, context).replaceAll('\\\n', ' ')

function inlineNode(node: Node, context: Context): string {
  // beyond the record's bound nothing of a text is kept
  if (typeof node === 'string') return escapeText(node.length > bounds.markdownBytes ? node.slice(0, bounds.markdownBytes) : node)
  const { name, flags } = node
  if (name === 'br') return BREAK
  const mark = context.footnotes.marks.get(node)
  if (mark !== undefined) return `[^${mark}]`
  if (isLeftOut(node)) return ''
  if ((flags & CODE) !== 0 || name === 'pre') return codeSpan(cleanLine(textContent(node)))
  if ((flags & MATH) !== 0) return formula(node)
  if (name === 'img') return picture(node, context)
  let inner = ''
  for (const child of node.children) inner += inlineNode(child, context)
  if (name === 'a') return link(node, inner, context)
  // blocks inside a cell or a heading: words of two never touch
  if ((flags & BLOCK) !== 0) return ` ${inner} `
  if (name === 'sup' || name === 'sub') return inner.trim() === '' ? '' : inner.startsWith('[^') ? inner : `<${name}>${inner}</${name}>`
  const emphasis = EMPHASIS.get(name)
  return emphasis === undefined ? inner : wrap(inner, emphasis, emphasis)
}

function link(element: Element, inner: string, { base }: Context): string {
  const url = resolveUrl(element.attr('href') ?? '', base)
  return url === null ? inner : wrap(inner, '[', `](${parenthesised(url)})`)
}

const parenthesised = (url: string): string =>
  url.includes('(') || url.includes(')') ? url.replaceAll('(', '%28').replaceAll(')', '%29') : url

/** Alternative texts that say nothing: file names and words for any picture. */
const NO_ALT =
  /\.(jpe?g|png|gif|svg|webp|avif|bmp)$|^(image|img|photo|picture|logo|icon|thumbnail|bild|foto|avatar|spacer|placeholder)?[\s\d_-]*$/i

/** A picture with a text of its own, as `![text](address)`. */
export function picture(element: Element, { base }: Context): string {
  const alt = fact(element.attr('alt'), 300)
  if (alt === null) return ''
  const tex = pictureFormula(element)
  if (tex !== '') return tex
  if (NO_ALT.test(alt) || isTiny(element)) return ''
  const source = [element.attr('src'), element.attr('data-src'), element.attr('data-original')].find(
    (one) => one !== undefined && one !== '' && !/^data:/i.test(one),
  )
  const url = source === undefined ? null : resolveUrl(source, base)
  return url === null ? '' : `![${escapeText(alt)}](${parenthesised(url)})`
}

/** Counters and smileys. */
function isTiny(image: Element): boolean {
  return [image.attr('width'), image.attr('height')].some(
    (size) => size !== undefined && /^\d{1,2}(px)?$/.test(size) && Number.parseInt(size, 10) < 33,
  )
}

/** Spaces stay outside the marks; nothing is marked around nothing or across a line break. */
function wrap(inner: string, open: string, close: string): string {
  if (inner.includes(BREAK)) return inner
  const text = cleanLine(inner)
  if (text === '') return inner
  const before = isSpace(inner.charCodeAt(0)) ? ' ' : ''
  const after = isSpace(inner.charCodeAt(inner.length - 1)) ? ' ' : ''
  return `${before}${open}${text}${close}${after}`
}

function codeSpan(code: string): string {
  if (code === '') return ''
  if (!code.includes('`')) return `\`${code}\``
  const longest = Math.max(0, ...Array.from(code.matchAll(/`{1,40}/g), ([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return `${mark} ${code} ${mark}`
}

function escapeText(text: string): string {
  return text.replace(/[\\`*_[\]<]/g, '\\$&')
}
