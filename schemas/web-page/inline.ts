/** Inline content as CommonMark: text, emphasis, code, links, pictures, formulas, footnote marks. */
import { fenceOf } from './code-block.ts'
import { MARKS } from './collapse.ts'
import { type Element, MARKED, type Node, RAW, textContent } from './dom.ts'
import type { Footnotes } from './footnotes.ts'
import { isLeftOut } from './left-out.ts'
import { BREAK, Line } from './line.ts'
import { formula, pictureFormula } from './math.ts'
import { bounds } from './schema.ts'
import { BLOCK, CODE, MATH } from './tags.ts'
import { cleanLine, fact } from './text.ts'
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

/** What stands inside an element as one line: headings and cells. */
export const inlineLine = (element: Element, context: Context): string => takeJoined(lineOf(element, context), ' ')

/** Takes a line of inline content as it is written, but for lone surrogates; `br` is a backslash and a line end. */
export const takeParagraph = (line: Line): string => takeJoined(line, '\\\n')

function takeJoined(line: Line, between: string): string {
  const { isRaw, hasBreak } = line
  const text = line.take()
  if (!isRaw && !hasBreak) return text
  return text
    .split(BREAK)
    .map(cleanLine)
    .filter((one) => one !== '')
    .join(between)
}

export function addNode(node: Node, holder: Element, line: Line, context: Context): void {
  if (typeof node === 'string') addText(node, holder, line)
  else if (node.name === 'br') line.addBreak()
  else if (!isLeftOut(node)) addShown(node, line, context)
  else addMark(node, line, context)
}

/** Whoever is a footnote's mark is left out and stands for it. */
export function addMark(element: Element, line: Line, { footnotes }: Context): void {
  const mark = footnotes.marks.get(element)
  if (mark !== undefined) line.addSolid(`[^${mark}]`)
}

function addText(text: string, { flags }: Element, line: Line): void {
  // beyond the record's bound nothing of a text is kept
  const kept = text.length > bounds.markdownBytes ? text.slice(0, bounds.markdownBytes) : text
  if ((flags & RAW) !== 0) line.addRaw(escapeText(kept))
  else line.add((flags & MARKED) === 0 ? kept : escapeText(kept))
}

/** Adds an element that is not left out. */
export function addShown(element: Element, line: Line, context: Context): void {
  const { name, flags } = element
  if ((flags & CODE) !== 0 || name === 'pre') return line.addSolid(codeSpan(cleanLine(textContent(element))))
  if ((flags & MATH) !== 0) return line.addSolid(formula(element))
  if (name === 'img') return line.addSolid(picture(element, context))
  if (name === 'a') return addLink(element, line, context)
  if (name === 'sup' || name === 'sub') return addRaised(element, line, context)
  const emphasis = EMPHASIS.get(name)
  if (emphasis !== undefined) return addWrapped(element, emphasis, emphasis, line, context)
  // blocks inside a cell or a heading: words of two never touch
  const isBlock = (flags & BLOCK) !== 0
  if (isBlock) line.add(' ')
  for (const child of element.children) addNode(child, element, line, context)
  if (isBlock) line.add(' ')
}

function addLink(element: Element, line: Line, context: Context): void {
  const url = resolveUrl(element.attr('href') ?? '', context.base)
  if (url !== null) return addWrapped(element, '[', `](${parenthesised(url)})`, line, context)
  for (const child of element.children) addNode(child, element, line, context)
}

function addRaised(element: Element, line: Line, context: Context): void {
  const inner = lineOf(element, context)
  const whole = inner.whole()
  if (whole.trim() === '') return
  if (whole.startsWith('[^')) return line.addLine(inner)
  const raised = `<${element.name}>${whole}</${element.name}>`
  if (inner.isRaw) line.addRaw(raised)
  else line.addSolid(raised)
  line.hasBreak ||= inner.hasBreak
}

function lineOf(element: Element, context: Context): Line {
  const line = new Line()
  for (const child of element.children) addNode(child, element, line, context)
  return line
}

/** Spaces stay outside the marks; nothing is marked around nothing or across a line break. */
function addWrapped(element: Element, open: string, close: string, line: Line, context: Context): void {
  const inner = lineOf(element, context)
  const core = inner.core()
  if (inner.hasBreak) return line.addLine(inner)
  const text = inner.isRaw ? cleanLine(core) : core
  if (text === '') return line.addLine(inner)
  if (inner.before) line.add(' ')
  line.addSolid(`${open}${text}${close}`)
  if (inner.after) line.add(' ')
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

function codeSpan(code: string): string {
  if (code === '') return ''
  if (!code.includes('`')) return `\`${code}\``
  const mark = fenceOf(code)
  return `${mark} ${code} ${mark}`
}

function escapeText(text: string): string {
  return text.replace(MARKS, '\\$&')
}
