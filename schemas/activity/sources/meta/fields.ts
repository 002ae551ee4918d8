/** The three shapes of Meta's exports, and text that was written as if bytes were characters. */
import { type Fields, fieldsOf, listOf, repaired, stringOf } from '../../read/index.ts'
import { parseEpoch, parseTime } from '../../times.ts'

export interface MetaRow {
  /** Labels in the account's language, in the order of the file. */
  values: Map<string, string>
  href: string | undefined
  timeMs: number | undefined
  title: string | undefined
}

export const textAt = (fields: Fields, key: string): string | undefined => {
  const text = stringOf(fields[key])
  return text === undefined ? undefined : repaired(text)
}

/** `string_map_data`, `string_list_data` and `label_values` as one. */
export function rowOf(value: unknown): MetaRow {
  const row = fieldsOf(value)
  const values = new Map<string, string>()
  let href: string | undefined
  let timeMs = parseEpoch(row['timestamp']) ?? parseEpoch(row['creation_timestamp'])
  const take = (label: string, cell: Fields): void => {
    timeMs ??= parseEpoch(cell['timestamp']) ?? parseEpoch(cell['timestamp_value']) ?? parseTime(cell['value'])
    href ??= stringOf(cell['href'])
    const text = textAt(cell, 'value')
    if (text !== undefined && text !== '' && parseTime(text) === undefined) values.set(label, text)
  }
  for (const [label, cell] of Object.entries(fieldsOf(row['string_map_data']))) take(repaired(label), fieldsOf(cell))
  for (const cell of listOf(row['string_list_data'])) take('value', fieldsOf(cell))
  for (const cell of listOf(row['label_values'])) {
    const fields = fieldsOf(cell)
    take(textAt(fields, 'label') ?? 'value', fields)
    for (const inner of listOf(fields['vec'])) take(textAt(fields, 'label') ?? 'value', fieldsOf(inner))
  }
  return { values, href, timeMs, title: textAt(row, 'title') }
}

/** The value under a label in one of several languages, else by position. */
export function valueOf(row: MetaRow, labels: RegExp, position: number): string | undefined {
  for (const [label, value] of row.values) if (labels.test(label)) return value
  return [...row.values.values()][position]
}

/** `https://www.instagram.com/jane` is jane. */
export function handleOf(href: string | undefined): string | undefined {
  const parsed = href === undefined ? null : URL.parse(href)
  const [first, second] = parsed?.pathname.split('/').filter((part) => part !== '') ?? []
  return first === '_u' ? second : first
}
