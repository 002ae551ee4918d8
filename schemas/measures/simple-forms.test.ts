/** The measures against their simplest forms, over strings and maps: what is made fast must give the same numbers. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectLanguage, type RuleValues, ruleValues, tokenize } from './index.ts'
import { foldForLanguage } from './language.ts'
import { repetition } from './repetition.ts'
import tables from './tables/trigrams.json' with { type: 'json' }
import { FNV_OFFSET, FNV_PRIME, mix32, tokenTexts } from './tokens.ts'
import { CJK, classes, folds, lowerCase, MARK, scriptNames, scripts } from './unicode.ts'
import { unitsOf } from './units.ts'

const PPM = 1_000_000
const ppm = (part: number, whole: number): number => (whole === 0 ? 0 : Math.floor((part * PPM) / whole))

describe('units', () => {
  it('are those of the text, lone surrogates too, however long it is', () => {
    fc.assert(
      fc.property(fc.uint16Array(), fc.constantFrom(0, 3, 40_000), (end, times) => {
        const text = 'a\ud800'.repeat(times) + String.fromCharCode(...end)
        const units = unitsOf(text)
        let alike = 0
        while (alike < text.length && units[alike] === text.charCodeAt(alike)) alike++
        expect(alike).toBe(text.length)
      }),
      { numRuns: 20 },
    )
  })
})

interface Token {
  text: string
  length: number
  isLettered: boolean
}

function simpleTokens(text: string): Token[] {
  const runs: string[][] = [[]]
  for (const character of text) {
    const cp = character.codePointAt(0) ?? 0
    const kind = classes()[cp] as number
    if (kind === CJK) runs.push([character], [])
    else if (kind === 0) runs.push([])
    else if (kind !== MARK || runs.at(-1)?.length !== 0) runs.at(-1)?.push(character)
  }
  const folded = (character: string): string => folds().get(character.codePointAt(0) ?? 0) ?? character
  return runs
    .map((run) => ({ text: run.map(folded).join(''), length: run.length, isLettered: run.some((character) => !/[0-9]/.test(character)) }))
    .filter((token) => token.text !== '')
}

const hashOf = (text: string): number =>
  mix32(new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, FNV_PRIME), FNV_OFFSET | 0))

describe('tokens', () => {
  it('are those of the simple form', () => {
    const unit = fc.oneof(
      fc.constantFrom(
        'a',
        'Z',
        '7',
        ' ',
        '.',
        'É',
        'é',
        '\u0301',
        'ﬁ',
        'ß',
        '石',
        'で',
        '맷',
        'д',
        'Ж',
        'ـ',
        '😀',
        '𐐀',
        '\ud800',
        '\u{1d400}',
        'ﷺ',
      ),
      fc.nat(0x10ffff).map((cp) => String.fromCodePoint(cp)),
    )
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 80 }), fc.constantFrom(1, 1, 300), (units, times) => {
        const text = units.join('').repeat(times)
        const tokens = tokenize(text)
        const simple = simpleTokens(text)
        expect(tokenTexts(tokens)).toEqual(simple.map((token) => token.text))
        expect([...tokens.hashes]).toEqual(simple.map((token) => hashOf(token.text)))
        expect([...tokens.lengths]).toEqual(simple.map((token) => token.length))
        expect(tokens.characters).toBe(simple.reduce((sum, token) => sum + token.length, 0))
        expect(tokens.lettered).toBe(simple.filter((token) => token.isLettered).length)
      }),
    )
  })

  it('stay what they are while other texts are read', () => {
    const tokens = tokenize('One two 3')
    const before = structuredClone(tokens)
    tokenize('石 and other words, more of them'.repeat(3))
    expect(tokens).toEqual(before)
  })
})

function simpleRepetition(hashes: number[], lengths: number[]): { top: number[]; duplicate: number[] } {
  const chars = (from: number, n: number): number => lengths.slice(from, from + n).reduce((sum, length) => sum + length + 1, -1)
  const total = chars(0, hashes.length)
  const gramsOf = (n: number): string[] =>
    hashes.slice(0, Math.max(0, hashes.length - n + 1)).map((_, i) => hashes.slice(i, i + n).join(' '))
  const top = [2, 3, 4].map((n) => {
    const counts = new Map<string, number>()
    let most = 1
    let inCopies = 0
    gramsOf(n).forEach((gram, i) => {
      const times = (counts.get(gram) ?? 0) + 1
      counts.set(gram, times)
      if (times <= most) return
      most = times
      inCopies = times * chars(i, n)
    })
    return Math.min(PPM, ppm(inCopies, total))
  })
  const duplicate = [5, 6, 7, 8, 9, 10].map((n) => {
    const passed = new Set<string>()
    let inside = 0
    let from = 0
    gramsOf(n).forEach((gram, i) => {
      if (i < from) return
      if (passed.has(gram)) {
        inside += chars(i, n)
        from = i + n
      }
      passed.add(gram)
    })
    return Math.min(PPM, ppm(inside, total))
  })
  return { top, duplicate }
}

describe('repetition', () => {
  it('is that of the simple form, of copies that differ in length too', () => {
    // few words in long stretches that come again, and between them some that never do
    const stretch = fc.array(fc.nat(3), { minLength: 1, maxLength: 14 })
    const paragraphs = fc.array(
      fc.tuple(fc.array(stretch, { minLength: 1, maxLength: 4 }), fc.array(fc.nat(3), { minLength: 1, maxLength: 20 })),
      { minLength: 1, maxLength: 3 },
    )
    const texts = paragraphs.map((parts) =>
      parts.flatMap(([stretches, order], at) =>
        order.flatMap((which, k) => [...(stretches[which % stretches.length] ?? []), 1000 + at * 100 + k * 3]),
      ),
    )
    fc.assert(
      fc.property(fc.oneof(texts, fc.array(fc.nat(4), { minLength: 1, maxLength: 200 })), fc.infiniteStream(fc.nat(9)), (words, extra) => {
        const hashes = words.map((word) => mix32(word))
        const lengths = words.map(() => 1 + (extra.next().value as number))
        const fast = repetition({ count: words.length, hashes: Uint32Array.from(hashes), lengths: Uint16Array.from(lengths) })
        expect(fast).toEqual(simpleRepetition(hashes, lengths))
      }),
      { numRuns: 300 },
    )
  })
})

function simpleRules(text: string): Partial<RuleValues> {
  const tokens = simpleTokens(text)
  const words = Math.max(1, tokens.length)
  const lines = text.split('\n').filter((line) => line !== '')
  const paragraphs = text.split('\n\n').filter((part) => part !== '')
  const before = (parts: string[]): string[] => parts.filter((part, i) => parts.indexOf(part) < i)
  const chars = (parts: string[]): number => parts.join('').length
  const shareOf = (pattern: RegExp): number => ppm(lines.filter((line) => pattern.test(line)).length, lines.length)
  return {
    words: tokens.length,
    meanWordLength: ppm(
      tokens.reduce((sum, token) => sum + token.length, 0),
      words,
    ),
    symbolsPerWord: ppm(text.match(/\.\.\.|…|#/g)?.length ?? 0, words),
    bulletLines: shareOf(/^[-*•●‣▪◦·–]/),
    ellipsisLines: shareOf(/(…|\.\.\.)$/),
    duplicateLines: ppm(before(lines).length, lines.length),
    duplicateLineChars: ppm(chars(before(lines)), text.length),
    duplicateParagraphs: ppm(before(paragraphs).length, paragraphs.length),
    duplicateParagraphChars: ppm(chars(before(paragraphs)), text.length),
    // anything visible that ends no sentence, then something that does
    sentences: text.match(/[^\0- .?!…。](?:[^.?!…。])*[.?!…。]/g)?.length ?? 0,
    curlyBraces: text.includes('{') ? 1 : 0,
    terminalLines: shareOf(/[.?!"…;。]$/),
    shortLines: shareOf(/^.{1,30}$/s),
    exactDuplicateLineChars: ppm(chars(before(lines)), chars(lines)),
    linesPerWord: ppm(Math.max(0, lines.length - 1), words),
  }
}

describe('rule values', () => {
  it('are those of the simple form', () => {
    const piece = fc.constantFrom(
      '\n',
      '\n',
      '\n\n',
      'a',
      'b7',
      ' ',
      '.',
      '..',
      '...',
      '…',
      '#',
      '-',
      '•',
      '!',
      '"',
      ';',
      '{',
      '。',
      '石',
      '\t',
      '\r',
      'long words beyond thirty characters',
    )
    fc.assert(
      fc.property(fc.oneof(fc.array(piece, { maxLength: 60 }), fc.array(fc.constantFrom('\n', 'a'), { maxLength: 12 })), (pieces) => {
        const text = pieces.join('')
        expect(ruleValues(text, tokenize(text))).toMatchObject(simpleRules(text))
      }),
      { numRuns: 1000 },
    )
  })
})

/** Level by language and trigram, of one script. */
function levelsOf(script: string): Map<string, Map<string, number>> {
  const levels = new Map<string, Map<string, number>>()
  let own = new Map<string, number>()
  for (const line of tables.trigrams.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const [head, rest] = [line.slice(0, space), line.slice(space + 1)]
    if (head >= 'A') {
      own = new Map()
      if (head === script) levels.set(rest, own)
    } else for (let i = 0; i + 3 <= rest.length; i += 3) own.set(rest.slice(i, i + 3), Number(head))
  }
  return levels
}

