import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { ExportError } from '../errors.ts'
import type { ExportFile } from '../source.ts'
import { textOf } from './text.ts'

export type Row = Record<string, string>

/**
 * Rows of a CSV file by lower-case column names. `header` recognises the line of names where notes stand before it. Commas, semicolons
 * and tabs are told apart by that line. Throws ExportError BAD_CSV, TRUNCATED, BAD_ENCODING.
 */
export async function* csvRows(file: ExportFile, { header }: { header?: RegExp } = {}): AsyncGenerator<Row> {
  const source = await fromHeader(file, header)
  if (source === undefined) return
  const parser = Readable.from(source.text).pipe(
    parse({
      columns: (names: string[]) =>
        names.map((name) =>
          name
            .replace(/^\ufeff/, '')
            .trim()
            .toLowerCase(),
        ),
      delimiter: source.delimiter,
      bom: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: 4 << 20,
    }),
  )
  const text = parser as AsyncIterable<Row>
  try {
    // the source's own errors reach the parser's iterator
    source.failed.then(
      (error) => parser.destroy(error as Error),
      () => {},
    )
    let short = false
    for await (const row of text) {
      short = Object.keys(row).length < source.columns
      yield row
    }
    if (short && !source.ended()) throw truncated()
  } catch (error) {
    if (error instanceof ExportError) throw error
    if (error instanceof CsvError)
      throw error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? truncated()
        : new ExportError('BAD_CSV', 'a file of this export is not the CSV it should be; fetch the export again')
    throw error
  }
}

const truncated = (): ExportError => new ExportError('TRUNCATED', 'a file of this export ends in the middle; fetch the export again')

/** The text from the line of column names on, and what separates them. */
async function fromHeader(
  file: ExportFile,
  header: RegExp | undefined,
): Promise<
  { text: AsyncIterable<string>; delimiter: string; columns: number; ended: () => boolean; failed: Promise<unknown> } | undefined
> {
  const pieces = textOf(file)
  let begun = ''
  for (;;) {
    const next = await pieces.next()
    if (next.done !== true) begun += next.value
    if (next.done === true || begun.length > 8192) break
  }
  let start = 0
  if (header) {
    const lines = begun.split('\n')
    const line = lines.findIndex((one) => header.test(one.replaceAll('"', '').toLowerCase()))
    if (line < 0) return undefined
    start = lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0)
  }
  const rest = begun.slice(start)
  const first = rest.slice(0, rest.indexOf('\n') < 0 ? undefined : rest.indexOf('\n'))
  const count = (mark: string): number => first.split(mark).length
  const delimiter = [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
  const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>()
  let last = rest.at(-1)
  async function* text(): AsyncGenerator<string> {
    if (rest !== '') yield rest
    try {
      for await (const piece of pieces) {
        last = piece.at(-1)
        yield piece
      }
    } catch (error) {
      fail(error)
    }
  }
  return { text: text(), delimiter, columns: count(delimiter), ended: () => last === '\n' || last === '\r', failed }
}
