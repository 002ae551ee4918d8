/** Rules of a charter's own schemas: each can run, each is listed, and each gives for its examples what they say. */
import { checkSchema, extractRecords, type FieldValue, tryPage } from '../../schemas/selectors/index.ts'
import { pipelineIdOf } from '../../schemas/pipeline/index.ts'
import {
  type Charter,
  columnOf,
  MAX_OWN_COLUMNS,
  schemaIdOf,
  type SelectorExample,
  type SelectorSchema,
  WireError,
} from '../../schemas/wire/index.ts'
import { show } from './explain-issue.ts'
import type { Finding } from './problem.ts'

/** Gives the text of a saved page by its name beside the charter; undefined where there is none. */
export type ReadPage = (file: string) => string | undefined

/** Findings about `selectors`; examples in files are tried where `readPage` is given. */
export function checkSelectors(rules: Charter, readPage?: ReadPage): Finding[] {
  const { selectors } = rules
  return selectors.flatMap((schema, i): Finding[] => {
    const path = ['selectors', i]
    const broken = checkSchema(schema).map((problem): Finding => ({ ...problem, path: [...path, ...problem.path] }))
    const found = [...broken, ...checkListed(rules, schema, i), ...checkTwins(selectors, schema, i)]
    if (broken.length > 0) return found
    const tried = schema.examples.flatMap((example, k) =>
      checkExample(schema, example, [...path, 'examples', k], [...path, 'fields'], readPage),
    )
    // a wrong selector is wrong on every page
    return [...found, ...tried.filter((one, k) => tried.findIndex((other) => sameFinding(one, other)) === k)]
  })
}

const sameFinding = (a: Finding, b: Finding): boolean => a.message === b.message && a.path.join() === b.path.join()

function checkListed({ schemas, pipelines }: Charter, schema: SelectorSchema, i: number): Finding[] {
  const [id, pipeline] = [schemaIdOf(schema), pipelineIdOf(schema)]
  if (schemas.includes(id) && pipelines.includes(pipeline)) return []
  return [
    {
      path: ['selectors', i, 'name'],
      code: 'SELECTORS_NOT_LISTED',
      message: `the charter describes ${id}, and does not accept it`,
      fix: `add \`${id}\` to schemas and \`${pipeline}\` to pipelines`,
    },
  ]
}

/** A release has one column for a field of a schema, whatever its version, and no two for one name. */
function checkTwins(selectors: Charter['selectors'], schema: SelectorSchema, i: number): Finding[] {
  const before = selectors.slice(0, i)
  if (before.some((other) => schemaIdOf(other) === schemaIdOf(schema)))
    return [
      {
        path: ['selectors', i, 'version'],
        code: 'REPEATED',
        message: `${schemaIdOf(schema)} is described twice`,
        fix: 'write another version',
      },
    ]
  const columns = before.flatMap((other) => other.fields.map((field) => ({ ...field, schema: other.name, column: columnOf(other, field) })))
  const found = schema.fields.flatMap((field, k): Finding[] => {
    const twin = columns.find(({ column }) => column === columnOf(schema, field))
    if (twin === undefined) return []
    if (twin.schema === schema.name && twin.type === field.type && twin.many === field.many && twin.scale === field.scale) return []
    return [
      {
        path: ['selectors', i, 'fields', k, 'name'],
        code: 'COLUMN_CONFLICT',
        message: `the column ${columnOf(schema, field)} of a release would hold two kinds of values: ${twin.schema} has it too, with another type`,
        fix: `rename the field, for example \`${field.name}_${schema.version}\``,
      },
    ]
  })
  const own = new Set([...columns.map(({ column }) => column), ...schema.fields.map((field) => columnOf(schema, field))])
  if (own.size <= MAX_OWN_COLUMNS) return found
  const fix = 'move fields that nobody asks for by themselves into a text'
  return [
    ...found,
    {
      path: ['selectors', i, 'fields'],
      code: 'TOO_MANY_COLUMNS',
      message: `the charter describes ${own.size} columns, and a release has ${MAX_OWN_COLUMNS} at most`,
      fix,
    },
  ]
}

