/** From what the shape refused to what a person should do about it. */
import { stringify } from 'yaml'
import { z } from 'zod'
import { nearest } from '../../schemas/selectors/index.ts'
import { exampleOf } from './examples.ts'
import { type Finding, type Path, spell } from './problem.ts'
import { defaultAt, keysAt, leafPaths, rangeAt, shapeAt } from './shape-facts.ts'

/** One finding per field; an issue about unknown keys gives one per key. `input` is the value the shape was held against. */
export function explainIssue(issue: z.core.$ZodIssue, input: unknown): Finding[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(path, key))
  const { found, value } = lookUp(input, path)
  if (!found) return [missing(path)]
  return [{ path, ...explain(issue, path, value) }]
}

type Explained = Pick<Finding, 'code' | 'message' | 'fix'>

function explain(issue: z.core.$ZodIssue, path: Path, value: unknown): Explained {
  const name = spell(path)
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(path, value)
    case 'too_small':
    case 'too_big': {
      const range = rangeAt(path)
      if (range) return { code: 'OUT_OF_RANGE', message: `${name} is ${show(value)}`, fix: `write ${wholeNumber(path)}` }
      const bound = issue.code === 'too_small' ? `at least ${String(issue.minimum)}` : `at most ${String(issue.maximum)}`
      const unit = issue.origin === 'string' ? 'characters' : 'entries'
      const few = issue.code === 'too_small'
      return {
        code: few ? 'TOO_FEW' : 'TOO_MANY',
        message: `${name} has ${few ? 'fewer' : 'more'} ${unit} than it may have`,
        fix: `write ${bound} ${unit}${few ? `, for example \`${example(path)}\`` : ''}`,
      }
    }
    case 'invalid_value':
      return {
        code: 'NOT_ALLOWED',
        message: `${name} is ${show(value)}`,
        fix: `write ${issue.values.map((v) => `\`${String(v)}\``).join(' or ')}${closeWord(value, issue.values)}`,
      }
    case 'invalid_key':
      return { code: 'BAD_FORMAT', message: `${name} has a key that it cannot have`, fix: 'shorten the key to 64 characters' }
    default:
      return { code: 'BAD_FORMAT', message: `${name} is ${show(value)}: ${plain(issue)}`, fix: `write for example \`${example(path)}\`` }
  }
}

const plain = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_format' && issue.format === 'url' ? 'not an http or https URL' : issue.message.replace(/^Invalid string: /, '')

function unknownKey(path: Path, key: string): Finding {
  const known = keysAt(path)
  const near = nearest(key, known)
  const elsewhere = leafPaths().find((leaf) => leaf.at(-1) === key && leaf.length > 1)
  const section = path.length === 0 ? 'the charter' : spell(path)
  const fix =
    near !== undefined
      ? `did you mean \`${near}\`?`
      : elsewhere
        ? `move it under \`${spell(elsewhere.slice(0, -1))}:\``
        : `remove it; known here: ${known.join(', ')}`
  return { path: [...path, key], atKey: true, code: 'UNKNOWN_KEY', message: `${section} has no setting \`${show(key)}\``, fix }
}

function missing(path: Path): Finding {
  const fallback = defaultAt(path)
  const value = fallback === undefined ? example(path) : inline(fallback)
  return { path, code: 'MISSING', message: `${spell(path)} is missing`, fix: `add \`${String(path.at(-1))}: ${value}\`` }
}

function wrongType(path: Path, value: unknown): Explained {
  const name = spell(path)
  const shape = shapeAt(path)
  if (value === null) {
    const isSection = shape instanceof z.ZodObject
    const fix = isSection ? 'remove the line, or indent at least one setting under it' : `write for example \`${name}: ${example(path)}\``
    return { code: 'EMPTY', message: `${name} is empty`, fix: isSection ? fix : fix.replace(`${name}: `, `${String(path.at(-1))}: `) }
  }
  if (shape instanceof z.ZodNumber) return { code: 'WRONG_TYPE', message: `${name} is ${show(value)}`, fix: numberFix(path, value) }
  const wants =
    shape instanceof z.ZodObject || shape instanceof z.ZodRecord
      ? 'a section of `key: value` lines'
      : shape instanceof z.ZodArray || shape instanceof z.ZodTuple
        ? 'a list'
        : 'text'
  const quoted = wants === 'text' && (typeof value === 'number' || typeof value === 'boolean')
  const fix = quoted
    ? `put it in quotes: \`"${String(value)}"\`, or write for example \`${example(path)}\``
    : `write ${wants}, for example \`${example(path)}\``
  return { code: 'WRONG_TYPE', message: `${name} is ${show(value)}, not ${wants}`, fix }
}

function numberFix(path: Path, value: unknown): string {
  const whole = `write ${wholeNumber(path)}`
  if (typeof value === 'string' && /^\d[\d_,' ]*$/.test(value)) return `${whole}; here \`${value.replace(/\D/g, '')}\` without separators`
  if (typeof value === 'number' && spell(path).endsWith('Ppm') && value > 0 && value < 1)
    return `${whole}; parts per million: ${value} is \`${Math.round(value * 1_000_000)}\``
  if (typeof value === 'string' && /^\d+ ?%$/.test(value))
    return `${whole}; parts per million: ${value} is \`${Number.parseInt(value, 10) * 10_000}\``
  return whole
}

function wholeNumber(path: Path): string {
  const { min, max } = rangeAt(path) ?? { min: 0, max: Number.MAX_SAFE_INTEGER }
  return `a whole number from ${min} to ${max}, for example \`${example(path)}\``
}

function example(path: Path): string {
  const known = exampleOf(path)
  if (known !== undefined) return known
  const fallback = defaultAt(path)
  return fallback === undefined || fallback === null ? 'null' : inline(fallback)
}

const inline = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()

function closeWord(value: unknown, known: readonly unknown[]): string {
  const near = typeof value === 'string' ? nearest(value, known.map(String)) : undefined
  return near === undefined ? '' : `; did you mean \`${near}\`?`
}

/** Values come from a file of unknown origin: short, and on one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'missing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'a section'
  const text = typeof value === 'string' ? value.replace(/[^\x20-\x7e]/g, '?') : (JSON.stringify(value) ?? typeof value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

function lookUp(input: unknown, path: Path): { found: boolean; value: unknown } {
  let value = input
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return { found: false, value: undefined }
    value = (value as Record<string | number, unknown>)[step]
  }
  return { found: true, value }
}
