import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchesPage } from './extract.ts'
import { checkSchema, extractRecords, type SelectorRecord } from './index.ts'
import { selectorSchema, type SelectorSchemaInput, WireError } from '../wire/index.ts'

const url = 'https://a.example/p/1'
const schemaOf = (input: Partial<SelectorSchemaInput>) =>
  selectorSchema.parse({ name: 'thing', fields: [{ name: 'title', select: ['h1'], type: 'string', required: true }], ...input })
const recordsOf = (html: string, input: Partial<SelectorSchemaInput> = {}): SelectorRecord[] =>
  extractRecords(html, url, schemaOf(input)).records.map(({ record }) => record)
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (thrown) {
    if (thrown instanceof WireError) return thrown.code
    throw thrown
  }
  return 'OK'
}
const field = (more: object) => ({
  fields: [
    { name: 'title', select: ['h1'], type: 'string' as const },
    { name: 'x', select: ['.x'], type: 'string' as const, ...more },
  ],
})
const valueOf = (html: string, more: object): unknown => recordsOf(`<h1>t</h1>${html}`, field(more))[0]?.x

describe('a page as one record', () => {
  it('is canonical JSON of its fields, its address and its place', () => {
    const [one] = extractRecords('<h1> A  <b>b</b>\n</h1>', url, schemaOf({})).records
    expect(new TextDecoder().decode(one?.bytes)).toBe('{"item":0,"title":"A b","url":"https://a.example/p/1"}')
    expect(new TextDecoder().decode(one?.content)).toBe('{"title":"A b"}')
  })

  it('takes the first alternative that gives a value of the type', () => {
    expect(valueOf('<i class=x>soon</i><i class=y>7</i>', { select: ['.none', '.x', '.y'], type: 'integer' })).toBe(7)
    expect(valueOf('<i class=x>soon</i><i class=x>8</i>', { type: 'integer' })).toBe(8)
  })

  it.each([
    ['<i class=x> 12 </i>', { type: 'integer' }, 12],
    ['<i class=x>12.5</i>', { type: 'decimal' }, '12.50'],
    ['<i class=x>12.505</i>', { type: 'decimal' }, null],
    ['<i class=x>Yes</i>', { type: 'boolean' }, true],
    ['<i class=x>perhaps</i>', { type: 'boolean' }, null],
    ['', { type: 'boolean', transforms: [{ do: 'present' }] }, false],
    ['<i class=x>new</i>', { type: 'enum', values: ['new', 'used'] }, 'new'],
    ['<i class=x>broken</i>', { type: 'enum', values: ['new', 'used'] }, null],
    ['<a class=x href="../q?a=1#f">', { type: 'url', attr: 'href' }, 'https://a.example/q?a=1'],
    ['<a class=x href="javascript:1">', { type: 'url', attr: 'href' }, null],
    ['<base href="https://b.example/d/"><a class=x href="q">', { type: 'url', attr: 'HREF' }, 'https://b.example/d/q'],
    ['<table><tr><th>W<td>1<tr><th>Size<td>2</table>', { select: ['tr:has(> th:contains("Size")) > td'] }, '2'],
    ['<table><tr><th>W<td>1<tr><th>Size<td>2</table>', { select: ['tr:not(:contains(W)) td'] }, '2'],
    ['<i class=x>2026-03-01</i>', { type: 'date' }, '2026-03-01'],
    ['<i class=x>2026-03-01T10:00:00+02:00</i>', { type: 'datetime' }, '2026-03-01T08:00:00Z'],
    ['<i class=x>2026-03-01</i>', { type: 'datetime' }, null],
    ['<ul class=x><li>a<li>b</ul>', { select: ['.x li'], many: true }, ['a', 'b']],
    ['', { many: true }, []],
    ['<i class=x>a; b;;c</i>', { many: true, maxItems: 2, transforms: [{ do: 'split', by: ';' }] }, ['a', 'b']],
    ['<div class=x><p>a<br>b</p><p>c</p></div>', { type: 'text' }, 'a\nb\n\nc'],
    ['<i class=x>abcdef</i>', { maxLength: 3 }, 'abc'],
    ['<i class=x>ab😀</i>', { maxLength: 3 }, 'ab'],
    ['<i class=x>a<script>b</script>c</i>', {}, 'ac'],
    ['<i class=x>\u200b\u00ad</i>', {}, null],
    ['<i class=x>É A</i>', { transforms: [{ do: 'lower' }] }, 'É a'],
    ['<i class=x>a.b.c</i>', { transforms: [{ do: 'replace', from: '.', to: '$&' }] }, 'a$&b$&c'],
  ])('%s with %j gives %j', (html, more, value) => expect(valueOf(html, more)).toEqual(value))

  it('says by code why it gives none', () => {
    expect(codeOf(() => recordsOf('<p>'))).toBe('SELECTOR_REQUIRED_MISSING')
    expect(codeOf(() => recordsOf('<h1>x</h1>', { fields: [{ name: 'n', select: ['h1'], type: 'integer', required: true }] }))).toBe(
      'SELECTOR_WRONG_TYPE',
    )
    expect(codeOf(() => recordsOf('<p>', { fields: [{ name: 't', select: ['h1'], type: 'string' }] }))).toBe('NO_CONTENT')
    expect(codeOf(() => recordsOf('<h1>x</h1>', { match: { hosts: ['b.example'] } }))).toBe('SELECTOR_NO_MATCH')
    expect(codeOf(() => recordsOf('<h1>x</h1>', { each: '.item' }))).toBe('SELECTOR_NO_ITEMS')
    expect(codeOf(() => recordsOf('<h1>x</h1>', { each: ':nope' }))).toBe('SELECTOR_BAD_SCHEMA')
    expect(codeOf(() => extractRecords('<h1>x</h1>', 'ftp://x', schemaOf({})))).toBe('BAD_URL')
  })

  it('is meant for the hosts and paths it names', () => {
    const fits = (match: object, at: string): boolean => matchesPage(schemaOf({ match }), at)
    expect(fits({ hosts: ['a.example'] }, 'https://www.a.example:8443/')).toBe(true)
    expect(fits({ hosts: ['a.example'] }, 'https://nota.example/')).toBe(false)
    expect(fits({ paths: ['/p/'] }, 'https://a.example/p/1?q=/')).toBe(true)
    expect(fits({ paths: ['/p/'] }, 'https://a.example/q/p/')).toBe(false)
    expect(fits({ paths: ['/t/*/'] }, 'https://a.example/t/any/9')).toBe(true)
    expect(fits({ paths: ['/t/*/'] }, 'https://a.example/t/9')).toBe(false)
    expect(fits({ paths: ['/*-p'] }, 'https://a.example/chair-p12')).toBe(true)
  })
})

