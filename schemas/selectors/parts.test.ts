import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDate, toUtc } from './dates.ts'
import { decimalOf, integerOf, plainNumber } from './numbers.ts'
import { compilePattern, PatternError } from './pattern.ts'
import { checkSelector } from './selector.ts'

describe('patterns', () => {
  const find = (pattern: string, text: string): string | null => compilePattern(pattern).first(text)

  it.each([
    ['(\\d+) Stück', 'Inhalt: 12 Stück', '12'],
    ['\\d+', 'a12b34', '12'],
    ['^\\d+$', '12a', null],
    ['[^,]+', ',,ab,c', 'ab'],
    ['(a|ab)(c|bcd)', 'abcd', 'a'],
    ['a.c', 'a\nc', null],
    ['(.*?),', 'x, y, z', 'x'],
    ['(.*),', 'x, y, z', 'x, y'],
    ['(?:EUR|€) ?([0-9.]+)', 'ab € 1.299', '1.299'],
    ['x{2,3}', 'axxxxb', 'xxx'],
    ['x{2}', 'axxxxb', 'xx'],
    ['(a*)*b', 'aaab', 'aaa'],
    ['[a\\-z]+', '--a', '--a'],
    ['[\\]x]+', ']x', ']x'],
    ['\\(\\w+\\)', 'f(arg_1)', '(arg_1)'],
    ['😀+', 'a😀😀b', '😀😀'],
    ['b|', 'ab', ''],
    ['$', 'ab', ''],
  ])('%s in %j is %j', (pattern, text, found) => expect(find(pattern, text)).toBe(found))

  it('finds what the engine finds, for what both can say', () => {
    const atom = fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '\\d', '(?:ab)', '(?:a|b)', '(?:b|)')
    const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{1,2}')).map(([a, b]) => a + b)
    const pattern = fc.tuple(
      fc.array(piece, { maxLength: 3 }),
      fc.array(piece, { minLength: 1, maxLength: 3 }),
      fc.array(piece, { maxLength: 3 }),
    )
    fc.assert(
      fc.property(pattern, fc.array(fc.constantFrom('a', 'b', 'c', '1', '\n'), { maxLength: 12 }), ([left, middle, right], letters) => {
        const source = `${left.join('')}(${middle.join('')})${right.join('')}`
        expect(find(source, letters.join('')), source).toBe(new RegExp(source).exec(letters.join(''))?.[1] ?? null)
      }),
      { numRuns: 3000 },
    )
  })

  it('takes linear time where an engine would take for ever', () => {
    const text = 'a'.repeat(20_000)
    const cpu = process.cpuUsage()
    for (const hostile of ['(a+)+b', '(a|a)*b', '(a*)*(a*)*b', '.*.*.*.*b', '(?:a?){50}a{50}b']) expect(find(hostile, text)).toBeNull()
    const { user, system } = process.cpuUsage(cpu)
    expect((user + system) / 1e6).toBeLessThan(20)
  })

  it.each([
    ['(a)\\1', 'back reference'],
    ['(?=a)', 'look-around'],
    ['(?<!a)', 'look-around'],
    ['(?<name>a)', 'named groups'],
    ['(?i)a', 'named groups'],
    ['*a', 'nothing before it'],
    ['a**', 'two repetitions'],
    ['(a', 'never closed'],
    ['a)', 'closes nothing'],
    ['[a', 'never closed'],
    ['[z-a]', 'backwards'],
    ['a{3,2}', 'backwards'],
    ['a{999}', 'repetitions'],
    ['(?:(?:a{90}){90}){90}', 'too large'],
    ['\\p', 'means nothing'],
    ['\\b', 'means nothing'],
    ['^*', 'cannot repeat'],
    ['('.repeat(100), 'deeper'],
  ])('%s is refused: %s', (pattern, why) => {
    const refusal = refusalOf(() => compilePattern(pattern))
    expect(refusal?.message).toContain(why)
    expect(refusal?.fix.length).toBeGreaterThan(5)
  })
})

function refusalOf(work: () => unknown): PatternError | undefined {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof PatternError) return thrown
    throw thrown
  }
  return undefined
}

describe('numbers', () => {
  it.each([
    ['1.299,00 €', ',', '. ', '1299.00'],
    ['ab 1\u00a0299,5', ',', ' ', '1299.5'],
    ['$1,204.50', '.', ',', '1204.50'],
    ['−2', '.', '', '-2'],
    ['10-20', '.', '', '10'],
    ['EUR 19,-', ',', '', '19'],
    ['3. Platz', '.', '', '3'],
    ['1.2.3', '.', '', '1.2'],
    ['none', '.', '', null],
    ['٣', '.', '', null],
  ] as const)('%j is %j', (text, decimal, group, found) => expect(plainNumber(text, decimal, group)).toBe(found))

  it('keeps decimals exact, always with so many digits', () => {
    expect(decimalOf('12.5', 2)).toBe('12.50')
    expect(decimalOf('0012', 2)).toBe('12.00')
    expect(decimalOf('-0.00', 2)).toBe('0.00')
    expect(decimalOf('1.005', 2)).toBeNull()
    expect(decimalOf('1.2300', 2)).toBe('1.23')
    expect(decimalOf('0.1', 0)).toBeNull()
    expect(decimalOf('9'.repeat(16), 2)).toBe(`${'9'.repeat(16)}.00`)
    expect(decimalOf('9'.repeat(17), 2)).toBeNull()
    expect(decimalOf(`0.${'9'.repeat(9)}`, 9)).toBe(`0.${'9'.repeat(9)}`)
    expect([integerOf('7.0'), integerOf('9007199254740993'), integerOf('-12'), integerOf('1e3')]).toEqual([7, null, -12, null])
  })
})

