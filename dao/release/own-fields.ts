/** A record of a schema that the charter describes -> typed cells of its own columns, and back. */
import { dayNumber, isoOf, secondsOf } from '../../schemas/calendar/index.ts'
import { canonicalJson, equalBytes, utf8 } from '../../schemas/wire/index.ts'
import { type Cell, type Cells, type Column, placeOf } from './columns.ts'

type Fields = Record<string, unknown>

/** Columns of the fields that this version of the schema has, with their places. */
function columnsOfSchema(schema: string, columns: readonly Column[]): { column: Column & Required<Pick<Column, 'of'>>; i: number }[] {
  const [name, version] = schema.split('@')
  return columns.flatMap((column, i) =>
    column.of?.schema === name && column.of?.versions.includes(Number(version)) ? [{ column: { ...column, of: column.of }, i }] : [],
  )
}

export const takesOwnColumns = (schema: string, columns: readonly Column[]): boolean => columnsOfSchema(schema, columns).length > 0

/**
 * Cells by place, and what is left for `data_json`: the item's number, and any field whose value its column could not hold. A record that
 * would not come out of its cells again, byte for byte, is left whole: another charter described its schema otherwise.
 */
export function ownCellsOf(schema: string, record: Uint8Array, fields: Fields, columns: readonly Column[]): { cells: Cells; rest: Fields } {
  const cells: Cells = columns.map(() => null)
  const rest = { ...fields }
  const texts: string[] = []
  for (const { column, i } of columnsOfSchema(schema, columns)) {
    const { field, type } = column.of
    const cell = cellOf(rest[field], column)
    if (cell === undefined) continue
    delete rest[field]
    cells[i] = cell
    if (type === 'string' || type === 'text') texts.push(...[cell].flat().filter((one) => typeof one === 'string'))
  }
  cells[placeOf('url')] = typeof rest.url === 'string' ? rest.url : null
  cells[placeOf('title')] = typeof fields.title === 'string' ? fields.title : null
  cells[placeOf('text')] = texts.length === 0 ? null : texts.join('\n\n')
  const { url: _, ...left } = rest
  cells[placeOf('schema')] = schema
  cells[placeOf('data_json')] = canonicalJson(left)
  const again = ownRecordOf(schema, cells, columns)
  if (equalBytes(again, record)) return { cells, rest: left }
  for (const { i } of columnsOfSchema(schema, columns)) cells[i] = null
  return { cells, rest: fields }
}

/** The canonical bytes of the record. Throws SyntaxError on broken JSON. */
export function ownRecordOf(schema: string, cells: Cells, columns: readonly Column[]): Uint8Array {
  const rest = JSON.parse(String(cells[placeOf('data_json')] ?? '{}')) as Fields
  // left whole
  if ('url' in rest) return utf8(canonicalJson(rest))
  const fields: Fields = {}
  for (const { column, i } of columnsOfSchema(schema, columns)) fields[column.of.field] = valueOf(cells[i] ?? null, column)
  return utf8(canonicalJson({ ...fields, ...rest, url: cells[placeOf('url')] ?? null }))
}

/** Undefined for a value that the column cannot hold. */
function cellOf(value: unknown, { type, many, scale = 0 }: Column): Cell | undefined {
  if (!many) return value === null ? null : oneCell(value, type, scale)
  if (!Array.isArray(value)) return undefined
  const cells = value.map((one) => oneCell(one, type, scale))
  return cells.includes(undefined) ? undefined : (cells as string[])
}

function oneCell(value: unknown, type: Column['type'], scale: number): string | number | boolean | undefined {
  switch (type) {
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'decimal':
      return typeof value === 'string' && isDecimal(value, scale) ? value : undefined
    case 'date':
      return typeof value === 'string' && isDay(value) ? value : undefined
    case 'time':
      return typeof value === 'string' && isoOf(secondsOf(value)) === value ? secondsOf(value) * 1000 : undefined
  }
}

function valueOf(cell: Cell, { type, many }: Column): unknown {
  const one = (value: unknown): unknown => (type === 'time' && typeof value === 'number' ? isoOf(Math.floor(value / 1000)) : value)
  return many && Array.isArray(cell) ? cell.map(one) : one(cell)
}

/** As the extraction writes it: so many digits after the point, 18 in all. */
function isDecimal(text: string, scale: number): boolean {
  const match = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text)
  return match !== null && (match[2]?.length ?? 0) === scale && (match[1] === '0' ? 0 : (match[1] as string).length) + scale <= 18
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && isoOf(dayOfText(text) * 86_400)?.slice(0, 10) === text

/** Days since 1970. */
export const dayOfText = (text: string): number => dayNumber(Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10)))
