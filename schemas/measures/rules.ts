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

const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with']
const SHORT_LINE = 30

/** What a UTF-16 unit says where it stands: bits by unit. */
const TERMINAL = 1
const SENTENCE_END = 2
const BULLET = 4
const signs = new Uint8Array(0x10000)
// ends of sentences, in the scripts that have their own: Latin, Arabic, Devanagari, CJK, Armenian, Ethiopic, Burmese, Khmer
for (const [bit, units] of [
  [TERMINAL, '.?!"\'”’»…;؟۔।॥。！？」』։።၊။៕'],
  [SENTENCE_END, '.?!…؟۔।॥。！？։።။៕'],
  [BULLET, '-*•●‣▪◦·–'],
] as const)
  for (const unit of units) signs[unit.charCodeAt(0)]! |= bit

/** Every rule's value of a text; `tokens` are those of the same text. Lines are separated by \n, paragraphs by an empty line. */
export function ruleValues(text: string, tokens: Tokens): RuleValues {
  const words = Math.max(1, tokens.count)
  const { top, duplicate } = repetition(tokens)
  const { lines, bullets, ellipses, terminal, short, chars } = lineFacts(text)
  const paragraphs = text.split('\n\n').filter((part) => part !== '')
  const repeatedLines = repeats(lines)
  const repeatedParagraphs = repeats(paragraphs)
  const { symbols, sentences } = signFacts(text)
  return {
    words: tokens.count,
    meanWordLength: ratio(sum(tokens.lengths), words),
    symbolsPerWord: ratio(symbols, words),
    bulletLines: ratio(bullets, lines.length),
    ellipsisLines: ratio(ellipses, lines.length),
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
    sentences,
    curlyBraces: text.includes('{') ? 1 : 0,
    loremIpsum: /lorem ipsum/i.test(text) ? 1 : 0,
    terminalLines: ratio(terminal, lines.length),
    shortLines: ratio(short, lines.length),
    exactDuplicateLineChars: ratio(repeatedLines.chars, chars),
    linesPerWord: ratio(Math.max(0, lines.length - 1), words),
  }
}

interface LineFacts {
  lines: string[]
  bullets: number
  ellipses: number
  terminal: number
  short: number
  /** Of all lines together. */
  chars: number
}

function lineFacts(text: string): LineFacts {
  const facts: LineFacts = {
    lines: text.split('\n').filter((line) => line !== ''),
    bullets: 0,
    ellipses: 0,
    terminal: 0,
    short: 0,
    chars: 0,
  }
  for (const line of facts.lines) {
    const { length } = line
    facts.chars += length
    if (length <= SHORT_LINE) facts.short++
    if ((signAt(line, 0) & BULLET) !== 0) facts.bullets++
    if ((signAt(line, length - 1) & TERMINAL) === 0) continue
    facts.terminal++
    if (line.endsWith('…') || line.endsWith('...')) facts.ellipses++
  }
  return facts
}

const signAt = (text: string, at: number): number => signs[text.charCodeAt(at)] as number

/** `part / whole` in ppm, floored; 0 of nothing. Texts have fewer than 2^32 characters, so the product stays exact. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part * PPM) / whole)
}

function sum(values: Uint8Array | Uint16Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i] as number
  return total
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

/** Hashes and ellipses; sentences, which are marks of their end with something before. */
function signFacts(text: string): { symbols: number; sentences: number } {
  let symbols = 0
  let sentences = 0
  let inside = false
  /** An ellipsis of three points counts from its first point on. */
  let pointsFrom = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (((signs[unit] as number) & SENTENCE_END) !== 0) {
      if (inside) sentences++
      inside = false
      if (unit === 0x2026) symbols++
      else if (unit === 0x2e && i >= pointsFrom && text.charCodeAt(i + 1) === 0x2e && text.charCodeAt(i + 2) === 0x2e) {
        symbols++
        pointsFrom = i + 3
      }
    } else if (unit > 0x20) {
      inside = true
      if (unit === 0x23) symbols++
    }
  }
  return { symbols, sentences }
}

/** Different English stop words present. */
function stopWords({ hashes }: Tokens): number {
  let seen = stopWordsSeen(hashes)
  let count = 0
  for (; seen !== 0; seen &= seen - 1) count++
  return count
}

/** A bit for each that is there. */
function stopWordsSeen(hashes: Uint32Array): number {
  let seen = 0
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i] as number
    const place = stopPlaces[hash & 0xff] as number
    if (place !== 0 && stopHashes[place] === hash) seen |= 1 << place
  }
  return seen
}

/** Hashes of the stop words from place 1 on, and the place of each by its last byte, which no two of them share. */
const stopHashes = new Uint32Array(STOP_WORDS.length + 1)
const stopPlaces = new Uint8Array(0x100)
STOP_WORDS.forEach((word, i) => {
  let hash = 0x811c9dc5 | 0
  for (let k = 0; k < word.length; k++) hash = Math.imul(hash ^ word.charCodeAt(k), 0x01000193)
  stopHashes[i + 1] = mix32(hash)
  stopPlaces[mix32(hash) & 0xff] = i + 1
})
