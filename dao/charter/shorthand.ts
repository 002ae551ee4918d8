/** Short ways to write a schema of selectors, and where in the text a thing stood that was written so. */
import type { Path } from './problem.ts'

type Fields = Record<string, unknown>
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const mapped = (value: unknown, change: (item: unknown) => unknown): unknown => (Array.isArray(value) ? value.map(change) : value)

/**
 * The long form: `select: h1` is a list of one, `transforms: [trim]` a step without settings, `record:` in an example a list of one record.
 * Anything else stays as it is, and the shape says what is wrong with it.
 */
export function longForm(value: unknown): unknown {
  if (!isFields(value) || !Array.isArray(value.selectors)) return value
  return { ...value, selectors: mapped(value.selectors, longSchema) }
}

function longSchema(schema: unknown): unknown {
  if (!isFields(schema)) return schema
  const long: Fields = { ...schema }
  if ('fields' in schema) long.fields = mapped(schema.fields, longField)
  if ('examples' in schema) long.examples = mapped(schema.examples, longExample)
  return long
}

function longField(field: unknown): unknown {
  if (!isFields(field)) return field
  const long: Fields = { ...field }
  if (typeof field.select === 'string') long.select = [field.select]
  if ('transforms' in field) long.transforms = mapped(field.transforms, (step) => (typeof step === 'string' ? { do: step } : step))
  return long
}

function longExample(example: unknown): unknown {
  if (!isFields(example) || !('record' in example) || 'records' in example) return example
  const { record, ...rest } = example
  return { ...rest, records: [record] }
}

/** A path of the long form as the text has it: without the steps that only the long form has. */
export function asWritten(path: Path, text: unknown): Path {
  const written: (string | number)[] = []
  let at: unknown = text
  for (let i = 0; i < path.length; i++) {
    let step = path[i] as string | number
    if (step === 'records' && isFields(at) && !('records' in at) && 'record' in at) {
      step = 'record'
      // the number of the only record
      i++
    }
    const isShort = typeof at === 'string' && (step === 0 || step === 'do')
    if (isShort) continue
    written.push(step)
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined
  }
  return written
}
