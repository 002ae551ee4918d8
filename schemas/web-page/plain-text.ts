/** Main content as plain text: blocks separated by an empty line, list items, table rows and broken lines by a line end. */
import { type Element, textContent } from './dom.ts'
import { isLeftOut } from './left-out.ts'
import { bounds } from './schema.ts'
import { cleanLine, cleanPreformatted } from './text.ts'
import { BLOCKS } from './vocabulary.ts'

/** Elements whose neighbours are the next line, not the next paragraph. */
const TIGHT = new Set(['li', 'tr', 'tbody', 'td', 'th', 'dt', 'dd'])

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
    if (typeof child === 'string') out.add(child)
    else if (child.name === 'br') out.end(true)
    else if (isLeftOut(child)) continue
    else if (child.name === 'pre') out.block(cleanPreformatted(textContent(child)))
    else if (isCell(child)) {
      out.add(' ')
      walk(child, out)
    } else if (BLOCKS.has(child.name)) {
      const tight = TIGHT.has(child.name)
      out.end(tight)
      walk(child, out)
      out.end(tight)
    } else walk(child, out)
  }
}

/** A cell of a data row: its row is the line. */
function isCell({ name, hasBlock }: Element): boolean {
  return (name === 'td' || name === 'th') && !hasBlock
}

/** A line before white space is collapsed. */
const MAX_RAW_LINE = bounds.textBytes * 4

class Lines {
  text = ''
  private line = ''
  private tight = false

  /** What lies beyond the record's bound is not even collected. */
  add(text: string): void {
    if (this.text.length < bounds.textBytes && this.line.length < MAX_RAW_LINE) this.line += text.slice(0, MAX_RAW_LINE)
  }

  /** Ends the line; the next begins below it, after an empty line unless every break between the two was tight. */
  end(tight: boolean): void {
    const line = cleanLine(this.line)
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
