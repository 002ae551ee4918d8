/** Main content as plain text: blocks separated by an empty line, list items, table rows and broken lines by a line end. */
import { codeText } from './code-block.ts'
import type { Element } from './dom.ts'
import { isLeftOut } from './left-out.ts'
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
  return out.text
}

/** Recursion is as deep as the tree, which its parser bounds. */
function walk(element: Element, out: Lines): void {
  for (const child of element.children) {
    if (typeof child === 'string') {
      out.add(child)
      continue
    }
    const { name, flags } = child
    if (name === 'br') out.end(true)
    else if (isLeftOut(child)) continue
    else if (name === 'pre') out.block(codeText(child))
    else if (name === 'table' && isOfFlatCells(child)) {
      out.end(false)
      for (const cells of dataRows(child) ?? []) {
        for (const cell of cells) addFlat(cell, out)
        out.end(true)
      }
      out.end(false)
    } else if ((flags & CELL) !== 0 && !child.hasBlock) {
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

/** A data table with blocks in its cells: they would tear its rows apart. */
function isOfFlatCells(table: Element): boolean {
  return dataRows(table)?.some((cells) => cells.some((cell) => cell.hasBlock)) === true
}

/** Everything below in the same line. */
function addFlat(element: Element, out: Lines): void {
  if ((element.flags & BLOCK) !== 0) out.add(' ')
  for (const child of element.children) {
    if (typeof child === 'string') out.add(child)
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
  private line = ''
  private tight = false

  /** What lies beyond the record's bound is not even collected. */
  add(text: string): void {
    if (text === '' || this.text.length >= bounds.textBytes || this.line.length >= MAX_RAW_LINE) return
    const piece = text.length > MAX_RAW_LINE ? text.slice(0, MAX_RAW_LINE) : text
    this.line = this.line === '' ? piece : this.line + piece
  }

  /** Ends the line; the next begins below it, after an empty line unless every break between the two was tight. */
  end(tight: boolean): void {
    const line = this.line === '' ? '' : cleanLine(this.line)
    this.line = ''
    if (line !== '') {
      this.text += this.text === '' ? line : `${this.tight ? '\n' : '\n\n'}${line}`
      this.tight = tight
    } else this.tight &&= tight
  }

  block(text: string): void {
    this.end(false)
    if (text !== '') this.text += this.text === '' ? text : `\n\n${text}`
    this.tight = false
  }
}
