/** Main content as CommonMark (with GFM tables and strikethrough). */
import { type Element, type Node, textContent } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { bounds } from './schema.ts'
import { cleanLine, cleanPreformatted } from './text.ts'
import { resolveUrl } from './url.ts'
import { BLOCKS, HEADINGS } from './vocabulary.ts'

/** Lists and quotes inside each other beyond this stand unindented: indentation would grow without bound. */
const MAX_NESTING = 6
const EMPHASIS = new Map([
  ['strong', '**'],
  ['b', '**'],
  ['em', '*'],
  ['i', '*'],
  ['del', '~~'],
  ['s', '~~'],
])
const CODE = new Set(['code', 'kbd', 'samp', 'tt'])

interface Context {
  base: string
  nesting: number
}

export function markdown(roots: Element[], base: string): string {
  return roots.flatMap((root) => blocksOf(root, { base, nesting: 0 })).join('\n\n')
}

/** The blocks below an element; text and inline elements between two blocks are a paragraph. */
function blocksOf(element: Element, context: Context): string[] {
  const blocks: string[] = []
  let run: Node[] = []
  const flush = (): void => {
    const paragraph = inline(run, context)
    run = []
    if (paragraph !== '') blocks.push(escapeStart(paragraph))
  }
  for (const child of element.children) {
    if (typeof child === 'string' || child.name === 'br') run.push(child)
    else if (isLeftOut(child)) continue
    else if (BLOCKS.has(child.name) || child.hasBlock) {
      flush()
      blocks.push(...blockOf(child, context))
    } else run.push(child)
  }
  flush()
  return blocks
}

function blockOf(element: Element, context: Context): string[] {
  const { name } = element
  if (HEADINGS.has(name)) {
    const text = inline(element.children, context).replace(/\\\n/g, ' ')
    return text === '' ? [] : [`${'#'.repeat(Number(name[1]))} ${text}`]
  }
  if (name === 'hr') return ['---']
  if (name === 'pre') return fence(element)
  const inner = { ...context, nesting: context.nesting + 1 }
  if (name === 'table' && isDataTable(element)) return table(element, inner)
  if (context.nesting >= MAX_NESTING) return blocksOf(element, context)
  if (name === 'ul' || name === 'ol') return list(element, inner)
  if (name === 'blockquote') return quote(blocksOf(element, inner).join('\n\n'))
  return blocksOf(element, context)
}

