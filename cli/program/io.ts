/** What a command says: one JSON object or lines on stdout for machines, words on stderr for people. */
import { QuernError, RefusedError, toError, UsageError } from '../../core/errors/index.ts'

/** Control characters could steer a terminal; what comes from the web or a peer is never printed raw. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\uFFFD')
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

export interface LiveLine extends Disposable {
  show(text: string): void
  /** Takes it away. */
  end(): void
}

/** One line on a terminal's stderr that is drawn over while work is long; nothing where nobody looks, or with `--json`. */
export function liveLine(flags: { json?: unknown }): LiveLine {
  const isSeen = process.stderr.isTTY && flags.json !== true
  let isDrawn = false
  const show = (text: string): void => {
    if (isSeen) process.stderr.write(`\r\u001b[K${printable(text).slice(0, (process.stderr.columns ?? 80) - 1)}`)
    isDrawn = isSeen && text !== ''
  }
  const end = (): void => {
    if (isDrawn) show('')
  }
  return { show, end, [Symbol.dispose]: end }
}

/** One object, bigints as decimal strings, bytes as hex. */
export function printJson(value: unknown): void {
  print(toJson(value))
}

export function toJson(value: unknown): string {
  const json = JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item.toString()
    if (item instanceof Uint8Array) return Buffer.from(item).toString('hex')
    if (item instanceof Map) return Object.fromEntries(item)
    if (item instanceof Set) return [...item]
    return item
  })
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What JSON leaves as it is and a terminal obeys: the upper control characters, bidirectional overrides, line separators. */
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** 0 success, 1 failure, 2 wrong usage, 3 the answer is no. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return 2
  if (thrown instanceof RefusedError) return 3
  return 1
}

/** One line with the code, and with `--json` one object on stdout as well. Stacks only with QUERN_DEBUG. */
export function sayError(thrown: unknown, json: boolean): void {
  const error = toError(thrown)
  const code = error instanceof QuernError ? error.code : 'INTERNAL'
  if (json) printJson({ error: { code, message: error.message, ...(error instanceof QuernError ? { detail: error.detail } : {}) } })
  say(`quern: ${printable(error.message)} [${code}]`)
  if (process.env['QUERN_DEBUG'] !== undefined && error.stack) say(error.stack)
}

/** A table with aligned columns; numbers to the right. */
export function table(rows: readonly (readonly string[])[], rightFrom = 1): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column >= rightFrom ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n')
}
