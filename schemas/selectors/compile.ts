/** A schema of selectors, checked once and ready to run. */
import { createRequire } from 'node:module'
import type { Element } from 'domhandler'
import { cleanLine } from '../web-page/index.ts'
import { type SelectorField, type SelectorSchema, WireError } from '../wire/index.ts'
import { forEachElement, textOf, type Tree } from './dom.ts'
import { CONTAINS_UNITS, type Cost, checkSelector, namedSearches } from './selector.ts'
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

const require = createRequire(import.meta.url)

/**
 * Asks a tree. css-select loads with the first question, because most processes never ask one. Its compiler alone is used, on elements in
 * document order: what cheerio's `find` and its own `selectAll` do before compares the children of the root with each other, which takes
 * seconds where a hostile page has ten thousands.
 */
export function queryOf({ document }: Tree): Query {
  const { compile } = require('css-select') as typeof import('css-select')
  const elements: Element[] = []
  forEachElement(document, (element) => elements.push(element))
  const pseudos: Record<string, Test> = { contains }
  // answers about ancestors are remembered, also inside `:not( )`: without it a path costs a power of the depth.
  // The tree is of a newer domhandler than css-select names: the same objects, under other types for the compiler
  const test = (selector: string): Test => compile(selector, { pseudos: pseudos as never, cacheResults: true })
  const known = new Map<string, Element[]>()
  return {
    all(selector) {
      let found = known.get(selector)
      if (found === undefined) {
        const named = namedSearches(selector)
        for (const [name, search] of named.searches) pseudos[name] ??= remembered(test(search))
        const matches = test(named.selector)
        found = elements.filter((element) => matches(element))
        known.set(selector, found)
      }
      return found
    },
  }
}

type Test = (element: Element, words?: string) => boolean

/** Asked once per element, however often a path leads past it. */
function remembered(test: Test): Test {
  const answers = new WeakMap<Element, boolean>()
  return (element) => {
    const known = answers.get(element) ?? test(element)
    answers.set(element, known)
    return known
  }
}

/** `:contains("…")`: in the beginning of the element's text, white space collapsed. */
// two named parameters: css-select counts them to know that it takes words
function contains(element: Element, words: string | undefined): boolean {
  return cleanLine(textOf(element, CONTAINS_UNITS, ' ')).includes(words ?? '')
}