describe('a page of many items', () => {
  const fields: SelectorSchemaInput['fields'] = [
    { name: 'id', select: [':scope'], attr: 'id', type: 'string', required: true },
    { name: 'b', select: ['b'], type: 'string' },
  ]
  it('gives a record for each, with its place, and looks inside it alone', () => {
    const html =
      '<b>out</b><div class=i id=a><b>1</b></div><div class=i><b>no id</b></div><div class=i id=c><p><b>3</b></p><div class=i id=inner><b>4</b></div></div>'
    expect(recordsOf(html, { each: '.i', fields })).toEqual([
      { id: 'a', b: '1', item: 0, url },
      { id: 'c', b: '3', item: 2, url },
    ])
  })

  it('stops at 256', () => {
    const html = Array.from({ length: 1000 }, (_, i) => `<div class=i id=n${i}></div>`).join('')
    expect(recordsOf(html, { each: '.i', fields })).toHaveLength(256)
  })
})

describe('hostile pages', () => {
  const seconds = (work: () => unknown): number => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1e6
  }
  const flat = `<h1>x</h1>${'<i></i>'.repeat(49_000)}`
  const deep = `${'<div class=x>'.repeat(254)}<h1>x</h1>`

  it.each([
    ['nested too deep', '<div>'.repeat(300), {}, 'TOO_DEEP'],
    ['too many elements', '<i></i>'.repeat(60_000), {}, 'TOO_LARGE'],
    ['too many attributes', `<p ${Array.from({ length: 300 }, (_, i) => `a${i}=1`).join(' ')}>`, {}, 'TOO_LARGE'],
    ['siblings counted for each other', flat, { fields: [{ name: 'x', select: ['i ~ i'], type: 'string' as const }] }, 'TOO_COMPLEX'],
    [
      'children counted by number',
      flat,
      { fields: [{ name: 'x', select: ['i:nth-last-child(3)'], type: 'string' as const }] },
      'TOO_COMPLEX',
    ],
    [
      'subtrees searched for subtrees',
      `${'<div>'.repeat(250)}${'<i></i>'.repeat(49_000)}`,
      { fields: [{ name: 'x', select: ['i:has(b b b b b b b b)'], type: 'string' as const }] },
      'TOO_COMPLEX',
    ],
  ])('%s', (_, html, input, code) => {
    expect(codeOf(() => recordsOf(html, input))).toBe(code)
  })

  it('cost a bounded time', () => {
    const eight = [
      '.x .x .x .x .x .x .x .x h1',
      '.x:not(.y) > .x h1',
      '.x:has(h1)',
      'div:contains("y")',
      ':is(div, p) .x',
      'h1',
      '.x *',
      '.x + .y',
    ]
    const many = { fields: Array.from({ length: 24 }, (_, i) => ({ name: `f${i}`, select: eight, type: 'string' as const })) }
    expect(seconds(() => recordsOf(deep, many))).toBeLessThan(20)
    const wide = `<h1>x</h1>${`<p class=x>${'<b class=x>'.repeat(40)}`.repeat(1200)}`
    expect(seconds(() => codeOf(() => recordsOf(wide, many)))).toBeLessThan(40)
  })

  it('spend no more on texts than is theirs', () => {
    const long = `<h1>${'a'.repeat(3_000_000)}</h1>`
    const fields = Array.from({ length: 64 }, (_, i) => ({
      name: `f${i}`,
      select: ['h1'],
      type: 'string' as const,
      maxLength: 100_000,
      transforms: [{ do: 'extract' as const, pattern: '(a|a|a|a|a|a){20}b' }],
    }))
    expect(codeOf(() => recordsOf(long, { fields }))).toBe('TOO_COMPLEX')
  })

  it('never throw anything but a reason, and give the same twice', () => {
    const page = readFileSync(new URL('../../docs/examples/selectors/pages/thread.html', import.meta.url), 'utf8')
    const fields: SelectorSchemaInput['fields'] = [
      { name: 'a', select: [':scope'], type: 'text' },
      { name: 'b', select: ['a', '*'], attr: 'href', type: 'url', many: true },
      { name: 'c', select: ['.votes', 'p'], type: 'integer', transforms: [{ do: 'number', group: ',' }] },
    ]
    fc.assert(
      fc.property(fc.nat(page.length), fc.nat(40), fc.string({ unit: 'binary', maxLength: 30 }), fc.boolean(), (at, cut, put, each) => {
        const html = page.slice(0, at) + put + page.slice(at + cut)
        const run = () => {
          try {
            return extractRecords(html, url, schemaOf({ fields, each: each ? 'article' : null })).records.map(({ bytes }) =>
              Buffer.from(bytes).toString(),
            )
          } catch (thrown) {
            if (thrown instanceof WireError) return thrown.code
            throw thrown
          }
        }
        expect(run()).toEqual(run())
      }),
      { numRuns: 300 },
    )
  })
})

