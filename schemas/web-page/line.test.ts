import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collapsed } from './collapse.ts'
import { Line } from './line.ts'
import { parseHtml } from './parse.ts'
import { cleanLine, isSpace } from './text.ts'

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
