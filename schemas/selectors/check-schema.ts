/** Everything about a well-formed schema of selectors that could not work, and what to write instead. */
import { schemaIdOf, type SelectorField, type SelectorSchema, type SelectorTransform } from '../wire/index.ts'
import { formatParts } from './dates.ts'
import { compilePattern, PatternError } from './pattern.ts'
import { checkSelector } from './selector.ts'

export interface SchemaProblem {
  /** Below the schema: `['fields', 2, 'select', 0]`. */
  path: readonly (string | number)[]
  code: string
  message: string
  fix: string
}

/** Names that every record has, and the schemas that Quern brings. */
const RESERVED_FIELDS = new Set(['url', 'item'])
const RESERVED_NAMES = new Set(['web-page', 'activity', 'selectors'])
/** First words of columns that every release has: `batch_row` is no field `row` of a schema `batch`. */
const COLUMN_WORDS = new Set('url fetched license usage n contributor batch evidence text extractor links data'.split(' '))

/** In the order of the schema; an empty list means that it can run. Examples are not tried here. */
export function checkSchema(schema: SelectorSchema): SchemaProblem[] {
  return [
    ...checkName(schema),
    ...checkEach(schema),
    ...schema.fields.flatMap((field, i) => checkField(field, i, schema)),
    ...checkText(schema),
  ]
}

function checkName({ name }: SelectorSchema): SchemaProblem[] {
  if (!RESERVED_NAMES.has(name) && !COLUMN_WORDS.has(name.split('-')[0] as string)) return []
  return [
    {
      path: ['name'],
      code: 'NAME_TAKEN',
      message: `${name} is a name that Quern uses itself`,
      fix: `write another name, for example \`my-${name}\``,
    },
  ]
}

function checkEach({ each }: SelectorSchema): SchemaProblem[] {
  return each === null ? [] : selectorProblems(each, ['each'])
}

function selectorProblems(selector: string, path: SchemaProblem['path']): SchemaProblem[] {
  const checked = checkSelector(selector)
  return checked.ok ? [] : [{ path, ...checked.problem, message: `\`${selector}\`: ${checked.problem.message}` }]
}

function checkField(field: SelectorField, i: number, schema: SelectorSchema): SchemaProblem[] {
  const at = (...rest: (string | number)[]): SchemaProblem['path'] => ['fields', i, ...rest]
  const found: SchemaProblem[] = []
  const add = (path: SchemaProblem['path'], code: string, message: string, fix: string): void =>
    void found.push({ path, code, message, fix })
  if (RESERVED_FIELDS.has(field.name))
    add(at('name'), 'FIELD_TAKEN', `every record has its own \`${field.name}\``, field.name === 'url' ? 'write `link`' : 'write `position`')
  const first = schema.fields.findIndex(({ name }) => name === field.name)
  if (first !== i)
    add(
      at('name'),
      'REPEATED',
      `the field ${field.name} is there twice`,
      'rename one; two ways to one field are two entries of its `select`',
    )
  for (const [k, selector] of field.select.entries()) found.push(...selectorProblems(selector, at('select', k)))
  if (field.type === 'enum' && field.values.length === 0)
    add(at('type'), 'ENUM_WITHOUT_VALUES', `the field ${field.name} is an enum of nothing`, 'add `values: [new, used]`')
  if (field.type !== 'enum' && field.values.length > 0)
    add(
      at('values'),
      'VALUES_UNUSED',
      `only an enum has values, and ${field.name} is of type ${field.type}`,
      'write `type: enum`, or remove the line',
    )
  for (const [k, step] of field.transforms.entries()) found.push(...checkStep(step, field, at('transforms', k)))
  return found
}

/** A problem with one setting of a step. */
type Problem = (setting: string, code: string, message: string, fix: string) => SchemaProblem

/** The first thing that is wrong with a step: its settings, what it does with them, what it gives. */
function checkStep(step: SelectorTransform, field: SelectorField, path: SchemaProblem['path']): SchemaProblem[] {
  const problem: Problem = (setting, code, message, fix) => ({ path: [...path, setting], code, message, fix })
  const found = settingsProblem(step, problem) ?? OWN_CHECKS[step.do]?.(step, field, problem) ?? typeProblem(step, field, problem)
  return found === undefined ? [] : [found]
}

function settingsProblem(step: SelectorTransform, problem: Problem): SchemaProblem | undefined {
  const own = SETTINGS[step.do]
  const stray = (Object.keys(step) as (keyof SelectorTransform)[]).find((key) => step[key] !== null && key !== 'do' && !own.includes(key))
  if (stray !== undefined)
    return problem(
      stray,
      'SETTING_UNUSED',
      `${step.do} has no setting \`${stray}\``,
      own.length === 0 ? 'remove it' : `its settings are ${own.map((one) => `\`${one}\``).join(', ')}`,
    )
  const lacks = NEEDED[step.do]
  if (lacks !== undefined && (step[lacks[0]] === null || step[lacks[0]] === ''))
    return problem('do', 'SETTING_MISSING', `${step.do} needs \`${lacks[0]}\``, `write \`{ do: ${step.do}, ${lacks[1]} }\``)
  return undefined
}

