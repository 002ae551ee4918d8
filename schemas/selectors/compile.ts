/** A schema of selectors, checked once and ready to run. */
import { createRequire } from 'node:module'
import type { CheerioAPI } from 'cheerio/slim'
import type { Element } from 'domhandler'
import { cleanLine } from '../web-page/index.ts'
import { type SelectorField, type SelectorSchema, WireError } from '../wire/index.ts'
import { textOf, type Tree } from './dom.ts'
import { CONTAINS_UNITS, type Cost, checkSelector } from './selector.ts'
import { compileTransform, type Transform } from './transforms.ts'
import { compilePattern } from './pattern.ts'

export interface CompiledField {
  field: SelectorField
  /** Steps of the field's patterns together: what a character of its text may cost. */
  steps: number
  transforms: Transform[]
  /** A value is there even where nothing matches. */
  present: boolean
}

export interface CompiledSchema {
  schema: SelectorSchema
  fields: CompiledField[]
  cost: Cost
}

const compiled = new WeakMap<SelectorSchema, CompiledSchema | WireError>()

/** Throws WireError SELECTOR_BAD_SCHEMA: a charter that was never checked may hold anything of the right form. */
export function compileSchema(schema: SelectorSchema): CompiledSchema {
  const known = compiled.get(schema) ?? compileOrRefuse(schema)
  compiled.set(schema, known)
  if (known instanceof WireError) throw known
  return known
}

function compileOrRefuse(schema: SelectorSchema): CompiledSchema | WireError {
  const costs: Cost[] = []
  for (const selector of [...(schema.each === null ? [] : [schema.each]), ...schema.fields.flatMap(({ select }) => select)]) {
    const checked = checkSelector(selector)
    if (!checked.ok) return new WireError('SELECTOR_BAD_SCHEMA', checked.problem.message)
    costs.push(checked.cost)
  }
  try {
    const fields = schema.fields.map(
      (field): CompiledField => ({
        field,
        steps: field.transforms.reduce((sum, step) => sum + (step.do === 'extract' ? compilePattern(step.pattern ?? '').steps : 1), 1),
        transforms: field.transforms.map(compileTransform),
        present: field.transforms.some((step) => step.do === 'present'),
      }),
    )
    return { schema, fields, cost: (tree) => costs.reduce((sum, cost) => sum + cost(tree), 0) }
  } catch (thrown) {
    return new WireError('SELECTOR_BAD_SCHEMA', thrown instanceof Error ? thrown.message : 'a transform that cannot run')
  }
}

export interface Query {
  /** All elements that match, in document order. */
  all(selector: string): Element[]
}

let load: typeof import('cheerio/slim').load | undefined

/** Asks a tree; cheerio loads with the first question, because most processes never ask one. */
export function queryOf({ document }: Tree): Query {
  load ??= (createRequire(import.meta.url)('cheerio/slim') as typeof import('cheerio/slim')).load
  // htmlparser2's tree of a newer domhandler than cheerio brings: the same objects, under other names for the compiler
  const $: CheerioAPI = load(document as unknown as Parameters<typeof load>[0], { pseudos: { contains } } as Parameters<typeof load>[1])
  const known = new Map<string, Element[]>()
  return {
    all(selector) {
      const found = known.get(selector) ?? ($.root().find(selector).toArray() as unknown as Element[])
      known.set(selector, found)
      return found
    },
  }
}

/** `:contains("…")`: in the beginning of the element's text, white space collapsed. */
function contains(element: Element, words: string): boolean {
  return cleanLine(textOf(element, CONTAINS_UNITS, ' ')).includes(words)
}
