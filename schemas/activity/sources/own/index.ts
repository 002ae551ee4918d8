/** Somebody's own CSV, JSON or JSON lines, with a map that says which column is what. A column that is not named is dropped. */
import { DateOrder } from '../../date-order.ts'
import { type Draft, dropped, type Found } from '../../draft.ts'
import { ExportError } from '../../errors.ts'
import { EVENT_TYPES } from '../../event.ts'
import { csvRows, decimalOf, type Fields, fieldsOf, jsonValues, linesOf, stringOf } from '../../read/index.ts'
import type { ColumnMap, ExportFile, FileKind, Reading, SourceParser } from '../../source.ts'
import { parseDuration, parseEpoch, parseLocalTime, parseTime } from '../../times.ts'

const mapOf = ({ answers }: Reading): ColumnMap => {
  if (answers.columns === undefined) throw new ExportError('COLUMNS_MISSING', 'say which column is what: --columns "time=When,text=Note"')
  return answers.columns
}

const ORDERS = 'own-orders'
/** Of each file, whether its dates put the day or the month first. */
function ordersOf({ notes }: Reading): Map<string, DateOrder> {
  const orders = (notes.get(ORDERS) as Map<string, DateOrder> | undefined) ?? new Map<string, DateOrder>()
  notes.set(ORDERS, orders)
  return orders
}

const cell = (row: Fields, column: string | undefined): string | undefined => {
  if (column === undefined) return undefined
  const value = Object.hasOwn(row, column) ? row[column] : row[column.toLowerCase()]
  return typeof value === 'number' ? String(value) : stringOf(value)
}

function found(row: Fields, map: ColumnMap, order: 'dmy' | 'mdy'): Found {
  const said = cell(row, map.type) ?? map.defaultType ?? 'Post'
  const type = EVENT_TYPES.find((one) => one.toLowerCase() === said.toLowerCase())
  if (type === undefined) return dropped('not-in-rules')
  const kind =
    (cell(row, map.kind) ?? 'thing')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'thing'
  const time = cell(row, map.time)
  const value = decimalOf(cell(row, map.value))
  const draft: Draft = {
    type,
    kind,
    timeMs: time === undefined ? undefined : (parseTime(time) ?? parseEpoch(time) ?? parseLocalTime(time, order)),
    name: cell(row, map.name),
    text: cell(row, map.text),
    url: cell(row, map.url),
    durationS: parseDuration(cell(row, map.duration)),
    context: cell(row, map.context),
    person: cell(row, map.person),
    measure: value === undefined ? undefined : { name: map.value ?? 'value', value, unit: (cell(row, map.unit) ?? '').slice(0, 24) },
  }
  // a time that cannot be read is not no time
  return time !== undefined && draft.timeMs === undefined ? dropped('bad-time') : draft
}

const kind = (name: string, path: RegExp, rowsOf: (file: ExportFile) => AsyncIterable<Fields>): FileKind => ({
  name,
  path,
  weight: 1,
  async survey(file, reading) {
    const map = mapOf(reading)
    const { defaultType: _, ...columns } = map
    const named = Object.values(columns)
    const order = new DateOrder(reading.answers.dates)
    let isKnown: boolean | undefined
    for await (const row of rowsOf(file)) {
      isKnown = isKnown === true || named.some((column) => cell(row, column) !== undefined)
      order.see(cell(row, map.time) ?? '')
      if (map.person !== undefined) reading.people.add({ names: [cell(row, map.person)] })
    }
    if (isKnown === false) reading.warn('COLUMNS_MISSING', 'a file has none of the columns that --columns names, so nothing of it is kept')
    ordersOf(reading).set(file.path, order)
  },
  async *events(file, reading) {
    const map = mapOf(reading)
    const order = ordersOf(reading).get(file.path)?.decide(reading.warn) ?? 'dmy'
    for await (const row of rowsOf(file)) yield found(row, map, order)
  },
})

async function* jsonRows(file: ExportFile): AsyncGenerator<Fields> {
  for await (const values of jsonValues(file))
    for (const { value } of values) if (typeof value === 'object' && value !== null) yield fieldsOf(value)
}

async function* lineRows(file: ExportFile): AsyncGenerator<Fields> {
  for await (const line of linesOf(file)) {
    if (line.trim() === '') continue
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw new ExportError('BAD_JSON', 'a line of this file is not JSON')
    }
    yield fieldsOf(value)
  }
}

/** Taken only where a column map was given. */
export const own: SourceParser = {
  source: 'own',
  version: 2,
  kinds: [kind('csv', /\.(?:csv|tsv)$/, csvRows), kind('json', /\.json$/, jsonRows), kind('jsonl', /\.(?:jsonl|ndjson)$/, lineRows)],
}
