/** Main content as CommonMark, with GFM tables and strikethrough, footnotes, `$` formulas, and definition lists as PHP Markdown Extra has them. */
import { codeLanguage, codeText, fenceOf } from './code-block.ts'
import { Element } from './dom.ts'
import type { Footnotes } from './footnotes.ts'
import { addMark, addNode, addShown, type Context, inlineLine, picture, takeParagraph } from './inline.ts'
import { isLeftOut } from './left-out.ts'
import { Line } from './line.ts'
import { BLOCK, HEADING, LIST } from './tags.ts'
import { dataRows, MAX_COLUMNS, spanOf } from './tables.ts'

/** Lists and quotes inside each other beyond this stand unindented: indentation would grow without bound. */
const MAX_NESTING = 6

export function markdown(roots: Element[], base: string, footnotes: Footnotes): string {
  return roots
    .flatMap((root) => blocksOf(root, { base, nesting: 0, footnotes }))
    .join('\n\n')
    .toWellFormed()
}

/** The blocks below an element; text and inline elements between two blocks are a paragraph. */
function blocksOf(element: Element, context: Context): string[] {
  const blocks: string[] = []
  const line = new Line()
  const flush = (): void => {
    const text = takeParagraph(line)
    if (text !== '') blocks.push(escapeStart(text))
  }
  for (const child of element.children) {
    if (typeof child === 'string' || child.name === 'br') addNode(child, element, line, context)
    else if (isLeftOut(child)) {
      addMark(child, line, context)
      if (child.name === 'figure' && !child.dropped) blocks.push(...pictures(child, context))
    } else if ((child.flags & BLOCK) !== 0 || child.hasBlock) {
      flush()
      for (const block of blockOf(child, context)) blocks.push(block)
    } else addShown(child, line, context)
  }
  flush()
  return blocks
}

function blockOf(element: Element, context: Context): string[] {
  const note = context.footnotes.notes.get(element)
  if (note !== undefined) return [`[^${note}]: ${indent(blocksOf(element, context).join('\n\n'), '    ')}`]
  const { name, flags } = element
  if ((flags & HEADING) !== 0) {
    const text = inlineLine(element, context)
    return text === '' ? [] : [`${'#'.repeat(Number(name[1]))} ${text}`]
  }
  if (name === 'hr') return ['---']
  if (name === 'pre') return fence(element)
  const inner = { ...context, nesting: context.nesting + 1 }
  if (name === 'table') {
    const rows = dataRows(element)
    if (rows !== null) return table(element, rows, inner)
  }
  if (context.nesting >= MAX_NESTING) return blocksOf(element, context)
  if ((flags & LIST) !== 0) return list(element, inner)
  if (name === 'dl') return definitions(element, inner)
  if (name === 'blockquote') return quote(blocksOf(element, inner).join('\n\n'))
  return blocksOf(element, context)
}

/** What is kept of a figure without text of its own. */
function pictures(figure: Element, context: Context): string[] {
  const found: string[] = []
  const walk = (element: Element): void => {
    for (const child of element.children) {
      if (!(child instanceof Element) || found.length > 8) continue
      if (child.name !== 'img') walk(child)
      else if (!child.dropped) {
        const text = picture(child, context)
        if (text !== '' && !found.includes(text)) found.push(text)
      }
    }
  }
  walk(figure)
  return found
}

function fence(element: Element): string[] {
  const code = codeText(element)
  if (code === '') return []
  const mark = fenceOf(code).padStart(3, '`')
  return [`${mark}${codeLanguage(element)}\n${code}\n${mark}`]
}

function list(element: Element, context: Context): string[] {
  const start = element.attr('start') ?? ''
  let number = /^\d{1,6}$/.test(start) ? Number(start) : 1
  const items: string[] = []
  const notes: string[] = []
  for (const child of element.children) {
    if (typeof child === 'string' || isLeftOut(child)) continue
    if (context.footnotes.notes.has(child)) {
      notes.push(...blockOf(child, context))
      continue
    }
    const blocks = child.name === 'li' ? blocksOf(child, context) : blockOf(child, context)
    if (blocks.length === 0) continue
    const mark = element.name === 'ol' ? `${number++}. ` : '- '
    items.push(mark + indent(joinItem(blocks), ' '.repeat(mark.length)))
  }
  const whole = items.length === 0 ? [] : [items.join(items.some((item) => item.includes('\n\n')) ? '\n\n' : '\n')]
  return [...whole, ...notes]
}

/** A sublist follows its item's line without an empty line. */
function joinItem(blocks: string[]): string {
  return blocks.reduce((text, block) => `${text}${/^(?:- |\d+\. )/.test(block) ? '\n' : '\n\n'}${block}`)
}

const indent = (text: string, by: string): string => (text.includes('\n') ? text.replace(/\n(?!\n)/g, `\n${by}`) : text)

/** Terms in lines of their own, each definition behind a colon. */
function definitions(element: Element, context: Context): string[] {
  const groups: string[] = []
  const visit = (at: Element): void => {
    for (const child of at.children) {
      if (typeof child === 'string' || isLeftOut(child)) continue
      if (child.name === 'dt') {
        const term = inlineLine(child, context)
        // several terms may share a definition
        if (term !== '') groups.push(term)
      } else if (child.name === 'dd') {
        const text = blocksOf(child, context).join('\n\n')
        if (text === '') continue
        const item = `: ${indent(text, '  ')}`
        groups.push(groups.length === 0 ? item : `${groups.pop()}\n${item}`)
      } else if (child.name === 'div') visit(child)
      else groups.push(...blockOf(child, context))
    }
  }
  visit(element)
  return groups
}

function quote(text: string): string[] {
  return text === '' ? [] : [text.replace(/^(?=.)/gm, '> ').replace(/^$/gm, '>')]
}

function table(element: Element, rows: Element[][], context: Context): string[] {
  let width = 0
  const filled: string[][] = []
  for (const cells of rows) {
    const texts: string[] = []
    for (const cell of cells) {
      texts.push(cellText(cell, context))
      for (let span = spanOf(cell); span > 1; span--) texts.push('')
    }
    if (texts.every((text) => text === '')) continue
    if (texts.length > MAX_COLUMNS) texts.length = MAX_COLUMNS
    width = Math.max(width, texts.length)
    filled.push(texts)
  }
  const [head, ...body] = filled.map((texts) => `| ${texts.join(' | ')}${' | '.repeat(width - texts.length)} |`)
  if (head === undefined) return []
  const caption = element.children.find((child): child is Element => child instanceof Element && child.name === 'caption')
  const title = caption === undefined || isLeftOut(caption) ? '' : inlineLine(caption, context)
  return [...(title === '' ? [] : [title]), [head, `|${' --- |'.repeat(width)}`, ...body].join('\n')]
}

function cellText(cell: Element, context: Context): string {
  const text = inlineLine(cell, context)
  return text.includes('|') ? text.replaceAll('|', '\\|') : text
}

/** What would begin a heading, a quote or an item at the start of a paragraph. */
function escapeStart(paragraph: string): string {
  const unit = paragraph.charCodeAt(0)
  // letters, by far the most frequent
  if (unit >= 0x41 && unit !== 0x7e) return paragraph
  return paragraph.replace(/^(#{1,6}(?=\s)|>|[-+](?=\s)|~{3}|:(?=\s))/, '\\$1').replace(/^(\d{1,9})([.)])(?=\s)/, '$1\\$2')
}