const SETTINGS: Record<SelectorTransform['do'], (keyof SelectorTransform)[]> = {
  trim: [],
  collapse: [],
  lower: [],
  upper: [],
  replace: ['from', 'to'],
  extract: ['pattern'],
  split: ['by'],
  number: ['decimal', 'group'],
  date: ['format', 'language', 'zone'],
  is: ['from'],
  present: [],
  'absolute-url': [],
}
const NEEDED: Partial<Record<SelectorTransform['do'], [setting: keyof SelectorTransform, example: string]>> = {
  replace: ['from', 'from: "€", to: ""'],
  extract: ['pattern', 'pattern: "([0-9]+) pieces"'],
  split: ['by', 'by: ","'],
  is: ['from', 'from: "in stock|available"'],
}

const OWN_CHECKS: Partial<
  Record<SelectorTransform['do'], (step: SelectorTransform, field: SelectorField, problem: Problem) => SchemaProblem | undefined>
> = { extract: patternProblem, number: marksProblem, date: formatProblem }

function patternProblem({ pattern }: SelectorTransform, _: SelectorField, problem: Problem): SchemaProblem | undefined {
  try {
    compilePattern(pattern ?? '')
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown
    return problem(
      'pattern',
      'BAD_PATTERN',
      `the pattern \`${pattern ?? ''}\`, at character ${thrown.at + 1}: ${thrown.message}`,
      thrown.fix,
    )
  }
}

function marksProblem({ decimal, group }: SelectorTransform, _: SelectorField, problem: Problem): SchemaProblem | undefined {
  if (group?.includes(decimal ?? '.') !== true) return undefined
  return problem(
    'group',
    'MARKS_EQUAL',
    'one mark cannot stand both before the fraction and between groups of digits',
    decimal === ',' ? 'write `group: "."`' : 'write `decimal: ","` and `group: "."`, or another group',
  )
}

const FORMAT_WORDS: Record<string, string> = { YYYY: 'year', M: 'month', D: 'day' }

function formatProblem({ format }: SelectorTransform, field: SelectorField, problem: Problem): SchemaProblem | undefined {
  if (format === null) return undefined
  const parts = formatParts(format).filter((part) => typeof part === 'string')
  const lost = ['YYYY', 'M', 'D'].filter((want) => !parts.some((part) => part.startsWith(want) && part !== 'DDDD'))
  if (lost.length > 0)
    return problem(
      'format',
      'BAD_DATE_FORMAT',
      `the format \`${format}\` names no ${lost.map((one) => FORMAT_WORDS[one]).join(' and no ')}`,
      'write it with YYYY, M or MM or MMMM (a name), and D or DD, for example `D MMMM YYYY HH:mm`',
    )
  if (field.type === 'datetime' && !parts.some((part) => part.toLowerCase().startsWith('h')))
    return problem(
      'format',
      'BAD_DATE_FORMAT',
      `${field.name} is a datetime, and the format \`${format}\` names no hour`,
      'add ` HH:mm`, or write `type: date`',
    )
  return undefined
}

interface Given {
  what: string
  /** Types of fields that take it. */
  types: SelectorField['type'][]
  fix: string
}
const TRUTH: Given = { what: 'true or false', types: ['boolean'], fix: 'write `type: boolean`' }
const GIVES: Partial<Record<SelectorTransform['do'], Given>> = {
  number: { what: 'digits', types: ['integer', 'decimal', 'string'], fix: 'write `type: decimal` or `type: integer`' },
  date: { what: 'a date', types: ['date', 'datetime', 'string'], fix: 'write `type: date` or `type: datetime`' },
  is: TRUTH,
  present: TRUTH,
}

function typeProblem(step: SelectorTransform, { name, type }: SelectorField, problem: Problem): SchemaProblem | undefined {
  const given = GIVES[step.do]
  if (given === undefined || given.types.includes(type)) return undefined
  return problem('do', 'WRONG_TYPE', `${step.do} gives ${given.what}, and ${name} is of type ${type}`, given.fix)
}

/** Tokens, language and novelty are measured on words: without any, every record would be worth nothing. */
function checkText(schema: SelectorSchema): SchemaProblem[] {
  if (schema.fields.some(({ type }) => type === 'string' || type === 'text')) return []
  return [
    {
      path: ['fields'],
      code: 'NO_TEXT_FIELD',
      message: `${schemaIdOf(schema)} has no field of type string or text, so its records would count nothing`,
      fix: 'add the field that says in words what the record is, for example its title',
    },
  ]
}