describe('a schema that cannot work', () => {
  const codesOf = (input: Partial<SelectorSchemaInput>): string[] => checkSchema(schemaOf(input)).map(({ code }) => code)
  it.each([
    [{ name: 'web-page' }, 'NAME_TAKEN'],
    [{ name: 'batch' }, 'NAME_TAKEN'],
    [{ each: 'li:eq(1)' }, 'UNKNOWN_PSEUDO_CLASS'],
    [field({ name: 'url' }), 'FIELD_TAKEN'],
    [field({ name: 'title' }), 'REPEATED'],
    [field({ type: 'enum' }), 'ENUM_WITHOUT_VALUES'],
    [field({ values: ['a'] }), 'VALUES_UNUSED'],
    [field({ transforms: [{ do: 'trim', by: ',' }] }), 'SETTING_UNUSED'],
    [field({ transforms: [{ do: 'split' }] }), 'SETTING_MISSING'],
    [field({ transforms: [{ do: 'extract', pattern: '(?=x)' }] }), 'BAD_PATTERN'],
    [field({ type: 'integer', transforms: [{ do: 'number', decimal: ',', group: ',' }] }), 'MARKS_EQUAL'],
    [field({ type: 'date', transforms: [{ do: 'date', format: 'MM.YYYY' }] }), 'BAD_DATE_FORMAT'],
    [field({ type: 'datetime', transforms: [{ do: 'date', format: 'D.M.YYYY' }] }), 'BAD_DATE_FORMAT'],
    [field({ type: 'url', transforms: [{ do: 'number' }] }), 'WRONG_TYPE'],
    [field({ type: 'integer', transforms: [{ do: 'present' }] }), 'WRONG_TYPE'],
    [{ fields: [{ name: 'n', select: ['b'], type: 'integer' as const }] }, 'NO_TEXT_FIELD'],
  ])('%j: %s', (input, code) => expect(codesOf(input)).toEqual([code]))
})