function fence(element: Element): string[] {
  const code = cleanPreformatted(textContent(element))
  if (code === '') return []
  const names = `${element.attribs['class'] ?? ''} ${firstElement(element)?.attribs['class'] ?? ''}`.slice(0, 300)
  const language = /(?:^|\s)(?:language|lang|highlight-source|brush:)-?\s?([A-Za-z0-9+#-]{1,20})/.exec(names)?.[1] ?? ''
  const longest = Math.max(0, ...Array.from(code.matchAll(/`{3,40}/g), ([run]) => run.length))
  const mark = '`'.repeat(Math.max(3, longest + 1))
  return [`${mark}${language}\n${code}\n${mark}`]
}

function list(element: Element, context: Context): string[] {
  const start = /^\d{1,6}$/.test(element.attribs['start'] ?? '') ? Number(element.attribs['start']) : 1
  let number = start
  const items: string[] = []
  for (const child of element.children) {
    if (typeof child === 'string' || isLeftOut(child)) continue
    const blocks = child.name === 'li' ? blocksOf(child, context) : blockOf(child, context)
    if (blocks.length === 0) continue
    const mark = element.name === 'ol' ? `${number++}. ` : '- '
    items.push(mark + indent(joinItem(blocks), ' '.repeat(mark.length)))
  }
  return items.length === 0 ? [] : [items.join(items.some((item) => item.includes('\n\n')) ? '\n\n' : '\n')]
}

/** A sublist follows its item's line without an empty line. */
function joinItem(blocks: string[]): string {
  return blocks.reduce((text, block) => `${text}${/^(?:- |\d+\. )/.test(block) ? '\n' : '\n\n'}${block}`)
}

const indent = (text: string, by: string): string => text.replace(/\n(?!\n)/g, `\n${by}`)

function quote(text: string): string[] {
  return text === '' ? [] : [text.replace(/^(?=.)/gm, '> ').replace(/^$/gm, '>')]
}

/** Rows of cells without blocks inside; anything else is layout. */
function isDataTable(element: Element): boolean {
  const rows = rowsOf(element)
  return rows.length > 1 && rows.every((cells) => cells.every((cell) => !cell.hasBlock)) && rows.some((cells) => cells.length > 1)
}

function rowsOf(element: Element): Element[][] {
  const rows: Element[][] = []
  const visit = (at: Element): void => {
    for (const child of at.children) {
      if (typeof child === 'string' || child.dropped) continue
      if (child.name === 'tr')
        rows.push(child.children.filter((cell): cell is Element => typeof cell !== 'string' && (cell.name === 'td' || cell.name === 'th')))
      else if (child.name === 'tbody' || child.name === 'thead' || child.name === 'tfoot') visit(child)
    }
  }
  visit(element)
  return rows.filter((cells) => cells.length > 0)
}

function table(element: Element, context: Context): string[] {
  const rows = rowsOf(element).map((cells) =>
    cells.map((cell) => inline(cell.children, context).replace(/\\\n/g, ' ').replaceAll('|', '\\|')),
  )
  const filled = rows.filter((cells) => cells.some((cell) => cell !== ''))
  const width = Math.min(64, Math.max(0, ...filled.map((cells) => cells.length)))
  const [head, ...body] = filled.map((cells) => `| ${Array.from({ length: width }, (_, i) => cells[i] ?? '').join(' | ')} |`)
  return head === undefined ? [] : [[head, `|${' --- |'.repeat(width)}`, ...body].join('\n')]
}

/** One paragraph of inline content; `br` is a backslash and a line end. */
function inline(nodes: Node[], context: Context): string {
  const text = nodes.map((node) => inlineNode(node, context)).join('')
  const lines = text.split('\u0000').map(cleanLine)
  while (lines.length > 0 && lines.at(-1) === '') lines.pop()
  while (lines.length > 0 && lines[0] === '') lines.shift()
  return lines.join('\\\n').replace(/(?:\\\n){2,}/g, '\\\n')
}

/** `\0` stands for a line break until the paragraph is put together; text never holds one. */
function inlineNode(node: Node, context: Context): string {
  // beyond the record's bound nothing of a text is kept
  if (typeof node === 'string') return escapeText(node.slice(0, bounds.markdownBytes))
  if (node.name === 'br') return '\u0000'
  if (isLeftOut(node)) return ''
  if (CODE.has(node.name)) return codeSpan(cleanLine(textContent(node)))
  const inner = node.children.map((child) => inlineNode(child, context)).join('')
  const mark = EMPHASIS.get(node.name)
  if (mark !== undefined) return wrap(inner, mark, mark)
  if (node.name !== 'a') return inner
  const url = resolveUrl(node.attribs['href'] ?? '', context.base)
  return url === null ? inner : wrap(inner, '[', `](${url.replaceAll('(', '%28').replaceAll(')', '%29')})`)
}

/** Spaces stay outside the marks; nothing is marked around nothing or across a line break. */
function wrap(inner: string, open: string, close: string): string {
  const text = cleanLine(inner)
  if (text === '' || inner.includes('\u0000')) return inner
  return `${/^[\s\u00a0]/.test(inner) ? ' ' : ''}${open}${text}${close}${/[\s\u00a0]$/.test(inner) ? ' ' : ''}`
}

function codeSpan(code: string): string {
  if (code === '') return ''
  const longest = Math.max(0, ...Array.from(code.matchAll(/`{1,40}/g), ([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return longest === 0 ? `${mark}${code}${mark}` : `${mark} ${code} ${mark}`
}

function escapeText(text: string): string {
  return text.replaceAll('\u0000', '').replace(/[\\`*_[\]<]/g, '\\$&')
}

/** What would begin a heading, a quote or an item at the start of a paragraph. */
function escapeStart(paragraph: string): string {
  return paragraph.replace(/^(#{1,6}(?=\s)|>|[-+](?=\s)|~{3})/, '\\$1').replace(/^(\d{1,9})([.)])(?=\s)/, '$1\\$2')
}

function firstElement(element: Element): Element | undefined {
  return element.children.find((child): child is Element => typeof child !== 'string')
}