function simpleLanguage(text: string, script: string, levels: Map<string, Map<string, number>>): string {
  const folded = foldForLanguage(lowerCase(text.slice(0, 2000)), script)
  const trigrams = Array.from({ length: Math.max(0, folded.length - 2) }, (_, i) => folded.slice(i, i + 3)).filter(
    (trigram) => trigram[1] !== ' ',
  )
  // marks are no letters of the script, though trigrams hold them
  const wanted = scriptNames.indexOf(script)
  if (Array.from(text.slice(0, 2000)).filter((letter) => scripts()[letter.codePointAt(0) ?? 0] === wanted).length < 12) return 'und'
  const sums = [...levels].map(([language, own]) => ({
    language,
    sum: trigrams.reduce((sum, trigram) => sum + (own.get(trigram) ?? 0), 0),
  }))
  const [best, second] = sums.toSorted((a, b) => b.sum - a.sum)
  if (best === undefined || second === undefined || best.sum < trigrams.length * 3) return 'und'
  return (best.sum - second.sum) * 1000 >= best.sum * 5 ? best.language : 'und'
}

describe('language', () => {
  it.each(['Latn', 'Cyrl', 'Arab'])('is that of the simple form, in %s', (script) => {
    const levels = levelsOf(script)
    const trigrams = [...levels].map(([, own]) => [...own.keys()])
    // of one language mostly, strewn with others
    const text = fc
      .tuple(fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(3)), { minLength: 5, maxLength: 900, size: 'max' }))
      .map(([main, picks]) =>
        picks
          .map(([language, trigram, other]) => {
            const own = trigrams[(other === 0 ? language : main) % trigrams.length] ?? []
            const picked = own[trigram % Math.min(own.length, 400)] ?? ''
            return trigram % 5 === 0 ? picked.toUpperCase() : picked
          })
          .join(''),
      )
    fc.assert(
      fc.property(text, (sample) => {
        expect(detectLanguage(sample)).toBe(simpleLanguage(sample, script, levels))
      }),
      { numRuns: 100 },
    )
  })
})
