import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collapse } from './collapse.ts'
import { newRoot } from './dom.ts'
import { extractWebPage } from './index.ts'
import { Line } from './line.ts'
import { parseHtml } from './parse.ts'
import { cleanLine, cleanPreformatted, isSpace } from './text.ts'
import { describe } from './vocabulary.ts'

const units = fc.constantFrom(
  'a',
  'b',
  ',',
  '*',
  ' ',
  '  ',
  '\n',
  '\t',
  '\u00a0',
  '\u3000',
  '\u200b',
  '\u0000',
  '\u00ad',
  '中',
  '\ud83d\ude00',
  '\ud83d',
)
const pieces = fc.array(
  fc.array(units, { maxLength: 6 }).map((list) => list.join('')),
  { maxLength: 8 },
)

const collapsed = (text: string): string => collapse(text, 0, text.length, newRoot())

test('a line of collapsed pieces is the clean line of all of them', () => {
  fc.assert(
    fc.property(pieces, pieces, (first, second) => {
      const inner = new Line()
      for (const piece of second) inner.add(collapsed(piece))
      const line = new Line()
      for (const piece of first) line.add(collapsed(piece))
      const before = collapsed(first.join(''))
      expect(line.whole()).toBe(before)
      line.addLine(inner)
      const whole = [...first, ...second].join('')
      expect(line.before).toBe(isSpace(collapsed(whole).charCodeAt(0)))
      expect(line.take().toWellFormed()).toBe(cleanLine(whole))
      expect(line.whole()).toBe('')
    }),
  )
})

test('a line of raw pieces is clean only when it is cleaned, whatever else is added', () => {
  fc.assert(
    fc.property(pieces, pieces, fc.boolean(), (first, second, isRawFirst) => {
      const inner = new Line()
      for (const piece of second) {
        if (isRawFirst) inner.add(collapsed(piece))
        else inner.addRaw(piece)
      }
      const line = new Line()
      for (const piece of first) {
        if (isRawFirst) line.addRaw(piece)
        else line.add(collapsed(piece))
      }
      line.addLine(inner)
      expect(cleanLine(line.take())).toBe(cleanLine([...first, ...second].join('')))
      expect(line.isRaw).toBe(false)
    }),
  )
})

test('in text that stands as the page has it, an invisible character hides the space beside it from the marks', () => {
  const prose = 'The lower stone stays where it is, and the upper one turns, so that the grain between them is ground to flour. '.repeat(3)
  // a `pre` that never ends keeps the white space of all that follows
  const marked = (html: string) =>
    extractWebPage(`<pre><div><p>${prose}a${html}z</p>`, 'https://mill.example/').record.markdown.slice(prose.length)
  expect(marked('<b> x </b>')).toBe('a **x** z')
  expect(marked('<b>\u200b x \u00ad</b>')).toBe('a**x**z')
  expect(marked('<b><i>\u200b</i>\n x\u200b</b>')).toBe('a**x**z')
  expect(marked('<a href="/y">\u200b x</a> ')).toBe('a[x](https://mill.example/y) z')
  expect(marked('<sup>\u200b</sup>')).toBe('a<sup></sup>z')
  expect(marked('<sup>\u200b\n x\n\n</sup>')).toBe('a<sup> x </sup>z')
  expect(marked('\u0000*')).toBe('a\\\n\\*z')
})

test('what is solid touches its neighbours', () => {
  const line = new Line()
  line.addSolid('[^1]')
  line.addSolid('')
  line.add(' a ')
  line.addSolid('`b  c`')
  line.add('.')
  expect(line.take()).toBe('[^1] a `b  c`.')
})

test('text is read where it stands, joined or cut out of the page alike', () => {
  const texts = (html: string) => parseHtml(html).root.children
  expect(texts('a,  b<!-- c --> c')).toEqual(['a, b c'])
  expect(texts('a &amp; b&lt; \n<!-- -->\n')).toEqual(['a & b< '])
  expect(texts('\u200ba')).toEqual(['a'])
  // the tokenizer's text of an end tag that never ends
  expect(texts('a</b c.')).toEqual(['a', '.'])
})

test('preformatted text is what simple patterns make of it', () => {
  const simple = (text: string): string =>
    text
      .replace(/\r\n?/g, '\n')
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000\u00ad\u200b]/g, '')
      .replace(/[ \t]+\n/g, '\n')
      .replace(/^\n+|[\n \t]+$/g, '')
      .toWellFormed()
  const unit = fc.constantFrom('a', ' ', '    ', '\t', '\n', '\r', '\r\n', '\u00a0', '\u00ad', '\u0000', '\u200b', '\ud83d', '\ude00')
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (list) => {
      expect(cleanPreformatted(list.join(''))).toBe(simple(list.join('')))
    }),
    { numRuns: 2000 },
  )
})

test('what names say does not depend on those met before', () => {
  const traitsOf = (names: readonly string[]): number[] => {
    const document = parseHtml(names.map((name) => `<i class="${name}">`).join(''))
    describe(document)
    return document.elements.map(({ traits }) => traits)
  }
  const words = ['comments', 'article', 'teaser', 'lead', 'hidden', 'byline', 'x']
  // all end alike, as what a page writes to be taken for another would, and the ending says nothing
  const names = words.map((word) => `${word} -of-the-same-last-units`)
  const each = traitsOf(words)
  expect(new Set(each).size).toBeGreaterThan(5)
  expect(traitsOf([...names, ...names.toReversed()])).toEqual([...each, ...each.toReversed()])
})

test('a name that is remembered does not keep the page that it was read in', () => {
  setFlagsFromString('--expose-gc')
  const held = (): number => {
    ;(runInNewContext('gc') as () => void)()
    return process.memoryUsage().heapUsed / (1 << 20)
  }
  const read = (i: number): void => describe(parseHtml(`<div class="a-long-name-of-page-${i}"><!--${'x'.repeat(1 << 20)}-->`))
  read(0)
  const before = held()
  for (let i = 1; i <= 64; i++) read(i)
  expect(held() - before).toBeLessThan(16)
})
