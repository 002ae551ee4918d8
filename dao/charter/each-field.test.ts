import { describe, expect, it } from 'vitest'
import { Document, stringify } from 'yaml'
import { z } from 'zod'
import { charter as charterShape, poolTerms } from '../../schemas/wire/index.ts'
import { exampleInput } from './examples.ts'
import { parseCharterYaml } from './index.ts'
import { keysAt, leafPaths, rangeAt, shapeAt } from './shape-facts.ts'

const policy = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

/** A charter with every field spelled out, one line each, and something in every list. */
const full = {
  ...charterShape.parse(exampleInput),
  sources: {
    ...charterShape.parse(exampleInput).sources,
    seeds: ['https://example.org/', 'https://example.com/'],
    allowPrivate: ['10.0.0.0/8'],
  },
  demand: { defaultPpm: 1, rules: [{ language: 'de', host: null, ppm: 5 }] },
  validators: { ...charterShape.parse(exampleInput).validators, listed: [exampleInput.operator], minimum: 1 },
  quality: { endPunctuation: 5 },
  schemas: ['web-page@1', 'shop@1'],
  pipelines: ['web-page@1/1', 'shop@1/1'],
  selectors: [{ name: 'shop', fields: [{ name: 'title', select: ['h1'], type: 'string' }] }],
  release: { ...charterShape.parse(exampleInput).release, languages: ['de'] },
  price: { asset: 'EUR', amount: '1' },
  consent: policy,
  pool: {
    ...poolTerms.parse({}),
    sources: { spotify: 500_000 },
    mailSenders: [{ source: 'spotify', domain: 'spotify.com', address: 'no-reply@spotify.com', subjects: ['Your data'] }],
    attestedPpm: 1_000_000,
    mailMaxAgeDays: 90,
    mailKeys: [{ name: 's1._domainkey.mail.spotify.com', record: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=' }],
  },
}
type Step = string | number

/** The text with one field changed (undefined: taken out). */
function textWith(path: readonly Step[], value: unknown): string {
  const doc = new Document(full)
  if (value === undefined) doc.deleteIn(path)
  else doc.setIn(path, doc.createNode(value))
  return doc.toString({ lineWidth: 0 })
}

/** Line of a field, found by reading indentation: no code shared with what is tested. */
function lineOf(text: string, path: readonly Step[]): number {
  const above: { indent: number; step: Step }[] = []
  const items = new Map<string, number>()
  for (const [i, line] of text.split('\n').entries()) {
    let rest = line.trimStart()
    let indent = line.length - rest.length
    const enter = (step: Step): boolean => {
      while ((above.at(-1)?.indent ?? -1) >= indent) above.pop()
      above.push({ indent, step })
      return above.map((a) => a.step).join('.') === path.join('.')
    }
    while (rest.startsWith('- ')) {
      while ((above.at(-1)?.indent ?? -1) >= indent) above.pop()
      const list = above.map((a) => a.step).join('.')
      const item = (items.get(list) ?? -1) + 1
      items.set(list, item)
      if (enter(item)) return i + 1
      rest = rest.slice(2)
      indent += 2
    }
    const key = /^([A-Za-z]+):/.exec(rest)?.[1]
    if (key !== undefined && enter(key)) return i + 1
  }
  throw new Error(`${path.join('.')} is not in the text`)
}

interface Case {
  path: readonly Step[]
  value: unknown
  code: string
  fix: RegExp
}

const real = (path: readonly string[]): Step[] => path.map((step) => (step === '*' ? 0 : step))
const numberFix = (path: readonly Step[]): RegExp => {
  const range = rangeAt(path)
  return new RegExp(`whole number from ${range?.min} to ${range?.max}, for example \`-?\\d+`)
}

/** Everything that can be wrong with one field, by what its shape is. */
function wrongs(path: Step[]): Case[] {
  const shape = shapeAt(path)
  const cases: Case[] = []
  const add = (value: unknown, code: string, fix: RegExp): void => void cases.push({ path, value, code, fix })
  if (shape instanceof z.ZodNumber) {
    const { min, max } = rangeAt(path) ?? { min: 0, max: 0 }
    add('many', 'WRONG_TYPE', numberFix(path))
    add(min + 0.5, 'WRONG_TYPE', numberFix(path))
    add(min - 1, 'OUT_OF_RANGE', numberFix(path))
    expect(max, `${path.join('.')} has an upper bound`).toBeLessThan(Number.MAX_SAFE_INTEGER)
    add(max + 1, 'OUT_OF_RANGE', numberFix(path))
  } else if (shape instanceof z.ZodEnum || shape instanceof z.ZodLiteral) {
    add('nonsense', 'NOT_ALLOWED', /^write `/)
    add(['a'], 'NOT_ALLOWED', /^write `/)
  } else if (shape instanceof z.ZodArray || shape instanceof z.ZodTuple) {
    add('one', 'WRONG_TYPE', /a list, for example `\[/)
    if (shape instanceof z.ZodArray) {
      const inner = shapeAt([...path, 0])
      const item = { path: [...path, 0], value: [[1]], code: 'WRONG_TYPE', fix: /for example `/ }
      if (inner instanceof z.ZodString || inner instanceof z.ZodURL || inner instanceof z.ZodObject) cases.push({ ...item, value: 7 })
    }
  } else if (shape instanceof z.ZodRecord || shape instanceof z.ZodObject) {
    add(7, 'WRONG_TYPE', /a section of `key: value` lines/)
  } else if (shape instanceof z.ZodString || shape instanceof z.ZodURL) {
    add(7, 'WRONG_TYPE', /in quotes: `"7"`/)
    add({ a: 1 }, 'WRONG_TYPE', /write text, for example `/)
    if (shape.maxLength !== null)
      add(`https://example.org/${'x'.repeat(shape.maxLength)}`, 'TOO_MANY', new RegExp(`at most ${shape.maxLength} characters`))
    else add('{ no such format }', 'BAD_FORMAT', /for example `/)
  } else {
    add('not a cid', 'BAD_FORMAT', /for example `bafy/)
  }
  return cases
}

const extra = [
  ['quality', 'endPunctuation'],
  ['pool', 'sources', 'spotify'],
  ['demand', 'rules', '*', 'language'],
  ['demand', 'rules', '*', 'host'],
  ['demand', 'rules', '*', 'ppm'],
  ['credibility', 'basePpm', '*'],
  ['sources', 'seeds', '*'],
  ['validators', 'listed', '*'],
]
const fields = [...leafPaths(), ...extra].map(real)

describe('each field wrong, one at a time', () => {
  const cases = fields.flatMap(wrongs)

  it('covers every field of the charter', () => {
    expect(new Set(cases.map((c) => c.path[0]))).toEqual(new Set(keysAt([])))
    expect(cases.length).toBeGreaterThan(250)
  })

  it.each(cases)('$path = $value', ({ path, value, code, fix }) => {
    const text = textWith(path, value)
    const result = parseCharterYaml(text)
    expect(result.ok).toBe(false)
    if (result.ok) return
    const line = lineOf(text, path)
    expect(result.problems).toHaveLength(1)
    expect(result.problems[0]).toMatchObject({ line, code })
    expect(result.problems[0]?.fix).toMatch(fix)
    expect(text.split('\n')[line - 1]).toContain(typeof path.at(-1) === 'number' ? '- ' : `${path.at(-1)}:`)
  })
})

describe('each section', () => {
  const sections = [[], ...keysAt([]).map((key) => [key])].filter((path) => keysAt(path).length > 0)

  it.each(sections.map((path) => ({ path })))('$path: a mistyped setting is met with the right one', ({ path }) => {
    for (const key of keysAt(path)) {
      if (key.length < 3) continue
      const typo = `${key.slice(0, -2)}${key.at(-1)}${key.at(-2)}x`
      const text = textWith([...path, typo], 1)
      const result = parseCharterYaml(text)
      expect(result).toMatchObject({
        ok: false,
        problems: [{ code: 'UNKNOWN_KEY', line: lineOf(text, [...path, typo]), fix: `did you mean \`${key}\`?` }],
      })
    }
  })

  it.each(sections.filter((path) => path.length > 0 && path[0] !== 'price').map((path) => ({ path })))('$path: left empty', ({ path }) => {
    const text = textWith(path, null)
    expect(parseCharterYaml(text)).toMatchObject({
      ok: false,
      problems: [{ code: 'EMPTY', line: lineOf(text, path), fix: expect.stringContaining('remove the line') }],
    })
  })

  it.each(['v', 'name', 'operator', 'contact', 'purposes'])('%s: missing, and no default could be right', (key) => {
    const result = parseCharterYaml(textWith([key], undefined))
    expect(result).toMatchObject({
      ok: false,
      problems: [{ code: 'MISSING', path: key, line: 1, fix: expect.stringMatching(new RegExp(`^add \`${key}: .`)) }],
    })
  })

  it('a setting of another section is sent there', () => {
    expect(parseCharterYaml(textWith(['delayMs'], 5))).toMatchObject({
      ok: false,
      problems: [{ code: 'UNKNOWN_KEY', fix: 'move it under `sources:`' }],
    })
  })
})

it('reads what people mean by a number', () => {
  const fixOf = (path: Step[], value: unknown): string => {
    const result = parseCharterYaml(textWith(path, value))
    return result.ok ? '' : (result.problems[0]?.fix ?? '')
  }
  expect(fixOf(['split', 'commonsPpm'], 0.05)).toContain('0.05 is `50000`')
  expect(fixOf(['split', 'commonsPpm'], '5 %')).toContain('5 % is `50000`')
  expect(fixOf(['sources', 'delayMs'], '1_500')).toContain('`1500` without separators')
})

it('names every wrong field at once, in the order of the text', () => {
  const text = 'v: 1\nname: Big Name\nsources:\n  scope: galaxy\n  delayMs: -1\nwhat: 1\n'
  const result = parseCharterYaml(text)
  expect(result.ok).toBe(false)
  if (result.ok) return
  expect(result.problems.map(({ line, path }) => [line, path])).toEqual([
    [1, 'operator'],
    [1, 'contact'],
    [1, 'purposes'],
    [2, 'name'],
    [4, 'sources.scope'],
    [5, 'sources.delayMs'],
    [6, 'what'],
  ])
})

describe('rules between fields', () => {
  const mailSenders = [{ source: 'spotify', domain: 'a.example' }]
  const listed = [1, 2, 3, 4].map((n) => `${exampleInput.operator.slice(0, -1)}${n}`)
  const table: [code: string, input: Record<string, unknown>, path: string, fix: RegExp][] = [
    ['SPLIT_NOT_WHOLE', { split: { contributorsPpm: 800_000 } }, 'split', /contributorsPpm is `850000`/],
    ['SPLIT_NOT_WHOLE', { split: { validatorsPpm: 900_000, commonsPpm: 900_000 } }, 'split', /lower/],
    ['MINIMUM_ABOVE_LISTED', { validators: { listed: listed.slice(0, 3) } }, 'validators.minimum', /`minimum: 3`/],
    ['QUORUM_ABOVE_LISTED', { validators: { listed, quorum: 5 } }, 'validators.quorum', /from 3 to 4/],
    ['QUORUM_TOO_SMALL', { validators: { listed, quorum: 2 } }, 'validators.quorum', /from 3 to 4/],
    ['LIST_UNUSED', { validators: { listed, admission: 'open' } }, 'validators.listed', /`admission: listed`/],
    ['PIPELINE_WITHOUT_SCHEMA', { pipelines: ['web-page@1/1', 'shop@1/1'] }, 'pipelines[1]', /add `shop@1` to schemas/],
    ['SCHEMA_WITHOUT_PIPELINE', { schemas: ['web-page@1', 'shop@1'] }, 'schemas[1]', /add `shop@1\/1` to pipelines/],
    ['PHASE_NEVER_ENDS', { epoch: { test: { minSeconds: 100, maxSeconds: 50 } } }, 'epoch.test', /`maxSeconds: 100`/],
    ['BAD_ADDRESS_RANGE', { sources: { allowPrivate: ['10.0.0.0/33'] } }, 'sources.allowPrivate[0]', /CIDR\[:PORT\]/],
    ['BAD_ADDRESS_RANGE', { sources: { allowPrivate: ['10.0.0.0/8', 'localhost:80'] } }, 'sources.allowPrivate[1]', /127\.0\.0\.0\/8:8080/],
    ['BAD_ADDRESS_RANGE', { sources: { allowPrivate: ['10.0.0.0/8:99999'] } }, 'sources.allowPrivate[0]', /CIDR\[:PORT\]/],
    ['SEED_NOT_FETCHABLE', { sources: { seeds: ['https://me:secret@example.org/'] } }, 'sources.seeds[0]', /without a user name/],
    ['SEED_NOT_REACHABLE', { sources: { seeds: ['http://10.1.2.3/'] } }, 'sources.seeds[0]', /"10\.1\.2\.3\/32:80"/],
    ['SEED_NOT_REACHABLE', { sources: { seeds: ['http://example.org:8080/'] } }, 'sources.seeds[0]', /allowPrivate/],
    ['SEED_NOT_REACHABLE', { sources: { seeds: ['http://localhost/'] } }, 'sources.seeds[0]', /127\.0\.0\.0\/8:80/],
    [
      'SEED_NOT_REACHABLE',
      { sources: { seeds: ['http://127.0.0.1:81/'], allowPrivate: ['127.0.0.0/8:80'] } },
      'sources.seeds[0]',
      /127\.0\.0\.1\/32:81/,
    ],
    ['SEED_WITHOUT_DOMAIN', { sources: { seeds: ['http://93.184.216.34/'], scope: 'domain' } }, 'sources.seeds[0]', /`scope: host`/],
    [
      'RULE_OUTSIDE_SCOPE',
      { sources: { seeds: ['https://a.example/'] }, demand: { rules: [{ host: 'b.example', ppm: 1 }] } },
      'demand.rules[0].host',
      /add a seed on b\.example/,
    ],
    ['POOL_SCHEMA_IN_SCHEMAS', { schemas: ['web-page@1', 'activity@1'] }, 'schemas[1]', /take it out of schemas/],
    ['POOL_WITHOUT_CONSENT', { pool: { minTokens: 2 } }, 'pool', /set `consent`/],
    ['NOTHING_COUNTS', { consent: policy, pool: { minTokens: 9, maxTokens: 8 } }, 'pool.minTokens', /`minTokens: 8`/],
    ['SCHEMA_WITHOUT_MEASURES', { consent: policy, pool: { schemas: ['activity@2'] } }, 'pool.schemas[0]', /add `activity@2\/1`/],
    ['MAILS_WITHOUT_SENDERS', { consent: policy, pool: { attestedPpm: 5 } }, 'pool.attestedPpm', /`mailSenders: \[/],
    [
      'BAD_MAIL_KEY',
      { consent: policy, pool: { mailSenders, mailKeys: [{ name: 'a.example', record: 'p=AAAA' }] } },
      'pool.mailKeys[0]',
      /_domainkey/,
    ],
    [
      'BAD_MAIL_KEY',
      { consent: policy, pool: { mailSenders, mailKeys: [{ name: 's._domainkey.mail.a.example', record: 'p=AAAA' }] } },
      'pool.mailKeys[0]',
      /1024 bits/,
    ],
    [
      'SENDER_OUTSIDE_DOMAIN',
      { consent: policy, pool: { mailSenders: [{ ...mailSenders[0], address: 'no-reply@b.example' }] } },
      'pool.mailSenders[0].address',
      /at a\.example/,
    ],
    [
      'MAIL_TOO_OLD_WHEN_TESTED',
      { consent: policy, pool: { mailSenders, mailMaxAgeDays: 3 }, epoch: { gather: { maxSeconds: 2 * 86_400 } } },
      'pool.mailMaxAgeDays',
      /`mailMaxAgeDays: 6`/,
    ],
    ['ATTESTED_COUNTS_LESS', { consent: policy, pool: { mailSenders, attestedPpm: 5 } }, 'pool.attestedPpm', /`attestedPpm: 100000`/],
    ['NOTHING_COUNTS', { value: { minTokens: 100, maxTokens: 99 } }, 'value.minTokens', /`minTokens: 99`/],
    ['NOVELTY_NEVER_WHOLE', { value: { noveltyFrom: 50 } }, 'value.noveltySpan', /`noveltySpan: 50`/],
    ['NEWCOMER_ABOVE_CAP', { contributors: { quota: { newcomer: 10, cap: 5 } } }, 'contributors.quota.newcomer', /`newcomer: 5`/],
    ['BASES_NOT_ASCENDING', { credibility: { basePpm: [3, 1, 2] } }, 'credibility.basePpm', /\[1, 2, 3\]/],
    ['HONEST_EPOCHS_VOID', { credibility: { voidPpm: 100_000 } }, 'credibility.voidPpm', /`voidPpm: 300000`/],
    ['NO_WEIGHT', { quality: { a: 0, b: 0 } }, 'quality', /above 0/],
    ['REPEATED', { purposes: ['a', 'b', 'a'] }, 'purposes[2]', /remove one/],
    ['REPEATED', { validators: { listed: [...listed, listed[0]] } }, 'validators.listed[4]', /remove one/],
    ['UNKNOWN_LICENSE', { release: { license: 'CC-BY-4' } }, 'release.license', /did you mean `CC-BY-4\.0`/],
  ]

  it.each(table)('%s %o', (code, input, path, fix) => {
    const text = stringify({ ...exampleInput, ...input })
    const result = parseCharterYaml(text)
    expect(result.ok).toBe(false)
    if (result.ok) return
    const problem = result.problems.find((p) => p.code === code)
    expect(problem).toMatchObject({ path, code })
    expect(problem?.fix).toMatch(fix)
    const steps = path.split(/[.[\]]+/).filter((step) => step !== '')
    const known = steps.map((step) => (/^\d+$/.test(step) ? Number(step) : step))
    const written = known.findIndex((_, i) => !has(input, known.slice(0, i + 1)))
    expect(problem?.line).toBe(lineOf(text, written < 0 ? known : known.slice(0, written)))
  })

  it('what works together passes', () => {
    const good = [
      { validators: { listed, quorum: 3 } },
      { sources: { seeds: ['http://127.0.0.1:81/'], allowPrivate: ['127.0.0.0/8:81'] } },
      { sources: { seeds: ['http://localhost:81/'], allowPrivate: ['127.0.0.0/8:81', '[::1/128]:81'] } },
      { sources: { seeds: ['https://www.a.example/'] }, demand: { rules: [{ host: 'a.example', ppm: 1 }] } },
      { release: { license: 'CC-BY-4.0' } },
      { release: { license: 'LicenseRef-Ours' } },
      { schemas: ['web-page@1', 'shop@1'], pipelines: ['web-page@1/1', 'web-page@1/2', 'shop@1/1'] },
    ]
    for (const input of good) expect(parseCharterYaml(stringify({ ...exampleInput, ...input }))).toMatchObject({ ok: true })
  })
})

function has(value: unknown, path: readonly Step[]): boolean {
  let at: unknown = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false
    at = (at as Record<Step, unknown>)[step]
  }
  return true
}