describe('dates', () => {
  const read = (text: string, format: string | null, language: 'en' | 'de' | 'fr' = 'en', zone = '+00:00') =>
    readDate(text, { format, language, zone })
  it.each([
    [null, '2026-03-01', 'en', '2026-03-01'],
    [null, '2026-03-01T10:20+0130', 'en', '2026-03-01T10:20:00+01:30'],
    [null, '2026-02-29', 'en', null],
    [null, '1.3.2026', 'en', null],
    ['D. MMMM YYYY', '2. März 2026 in Berlin', 'de', '2026-03-02'],
    ['D MMMM YYYY', '1 déc. 2025', 'fr', '2025-12-01'],
    ['D MMMM YYYY', '1 jui 2025', 'fr', null],
    ['DDDD, MMMM D, YYYY at h:mm A', 'Saturday, March 7, 2026 at 12:05 AM', 'en', '2026-03-07T00:05:00+00:00'],
    ['DD.MM.YYYY HH:mm', '07.03.2026\u00a0 9:05', 'en', null],
    ['DD.MM.YYYY H:mm', '07.03.2026\u00a0 9:05', 'en', '2026-03-07T09:05:00+00:00'],
    ['YYYY/MM/DD HH:mm Z', '2026/03/07 09:05 UTC', 'en', '2026-03-07T09:05:00+00:00'],
    ['DD.MM.YYYY HH:mm', '07.03.2026 24:00', 'en', null],
    ['h A, D.M.YYYY', '13 PM, 1.1.2026', 'en', null],
  ] as const)('%s reads %j (%s) as %j', (format, text, language, found) => expect(read(text, format, language)).toBe(found))

  it('gives a moment in UTC', () => {
    expect(toUtc('2026-01-01T00:30:00+01:00')).toBe('2025-12-31T23:30:00Z')
    expect(toUtc('2026-01-01')).toBeNull()
    expect(read('1.1.2026 0:30', 'D.M.YYYY H:mm', 'de', '+01:00')).toBe('2026-01-01T00:30:00+01:00')
  })
})

describe('selectors', () => {
  const problemOf = (selector: string) => {
    const checked = checkSelector(selector)
    return checked.ok ? undefined : checked.problem
  }

  it.each([
    'h1',
    '.a.b > #c + p ~ ul li',
    '[data-id="x" s]',
    'tr:has(> th:contains("x")) > td',
    'li:nth-child(2n+1):not(.ad, [hidden])',
    ':scope',
    '*',
    'div:is(h1, h2) a[rel=author]',
  ])('%s is taken', (selector) => expect(problemOf(selector)).toBeUndefined())

  it.each([
    ['li:eq(2)', 'UNKNOWN_PSEUDO_CLASS', 'nth-child'],
    ['li:first', 'UNKNOWN_PSEUDO_CLASS', 'first'],
    ['a:hover', 'UNKNOWN_PSEUDO_CLASS', 'known are'],
    [':scope > a', 'UNKNOWN_PSEUDO_CLASS', 'alone'],
    ['a:constructor', 'UNKNOWN_PSEUDO_CLASS', 'known are'],
    ['p::before', 'BAD_SELECTOR', 'remove'],
    ['a[href', 'BAD_SELECTOR', 'style sheet'],
    ['> a', 'BAD_SELECTOR', 'before it'],
    ['svg|a', 'BAD_SELECTOR', 'plain name'],
    ['[lang="é"]', 'BAD_SELECTOR', ' s'],
    ['[data-x="é" i]', 'BAD_SELECTOR', ' s'],
    ['li:nth-child(x)', 'BAD_SELECTOR', '2n+1'],
    ['li:nth-child', 'BAD_SELECTOR', '(2)'],
    ['a:has(b:has(c))', 'COSTLY_SELECTOR', 'two selectors'],
    [Array(12).fill('a').join(' '), 'COSTLY_SELECTOR', 'further in'],
    [Array(40).fill('a').join(','), 'COSTLY_SELECTOR', 'at most'],
    ['', 'BAD_SELECTOR', 'h1'],
    ['a, ', 'BAD_SELECTOR', 'for example'],
  ])('%s is refused as %s', (selector, code, fix) => {
    expect(problemOf(selector)).toMatchObject({ code })
    expect(problemOf(selector)?.fix).toContain(fix)
  })

  it('knows what a page may cost', () => {
    const cost = (selector: string) => {
      const checked = checkSelector(selector)
      return checked.ok ? checked.cost({ elements: 50_000, depth: 256, children: 50_000 }) : 0
    }
    expect(cost('.price')).toBeLessThan(1e6)
    expect(cost('a b c d')).toBeLessThan(1e9)
    expect(cost('a ~ b ~ c')).toBeGreaterThan(1e12)
    expect(cost('a:has(b) c')).toBeLessThan(1e8)
    expect(cost('a:has(b b) c')).toBeGreaterThan(1e9)
  })
})
