/** Tables of data as rows of cells; tables that only place things on the page are none. */
import { Element } from './dom.ts'
import { CELL } from './tags.ts'

/** A cell with more text than this, or with headings in it, is a column of the page. */
const LONGEST_CELL = 600
export const MAX_COLUMNS = 64

/** Rows of a data table, or null for layout: one column, one row, long cells, tables with rows inside. */
export function dataRows(table: Element): Element[][] | null {
  const role = table.attr('role')
  if (role === 'presentation' || role === 'none') return null
  const rows = rowsOf(table)
  if (rows.length < 2 || !rows.some((cells) => cells.length > 1)) return null
  for (const cells of rows) for (const cell of cells) if (cell.hasBlock && !isFlat(cell)) return null
  return rows
}

function rowsOf(table: Element): Element[][] {
  const rows: Element[][] = []
  const visit = (at: Element): void => {
    for (const child of at.children) {
      if (typeof child === 'string' || child.dropped) continue
      if (child.name === 'tr') {
        const cells = child.children.filter((cell): cell is Element => typeof cell !== 'string' && (cell.flags & CELL) !== 0)
        if (cells.length > 0) rows.push(cells.slice(0, MAX_COLUMNS))
      } else if (child.name === 'tbody' || child.name === 'thead' || child.name === 'tfoot') visit(child)
    }
  }
  visit(table)
  return rows
}

/** A cell whose blocks can stand in one line: paragraphs, lists, a small table, but no heading and no code. */
function isFlat(cell: Element): boolean {
  if (cell.chars > LONGEST_CELL) return false
  const walk = (element: Element): boolean =>
    element.children.every(
      (child) =>
        typeof child === 'string' ||
        child.dropped ||
        (child.name !== 'pre' && !/^h[1-6]$/.test(child.name) && (child.name !== 'table' || rowsOf(child).length < 3) && walk(child)),
    )
  return walk(cell)
}

/** How many columns a cell spans. */
export function spanOf(cell: Element): number {
  const span = cell.attr('colspan')
  return span !== undefined && /^[1-9]\d?$/.test(span) ? Math.min(MAX_COLUMNS, Number(span)) : 1
}
