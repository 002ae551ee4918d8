import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { cborCid, type Charter, charter as charterShape, parse, poolTerms, poolTermsOf, PPM } from '../../schemas/wire/index.ts'
import { exampleInput } from './examples.ts'
import {
  charterTemplate,
  compareCharters,
  describeCharter,
  encodeCharter,
  isLocalRules,
  type LocalNetwork,
  localRules,
  parseCharterYaml,
  problemLine,
} from './index.ts'
import { leafPaths } from './shape-facts.ts'
import { charterWords } from './words.ts'

const minimal = charterShape.parse(exampleInput)
const start = { name: 'open-texts', operator: minimal.operator, contact: minimal.contact, seeds: ['https://example.org/'] }
const parsed = (text: string): Charter => {
  const result = parseCharterYaml(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.charter
}

describe('a charter as text and as bytes', () => {
  it('gives from YAML the object, its bytes and its CID', () => {
    const result = parseCharterYaml(stringify(exampleInput))
    expect(result).toMatchObject({ ok: true, charter: minimal })
    if (!result.ok) return
    expect(result.cid.toString()).toBe(encodeCharter(minimal).cid.toString())
    expect(parse(charterShape, result.bytes)).toEqual(minimal)
  })

  it('gives the same CID whatever the order, the comments and the defaults spelled out', () => {
    const spelled = stringify(Object.fromEntries(Object.entries(minimal).toReversed()))
    expect(parsed(`# a comment\n${spelled}`)).toEqual(minimal)
    expect(encodeCharter(parsed(spelled)).cid.equals(encodeCharter(minimal).cid)).toBe(true)
  })

  it('takes the consent policy as the text of a CID', () => {
    const policy = encodeCharter(minimal).cid
    expect(parsed(`${stringify(exampleInput)}consent: ${policy.toString()}\n`).consent?.equals(policy)).toBe(true)
  })
})

describe('the file that starts a DAO', () => {
  const text = charterTemplate(start)

  it('passes as it stands and holds what was given', () => {
    expect(parsed(text)).toEqual({ ...minimal, sources: { ...minimal.sources, seeds: start.seeds } })
  })

  it('shows true defaults: with every comment taken away the rules are the same', () => {
    const open = text.replace(/^( *)# ( *[A-Za-z]+:( |$))/gm, '$1$2')
    expect(open).not.toMatch(/^\s*# ?\s*\w+:/m)
    // terms of pools hold whether they are written down or not
    const rules = (from: string) => ({ ...parsed(from), pool: poolTermsOf(parsed(from)) })
    expect(rules(open)).toEqual(rules(text))
  })

  it('has a word on every field and on nothing else', () => {
    const fields = leafPaths()
      .map((path) => path.join('.'))
      .map((path) =>
        path.startsWith('epoch.') || path.startsWith('contributors.quota') || path.startsWith('price.')
          ? path.replace(/^(\w+\.\w+)\.\w+$/, '$1')
          : path,
      )
      .map((path) => (path.startsWith('price') ? 'price' : path))
    expect(new Set(fields)).toEqual(new Set(Object.keys(charterWords)))
    for (const field of fields) expect(text).toContain(charterWords[field])
  })

  it('keeps awkward values in quotes', () => {
    const odd = charterTemplate({ ...start, purposes: ['yes', '#1: "a"', '- x', '*y'] })
    expect(parsed(odd).purposes).toEqual(['yes', '#1: "a"', '- x', '*y'])
  })
})

describe('local rules', () => {
  const local = localRules({ ...start, seeds: ['http://127.0.0.1:8080/'], allowPrivate: ['127.0.0.1/32:8080'] })

  it('vest at once, cap nothing and wait for nothing', () => {
    expect(local).toMatchObject({
      vestingEpochs: 0,
      replicas: 1,
      contributors: { quota: null },
      validators: { admission: 'open', independence: 'none' },
    })
    expect(local).toMatchObject({ credibility: { hostCapPpm: PPM }, release: { hostCapPpm: PPM, contributorCapPpm: PPM } })
    expect(Object.values(local.epoch).filter((phase) => typeof phase === 'object' && phase.minSeconds > 0)).toEqual([])
  })

  it('pass their own check, and say what they are', () => {
    expect(parsed(stringify(local))).toEqual(local)
    expect(isLocalRules(local)).toBe(true)
    expect(describeCharter(local)).toContain('local rules')
    expect(describeCharter(minimal)).not.toContain('local rules')
    const consent = cborCid(new Uint8Array())
    const listed = { source: 'spotify' as const, domain: 'tunes.example' }
    const mailSenders = [listed, { ...listed, address: 'a@tunes.example', subjects: ['Your data is ready', 'Done'] }]
    const pools = [poolTerms.parse({}), poolTerms.parse({ mailSenders, mailMaxAgeDays: 3 })]
    expect(pools.map((pool) => describeCharter({ ...minimal, consent, pool }).split(', 10 % for what nothing attests')[1])).toEqual([
      '',
      `, 100 % where the service's mail does (spotify by any message of tunes.example, spotify by a@tunes.example with "Your data is ready" or "Done"; at most 3 days old)`,
    ])
  })

  it('give validators that share a host’s pace the time to test', () => {
    const secondsOf = (given: Partial<LocalNetwork>): number =>
      localRules({ ...start, seeds: ['https://a.example/'], ...given }).epoch.test.maxSeconds
    expect(secondsOf({})).toBe(Math.ceil((40 + 5) * 1.5))
    expect(secondsOf({ contributors: 3, validators: 4 })).toBe(4 * (120 + 5) * 1.5)
    expect(secondsOf({ contributors: 3, validators: 4, crawlDelayMs: 10_000 })).toBe(4 * (120 + 5) * 15)
    // no more pages are gathered of one host in an hour
    expect(secondsOf({ contributors: 3, validators: 4, crawlDelayMs: 60_000 })).toBe(4 * (60 + 5) * 90)
    expect(secondsOf({ seeds: ['http://127.0.0.1/'], contributors: 3, validators: 4 })).toBe(60)
  })

  it('stay polite on the open web', () => {
    expect(local.sources.delayMs).toBe(10)
    expect(localRules({ ...start, seeds: ['http://127.0.0.1/', 'https://example.org/'] }).sources.delayMs).toBe(1000)
  })
})

it('names what changed between two versions', () => {
  const after = charterShape.parse({
    ...exampleInput,
    version: 2,
    purposes: ['other'],
    sources: { seeds: ['https://a.example/'] },
    consent: encodeCharter(minimal).cid,
  })
  expect(compareCharters(minimal, minimal)).toEqual([])
  expect(compareCharters(minimal, after).map((change) => change.path)).toEqual(['version', 'purposes', 'sources.seeds', 'consent'])
  expect(compareCharters(minimal, after)[0]).toEqual({ path: 'version', before: 1, after: 2 })
})

describe('text that is no charter', () => {
  const hostile: [what: string, text: string, code: string, line: number][] = [
    ['nothing', '', 'NOT_A_CHARTER', 1],
    ['a word', 'hello', 'NOT_A_CHARTER', 1],
    ['a list', '- v: 1', 'NOT_A_CHARTER', 1],
    ['too many bytes', `v: 1\n# ${'x'.repeat(300_000)}`, 'TOO_LARGE', 1],
    ['too many bytes of few characters', `v: 1\n# ${'€'.repeat(100_000)}`, 'TOO_LARGE', 1],
    ['an alias', 'v: 1\nname: &a x\ntitle: *a', 'YAML_ALIAS', 2],
    ['a bomb of aliases', `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]`, 'YAML_ALIAS', 1],
    ['an alias to nothing', 'v: 1\nname: *nobody', 'YAML_ALIAS', 2],
    ['a tag', 'v: 1\nname: !secret x', 'YAML_TAG', 2],
    ['brackets without end', `v: 1\nname: ${'['.repeat(100_000)}`, 'TOO_DEEP', 2],
    ['dashes without end', `v: 1\nname:\n${'- '.repeat(100_000)}`, 'TOO_DEEP', 3],
    ['questions without end', `v: 1\n${'? '.repeat(100_000)}`, 'TOO_DEEP', 2],
    ['steps without end', Array.from({ length: 700 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), 'TOO_DEEP', 258],
    ['a repeated setting', 'v: 1\nname: a\nname: b', 'DUPLICATE_KEY', 3],
    ['an open quote', 'v: 1\nname: "abc', 'YAML_SYNTAX', 2],
    ['a tab', 'v: 1\nsources:\n\tscope: any', 'YAML_SYNTAX', 3],
    ['two documents', 'v: 1\n---\nv: 1', 'YAML_SYNTAX', 2],
    ['a number for a name', 'v: 1\n7: x', 'YAML_KEY', 2],
  ]

  it.each(hostile)('%s is refused with its line and a way out', (_, text, code, line) => {
    const result = parseCharterYaml(text)
    expect(result.ok).toBe(false)
    if (result.ok) return
    expect(result.problems[0]).toMatchObject({ code, line })
    for (const problem of result.problems) expect(problem.fix.length).toBeGreaterThan(5)
  })

  it('is told in one line per problem', () => {
    const result = parseCharterYaml(`${stringify(exampleInput)}sources:\n  delayMs: -1\n`)
    const lines = result.ok ? [] : result.problems.map((problem) => problemLine(problem, 'charter.yaml'))
    expect(lines).toEqual(['charter.yaml:8:12 sources.delayMs is -1: write a whole number from 0 to 600000, for example `1000`'])
  })

  it.each(['__proto__: { v: 1 }', 'constructor: 1', 'toString: 1', 'sources: { __proto__: { scope: any } }'])(
    '`%s` is an unknown setting',
    (line) => {
      const result = parseCharterYaml(`${stringify(exampleInput)}${line}`)
      expect(result).toMatchObject({ ok: false, problems: [{ code: 'UNKNOWN_KEY', line: stringify(exampleInput).split('\n').length }] })
    },
  )
})
