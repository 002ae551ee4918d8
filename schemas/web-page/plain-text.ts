/** Main content as plain text: blocks separated by an empty line, list items, table rows and broken lines by a line end. */
import { codeText } from './code-block.ts'
import { type Element, RAW } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { Line } from './line.ts'
import { formula, pictureFormula } from './math.ts'
import { bounds } from './schema.ts'
import { BLOCK, CELL, MATH, TIGHT } from './tags.ts'
import { dataRows } from './tables.ts'
import { cleanLine } from './text.ts'

export function plainText(roots: Element[]): string {
  const out = new Lines()
  for (const root of roots) {
    out.end(false)
    walk(root, out)
    out.end(false)
  }
  return out.text.toWellFormed()
}

/** Recursion is as deep as the tree, which its parser bounds. */
function walk(element: Element, out: Lines): void {
  for (const child of element.children) {
    if (typeof child === 'string') {
      out.add(child, element)
      continue
    }
    const { name, flags } = child
    if (name === 'br') out.end(true)
    else if (isLeftOut(child)) continue
    else if (name === 'pre') out.block(codeText(child))
    else if (name === 'table') addTable(child, out)
    else if ((flags & CELL) !== 0 && !child.hasBlock) {
      // a cell of a data row: its row is the line
      out.add(' ')
      walk(child, out)
    } else if ((flags & BLOCK) !== 0) {
      const tight = (flags & TIGHT) !== 0
      out.end(tight)
      walk(child, out)
      out.end(tight)
    } else if ((flags & MATH) !== 0) out.add(formula(child))
    else if (name === 'img') {
      if (child.attributes.length > 0) out.add(pictureFormula(child))
    } else walk(child, out)
  }
}

function addTable(table: Element, out: Lines): void {
  const rows = dataRows(table)
  out.end(false)
  // a data table with blocks in its cells: they would tear its rows apart
  if (rows?.some((cells) => cells.some((cell) => cell.hasBlock)) === true)
    for (const cells of rows) {
      for (const cell of cells) addFlat(cell, out)
      out.end(true)
    }
  else walk(table, out)
  out.end(false)
}

/** Everything below in the same line. */
function addFlat(element: Element, out: Lines): void {
  if ((element.flags & BLOCK) !== 0) out.add(' ')
  for (const child of element.children) {
    if (typeof child === 'string') out.add(child, element)
    else if (child.name === 'br') out.add(' ')
    else if (isLeftOut(child)) continue
    else if ((child.flags & MATH) !== 0) out.add(formula(child))
    else addFlat(child, out)
  }
  if ((element.flags & BLOCK) !== 0) out.add(' ')
}

/** A line before white space is collapsed. */
const MAX_RAW_LINE = bounds.textBytes * 4

class Lines {
  text = ''
  private readonly line = new Line()
  /** Units that the line was put together of. */
  private units = 0
  /** What lies beyond the record's bound is not even collected. */
  private isFull = false
  private tight = false

  /** `holder` is the element whose own text it is. */
  add(text: string, holder?: Element): void {
    if (text === '' || this.isFull || this.units >= MAX_RAW_LINE) return
    const piece = text.length > MAX_RAW_LINE ? text.slice(0, MAX_RAW_LINE) : text
    this.units += piece.length
    if (holder !== undefined && (holder.flags & RAW) !== 0) this.line.addRaw(piece)
    else this.line.add(piece)
  }

  /** Ends the line; the next begins below it, after an empty line unless every break between the two was tight. */
  end(tight: boolean): void {
    const { isRaw } = this.line
    const taken = this.line.take()
    const line = isRaw ? cleanLine(taken) : taken
    this.units = 0
    if (line !== '') {
      this.put(line, this.tight ? '\n' : '\n\n')
      this.tight = tight
    } else this.tight &&= tight
  }

  block(text: string): void {
    this.end(false)
    if (text !== '') this.put(text, '\n\n')
    this.tight = false
  }

  private put(text: string, gap: string): void {
    this.text += this.text === '' ? text : `${gap}${text}`
    this.isFull = this.text.length >= bounds.textBytes
  }
}
