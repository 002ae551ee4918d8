/** The charter file that `quern dao init` writes: everyday settings ready to edit, the constants of the mechanism beside them as comments. */
import { stringify } from 'yaml'
import { type CharterInput } from '../../schemas/wire/index.ts'
import { defaultAt, isLeftOut, keysAt } from './shape-facts.ts'
import { exampleOf } from './examples.ts'
import { charterWords } from './words.ts'

export interface CharterStart {
  name: string
  /** did:key of the operator. */
  operator: string
  /** http(s) URL or mailto: address. */
  contact: string
  seeds?: readonly string[]
  purposes?: readonly string[]
}

/** Fields a person will want to look at; all others are written as comments with their defaults. */
const EVERYDAY = new Set(
  (
    'v name title description version operator contact purposes schemas pipelines sources.seeds sources.scope sources.maxPagesPerContributor ' +
    'sources.maxDepth sources.delayMs sources.profile validators.admission validators.listed validators.minimum contributors.minimum replicas ' +
    'vestingEpochs split.contributorsPpm split.validatorsPpm split.commonsPpm release.minQualityPpm release.languages release.license'
  ).split(' '),
)

const HEAD = `# The rules of a DAO, in one file. "quern charter check FILE" says what is wrong with it, and in which line.
# Settings that stand behind "# " show their defaults: take the "# " away, of the section's own line too, and change them.
# What stands behind "#- " is not there unless you write it, with values that only show how: the terms of a personal pool, and bounds besides.
# Every number is a whole number; Ppm is parts per million, so 1000000 is all of it.
`
/** Column at which the words begin. */
const WORDS_AT = 48

/** YAML text that `parseCharterYaml` takes as it stands, provided that the arguments pass it. */
export function charterTemplate({
  name,
  operator,
  contact,
  seeds = [],
  purposes = ['training of open language models'],
}: CharterStart): string {
  const given: CharterInput = { v: 1, name, operator, contact, purposes: [...purposes], sources: { seeds: [...seeds] } }
  return (
    HEAD +
    keysAt([])
      .map((key) => fieldText(key, given))
      .join('')
  )
}

/** A field of the charter, or a section with its fields; a section without everyday fields is a comment as a whole. */
function fieldText(name: string, given: CharterInput): string {
  if (name in charterWords) return line([name], given, EVERYDAY.has(name) ? '' : '# ')
  const fields = keysAt([name]).map((key) => [name, key])
  if (isLeftOut([name])) return `#- ${name}:\n${fields.map((path) => line(path, given, '#-   ')).join('')}`
  const live = fields.some((path) => EVERYDAY.has(path.join('.')))
  const indentOf = (path: string[]): string => (EVERYDAY.has(path.join('.')) ? '  ' : isLeftOut(path) ? '  #- ' : '  # ')
  const body = fields.map((path) => line(path, given, live ? indentOf(path) : '#   '))
  return `${live ? '' : '# '}${name}:\n${body.join('')}`
}

function line(path: readonly string[], given: CharterInput, indent: string): string {
  const value = valueAt(path, given)
  const setting = `${indent}${path.at(-1)}: ${value === null && isLeftOut(path) ? exampleOf(path) : yaml(value)}`
  return `${setting.padEnd(WORDS_AT - 2)}  # ${charterWords[path.join('.')] ?? ''}\n`
}

function valueAt(path: readonly string[], given: CharterInput): unknown {
  let value: unknown = given
  for (const step of path) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined
  return value ?? defaultAt(path) ?? null
}

const yaml = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
