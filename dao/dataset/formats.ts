/** Rows as text that neither a terminal nor a spreadsheet takes for a command. */
import type { Cell } from '../release/index.ts'

/** RFC 4180, with CRLF. Nothing is changed but the quoting: whoever opens it in a spreadsheet imports it as text. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map((cell) => (cell === null ? '' : quoted(textOf(cell)))).join(',')}\r\n`
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text)

const WIDEST = 40

/** An aligned table; long cells are cut, control characters shown as blanks, so that a page cannot talk to the terminal. */
export function tableOf(columns: readonly string[], rows: readonly Record<string, Cell>[]): string[] {
  const lines = [columns, ...rows.map((row) => columns.map((name) => shown(row[name] ?? null)))]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => lettersOf(line[i] ?? '').length)))
  return lines.map(
    (line) =>
      `${line
        .map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - lettersOf(cell).length))
        .join('  ')
        .trimEnd()}\n`,
  )
}

/** A list as JSON. */
const textOf = (cell: Cell): string => (Array.isArray(cell) ? JSON.stringify(cell) : String(cell ?? ''))

function shown(cell: Cell): string {
  const text = textOf(cell).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
  const letters = lettersOf(text)
  return letters.length > WIDEST ? `${letters.slice(0, WIDEST - 1).join('')}…` : text
}

/** Code points: what a terminal gives about one place each. */
const lettersOf = (text: string): string[] => Array.from(text)
