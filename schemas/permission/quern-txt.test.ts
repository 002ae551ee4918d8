import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseQuernTxt } from './quern-txt.ts'

it.each([
  ['opt-out: /', [null]],
  ['OPT-OUT :  *  # all of it', [null]],
  ['opt-out: /blog/*\nopt-out: /', [null]],
  ['# ours\r\nopt-out: /blog/*\r\nopt-out: /*.pdf$\ropt-out: /blog/*', ['/blog/*', '/*.pdf$']],
  ['\ufeffopt-out: /a', ['/a']],
  ['contact: mailto:me@example.org\nopt-out: /a # because', ['/a']],
  ['opt-out: example.org', []],
  ['opt-out:', []],
  ['opt-out: /a b', []],
  ['opt-in: /', []],
  ['<!doctype html><p>opt-out: /</p>', []],
  [`opt-out: /${'a'.repeat(2000)}`, []],
  ['', []],
])('reads %j', (text, patterns) => {
  expect(parseQuernTxt(text)).toEqual(patterns)
})

it('takes whatever comes without throwing, and gives patterns of bounded number and length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (noise) => {
      const lines = parseQuernTxt(`opt-out: /x\n${noise}\nopt-out: /y`)
      expect([null, '/x']).toContain(lines[0])
      for (const line of lines) expect(line === null || (line.length <= 1024 && /^[/*]/.test(line))).toBe(true)
    }),
  )
  expect(parseQuernTxt(Array.from({ length: 5000 }, (_, i) => `opt-out: /${i}`).join('\n'))).toHaveLength(256)
})