function checkExample(
  schema: SelectorSchema,
  example: SelectorExample,
  path: Finding['path'],
  fields: Finding['path'],
  readPage: ReadPage | undefined,
): Finding[] {
  const problem = (below: Finding['path'], code: string, message: string, fix: string): Finding[] => [
    { path: [...path, ...below], code, message, fix },
  ]
  if ((example.html === null) === (example.file === null))
    return problem([], 'EXAMPLE_WITHOUT_PAGE', 'an example has its page either in `html` or in `file`', 'write one of the two')
  if (example.file !== null && readPage === undefined) return []
  const html = example.html ?? readPage?.(example.file as string)
  if (html === undefined)
    return problem(
      ['file'],
      'EXAMPLE_FILE_MISSING',
      `there is no page ${example.file} beside the charter`,
      'save the page there, or correct the name',
    )
  const strays = example.records.flatMap((record, j) =>
    Object.keys(record).flatMap((name) =>
      schema.fields.some((field) => field.name === name)
        ? []
        : problem(
            ['records', j, name],
            'UNKNOWN_FIELD',
            `${schemaIdOf(schema)} has no field ${show(name)}`,
            `its fields are ${schema.fields.map((field) => field.name).join(', ')}`,
          ),
    ),
  )
  if (strays.length > 0) return strays
  let found: Record<string, FieldValue>[] = []
  try {
    found = extractRecords(html, example.url, schema).records.map(({ record }) => record)
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    if (example.records.length === 0) return []
    const why = whyNone(schema, html, example, fields)
    return why.length > 0
      ? why
      : problem(
          [],
          'EXAMPLE_REFUSED',
          `the page gives no record: ${thrown.message} [${thrown.code}]`,
          'correct the schema, or write `records: []` if that is right',
        )
  }
  if (found.length !== example.records.length)
    return problem(
      ['records'],
      'EXAMPLE_DIFFERS',
      `the page gives ${found.length} records, and the example says ${example.records.length}`,
      'correct the example, `each`, or which fields are required',
    )
  return example.records.flatMap((record, j) =>
    Object.entries(record).flatMap(([name, said]): Finding[] => {
      const gives = found[j]?.[name] ?? null
      if (JSON.stringify(gives) === JSON.stringify(said)) return []
      const empty =
        gives === null || (Array.isArray(gives) && gives.length === 0)
          ? emptyField(schema, html, example, name, found[j]?.item as number, fields)
          : []
      return empty.length > 0
        ? empty
        : problem(
            ['records', j, name],
            'EXAMPLE_DIFFERS',
            `the page gives ${show(said === null || typeof said !== 'object' ? gives : JSON.stringify(gives))} for ${name}, and the example says ${show(typeof said === 'object' && said !== null ? JSON.stringify(said) : said)}`,
            `correct the example, or the field ${name}`,
          )
    }),
  )
}

/** The required field, or `each`, that the page does not have, with what could have been meant. */
function whyNone(schema: SelectorSchema, html: string, { url }: SelectorExample, fields: Finding['path']): Finding[] {
  const { items, hint, tried } = tryPage(html, url, schema)
  const unmatched = (path: Finding['path'], what: string, why: string): Finding => ({
    path,
    code: 'SELECTOR_MATCHES_NOTHING',
    message: `${what} finds nothing on the example's page`,
    fix: why,
  })
  if (items === 0 && hint !== null) return [unmatched([...fields.slice(0, -1), 'each'], 'each', hint)]
  return schema.fields.flatMap((field, k) => {
    const one = tried[0]?.[k]
    return field.required && one !== undefined && one.hint !== null
      ? [unmatched([...fields, k, 'select'], `the required field ${field.name}`, one.hint)]
      : []
  })
}

function emptyField(
  schema: SelectorSchema,
  html: string,
  { url }: SelectorExample,
  name: string,
  item: number,
  fields: Finding['path'],
): Finding[] {
  const k = schema.fields.findIndex((field) => field.name === name)
  const one = tryPage(html, url, schema).tried[item]?.[k]
  if (one?.hint === null || one === undefined) return []
  return [
    {
      path: [...fields, k, 'select'],
      code: 'SELECTOR_MATCHES_NOTHING',
      message: `the field ${name} finds nothing on the example's page`,
      fix: one.hint,
    },
  ]
}
