import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse as parseYaml } from 'yaml'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { type ColumnMap, poolRules, type PoolRules, type Source, SOURCES } from '../../schemas/activity/index.ts'
import type { Detector } from '../../schemas/redact/index.ts'
import { type Flags, readTextAtMost } from '../program/index.ts'

const MAX_RULES_BYTES = 1 << 20
const COLUMNS = ['type', 'kind', 'time', 'name', 'text', 'url', 'duration', 'value', 'unit', 'context', 'person', 'defaultType'] as const
const text = (flags: Flags, name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined)

/** `time=When,text=Note`, or a JSON object. Throws UsageError. */
export function columnsOf(flags: Flags): ColumnMap | undefined {
  const said = text(flags, 'columns')
  if (said === undefined) return undefined
  const bad = (why: string): UsageError =>
    new UsageError('BAD_COLUMNS', `${why}; --columns takes "time=When,text=Note" of ${COLUMNS.join(', ')}`)
  let pairs: [string, unknown][]
  try {
    pairs = said.trim().startsWith('{')
      ? Object.entries(JSON.parse(said) as object)
      : said.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()])
  } catch {
    throw bad('that is not JSON')
  }
  for (const [field, column] of pairs) {
    if (!COLUMNS.some((one) => one === field)) throw bad(`there is no field "${field}"`)
    if (typeof column !== 'string' || column === '') throw bad(`"${field}" has no column`)
  }
  return Object.fromEntries(pairs) as ColumnMap
}

/** What the owner wants: from `--rules` (YAML or JSON), then flags over them. The pool's own rules come on top: `coarserOf`. */
export async function rulesOf(flags: Flags): Promise<PoolRules> {
  const file = text(flags, 'rules')
  let given: unknown = {}
  if (file !== undefined) {
    const source = await readTextAtMost(file, MAX_RULES_BYTES)
    try {
      given = parseYaml(source) ?? {}
    } catch (cause) {
      throw new InvalidInputError('BAD_RULES', `${file} is neither YAML nor JSON`, { cause })
    }
  }
  const place = text(flags, 'place')
  const over = {
    ...(text(flags, 'time') === undefined ? {} : { time: text(flags, 'time') }),
    ...(place === undefined ? {} : { placeDecimals: place === 'none' ? null : Number(place) }),
  }
  const parsed = poolRules.safeParse(typeof given === 'object' && given !== null ? { ...given, ...over } : given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InvalidInputError('BAD_RULES', `${issue?.path.join('.') ?? 'rules'}: ${issue?.message ?? 'not rules of a pool'}`)
  }
  return parsed.data
}

/** The operator's own detectors, each a module with a `detector`. They run on this machine, as this user. */
export async function detectorsOf(flags: Flags): Promise<Detector[]> {
  const files = Array.isArray(flags['detector']) ? (flags['detector'] as string[]) : []
  return Promise.all(
    files.map(async (file) => {
      const loaded = (await import(pathToFileURL(path.resolve(file)).href).catch((cause: unknown) =>
        Promise.reject(new InvalidInputError('BAD_DETECTOR', `cannot load the detector ${file}`, { cause })),
      )) as { detector?: Detector; default?: Detector }
      const detector = loaded.detector ?? loaded.default
      if (typeof detector?.find !== 'function' || typeof detector.name !== 'string' || typeof detector.version !== 'string')
        throw new InvalidInputError('BAD_DETECTOR', `${file} exports no detector {name, version, find(text)}`)
      return detector
    }),
  )
}

export function sourceOf(flags: Flags): Source | undefined {
  const said = text(flags, 'source')
  if (said === undefined) return undefined
  const found = SOURCES.find((one) => one === said)
  if (found === undefined) throw new UsageError('BAD_SOURCE', `there is no source "${said}"; known are ${SOURCES.join(', ')}`)
  return found
}
