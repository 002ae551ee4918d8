/**
 * The rule values of FineWeb and Gopher over one text, as integers: fractions in ppm, lengths in millionths of a character.
 * Thresholds are those of huggingface/datatrove (Gopher quality and repetition, Rae et al. 2021; C4, Raffel et al. 2020; FineWeb, Penedo et al. 2024).
 * Words are our tokens, so that no value depends on an engine's idea of a word.
 */
import { PPM } from '../wire/index.ts'
import { repetition } from './repetition.ts'
import { mix32, type Tokens } from './tokens.ts'

export interface Rule {
  /** The value must not be below `min` nor above `max`. */
  min?: number
  max?: number
  /** Only for texts in this language; not for texts in these. */
  language?: string
  except?: readonly string[]
}

/** Where tokens are single characters, or whole phrases, their length says nothing. */
const UNSPACED = ['zh', 'ja', 'th', 'lo', 'km', 'my', 'bo'] as const

/** Every rule by name; the charter's `quality` weights use these names. */
export const qualityRules = {
  words: { min: 50, max: 100_000 },
  meanWordLength: { min: 3 * PPM, max: 10 * PPM, except: UNSPACED },
  symbolsPerWord: { max: 100_000 },
  bulletLines: { max: 900_000 },
  ellipsisLines: { max: 300_000 },
  letteredWords: { min: 800_000 },
  stopWords: { min: 2, language: 'en' },
  duplicateLines: { max: 300_000 },
  duplicateLineChars: { max: 200_000 },
  duplicateParagraphs: { max: 300_000 },
  duplicateParagraphChars: { max: 200_000 },
  top2Gram: { max: 200_000 },
  top3Gram: { max: 180_000 },
  top4Gram: { max: 160_000 },
  duplicate5Grams: { max: 150_000 },
  duplicate6Grams: { max: 140_000 },
  duplicate7Grams: { max: 130_000 },
  duplicate8Grams: { max: 120_000 },
  duplicate9Grams: { max: 110_000 },
  duplicate10Grams: { max: 100_000 },
  sentences: { min: 5 },
  curlyBraces: { max: 0 },
  loremIpsum: { max: 0 },
  terminalLines: { min: 120_000 },
  shortLines: { max: 670_000 },
  exactDuplicateLineChars: { max: 10_000 },
  linesPerWord: { max: 300_000 },
} as const satisfies Record<string, Rule>
export type RuleName = keyof typeof qualityRules
export type RuleValues = Record<RuleName, number>

const STOP_WORDS = new Set(['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with'])
/** Ends of sentences, in the scripts that have their own: Latin, Arabic, Devanagari, CJK, Armenian, Ethiopic, Burmese, Khmer. */
const TERMINAL = new Set('.?!"\'”’»…;؟۔।॥。！？」』։።၊။៕')
const SENTENCE_END = new Set('.?!…؟۔।॥。！？։።။៕')
const BULLETS = new Set('-*•●‣▪◦·–')
const SHORT_LINE = 30

/** Every rule's value of a text; `tokens` are those of the same text. Lines are separated by \n, paragraphs by an empty line. */
export function ruleValues(text: string, tokens: Tokens): RuleValues {
  const lines = linesOf(text)
  const words = Math.max(1, tokens.count)
  const { top, duplicate } = repetition(tokens)
  const paragraphs = text.split('\n\n').filter((part) => part !== '')
  const count = (test: (line: string) => boolean): number => ratio(lines.filter(test).length, lines.length)
  const repeatedLines = repeats(lines)
  const repeatedParagraphs = repeats(paragraphs)
  return {
    words: tokens.count,
    meanWordLength: ratio(sum(tokens.lengths), words),
    symbolsPerWord: ratio(symbols(text), words),
    bulletLines: count((line) => BULLETS.has(line[0] ?? '')),
    ellipsisLines: count((line) => line.endsWith('…') || line.endsWith('...')),
    letteredWords: ratio(sum(tokens.lettered), words),
    stopWords: stopWords(tokens),
    duplicateLines: ratio(repeatedLines.count, lines.length),
    duplicateLineChars: ratio(repeatedLines.chars, text.length),
    duplicateParagraphs: ratio(repeatedParagraphs.count, paragraphs.length),
    duplicateParagraphChars: ratio(repeatedParagraphs.chars, text.length),
    top2Gram: top[0] ?? 0,
    top3Gram: top[1] ?? 0,
    top4Gram: top[2] ?? 0,
    duplicate5Grams: duplicate[0] ?? 0,
    duplicate6Grams: duplicate[1] ?? 0,
    duplicate7Grams: duplicate[2] ?? 0,
    duplicate8Grams: duplicate[3] ?? 0,
    duplicate9Grams: duplicate[4] ?? 0,
    duplicate10Grams: duplicate[5] ?? 0,
    sentences: sentences(text),
    curlyBraces: text.includes('{') ? 1 : 0,
    loremIpsum: /lorem ipsum/i.test(text) ? 1 : 0,
    terminalLines: count((line) => TERMINAL.has(line.at(-1) ?? '')),
    shortLines: count((line) => line.length <= SHORT_LINE),
    exactDuplicateLineChars: ratio(repeatedLines.chars, sum(lines.map((line) => line.length))),
    linesPerWord: ratio(Math.max(0, lines.length - 1), words),
  }
}

/** `part / whole` in ppm, floored; 0 of nothing. Texts have fewer than 2^32 characters, so the product stays exact. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part * PPM) / whole)
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** Lines that occurred before, and their characters. */
function repeats(lines: string[]): { count: number; chars: number } {
  const seen = new Set<string>()
  let chars = 0
  for (const line of lines) {
    if (seen.has(line)) chars += line.length
    seen.add(line)
  }
  return { count: lines.length - seen.size, chars }
}

function symbols(text: string): number {
  let found = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x23 || unit === 0x2026) found++
    else if (unit === 0x2e && text.startsWith('...', i)) {
      found++
      i += 2
    }
  }
  return found
}

function sentences(text: string): number {
  let found = 0
  let inside = false
  for (let i = 0; i < text.length; i++) {
    const unit = text[i] ?? ''
    if (SENTENCE_END.has(unit)) {
      if (inside) found++
      inside = false
    } else if (unit > ' ') inside = true
  }
  return found
}

/** Different English stop words present. */
function stopWords(tokens: Tokens): number {
  const seen = new Set<number>()
  for (const hash of tokens.hashes) if (stopHashes().has(hash)) seen.add(hash)
  return seen.size
}

let hashes: Set<number> | undefined
function stopHashes(): Set<number> {
  hashes ??= new Set(
    [...STOP_WORDS].map((word) => {
      let hash = 0x811c9dc5 | 0
      for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
      return mix32(hash)
    }),
  )
  return hashes
}
