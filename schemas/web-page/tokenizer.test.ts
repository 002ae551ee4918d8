import fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'
import { expect, test } from 'vitest'
import { PageTokenizer } from './tokenizer.ts'

const NAMES = [
  'onattribdata',
  'onattribend',
  'onattribentity',
  'onattribname',
  'oncdata',
  'onclosetag',
  'oncomment',
  'ondeclaration',
  'onend',
  'onopentagend',
  'onopentagname',
  'onprocessinginstruction',
  'onselfclosingtag',
  'ontext',
  'ontextentity',
] as const

/** All that a tokenizer says of a page, in order; in foreign content after every `<svg`. */
function said(html: string, of: (callbacks: TokenizerCallbacks) => { write(html: string): void; end(): void }): unknown[] {
  const calls: unknown[] = []
  let isForeign = false
  const callbacks = Object.fromEntries(NAMES.map((name) => [name, (...given: unknown[]) => calls.push([name, ...given])]))
  const onopentagname = (start: number, end: number): void => {
    isForeign = html.slice(start, end) === 'svg'
    calls.push(['onopentagname', start, end])
  }
  const all = { ...callbacks, onopentagname, isInForeignContext: () => isForeign } as unknown as TokenizerCallbacks
  const tokenizer = of(all)
  tokenizer.write(html)
  tokenizer.end()
  return calls
}

const theirs = (html: string): unknown[] => said(html, (callbacks) => new Tokenizer({}, callbacks))
const ours = (html: string): unknown[] => said(html, (callbacks) => new PageTokenizer({}, callbacks))

const folder = path.join(import.meta.dirname, 'fixtures')
const pages = readdirSync(folder)
  .filter((name) => name.endsWith('.html'))
  .map((name) => readFileSync(path.join(folder, name), 'utf8'))

const pieces =
  'a|b c|é| |\n|\t|\f|\r|\0|<|>|/|=|"|\'|&|;|&amp;|&amp|&#65;|&#x110000;|&notit;|&unknown;|!|-|--|<!--|-->|--!>|<![CDATA[|]]>|<!doctype html>|<?x|<p>|<P|</p>|</P|</p x="1>">|<a href="|<a href=\'|<b c=|<br/>|<svg>|<title>|</title>|<textarea>|</textarea|<script>|</script>|</scrip|<style>|</style >|<xmp>|<plaintext>|<iframe>'.split(
    '|',
  )
const hostile = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((list) => list.join(''))

test('takes the place of methods that the package has', () => {
  for (const name of [
    'stateText',
    'stateInTagName',
    'stateInClosingTagName',
    'stateInAttributeName',
    'handleInAttributeValue',
    'fastForwardTo',
  ]) {
    expect(PageTokenizer.prototype).toHaveProperty(name)
    expect(Tokenizer.prototype, 'nothing would call it any more').toHaveProperty(name)
  }
})

test('says of any page what the package says', () => {
  fc.assert(
    fc.property(hostile, (html) => {
      expect(ours(html)).toEqual(theirs(html))
    }),
    { numRuns: 5000 },
  )
})

test.each(pages)('says of a page what the package says, cut off anywhere as well', (page) => {
  expect(ours(page)).toEqual(theirs(page))
  fc.assert(
    fc.property(fc.nat(page.length), fc.nat(page.length), hostile, (from, to, between) => {
      const html = page.slice(0, from) + between + page.slice(to)
      expect(ours(html)).toEqual(theirs(html))
    }),
    { numRuns: 20 },
  )
})
