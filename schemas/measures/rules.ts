/**
 * The rule values of FineWeb and Gopher over one text, as integers: fractions in ppm, lengths in millionths of a character.
 * Thresholds are those of huggingface/datatrove (Gopher quality and repetition, Rae et al. 2021; C4, Raffel et al. 2020; FineWeb, Penedo et al. 2024).
 * Words are our tokens, so that no value depends on an engine's idea of a word.
 */
import { PPM } from '../wire/index.ts'
import { repetition } from './repetition.ts'
import { FNV_OFFSET, FNV_PRIME, mix32, type Tokens } from './tokens.ts'
import { powerOfTwo, reused, unitsOf } from './units.ts'

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
const HASH = 1
const VISIBLE = 2
const TERMINAL = 4
const SENTENCE_END = 8
const BULLET = 16
const LINE_END = 32
const BRACE = 64
const signs = new Uint8Array(0x10000).fill(VISIBLE, 0x21)
// ends of sentences, in the scripts that have their own: Latin, Arabic, Devanagari, CJK, Armenian, Ethiopic, Burmese, Khmer
for (const [bit, units] of [
  [TERMINAL, '.?!"\'”’»…;؟۔।॥。！？」』։።၊။៕'],
  [SENTENCE_END, '.?!…؟۔।॥。！？։።။៕'],
  [BULLET, '-*•●‣▪◦·–'],
  [HASH, '#'],
  [LINE_END, '\n'],
  [BRACE, '{'],
] as const)
  for (const unit of units) signs[unit.charCodeAt(0)]! |= bit

/** Every rule's value of a text; `tokens` are those of the same text. Lines are separated by \n, paragraphs by an empty line. */
export function ruleValues(text: string, tokens: Tokens): RuleValues {
  const words = Math.max(1, tokens.count)
  const { top, duplicate } = repetition(tokens)
  const units = unitsOf(text)
  const { symbols, sentences, braces, lines } = unitFacts(units, text.length)
  const { bullets, ellipses, terminal, short } = lineFacts(units, lines)
  const ofLines = repeats(text, lines)
  const ofParagraphs = repeats(text, paragraphsOf(lines))
  return {
    words: tokens.count,
    meanWordLength: ratio(tokens.characters, words),
    symbolsPerWord: ratio(symbols, words),
    bulletLines: ratio(bullets, ofLines.count),
    ellipsisLines: ratio(ellipses, ofLines.count),
    letteredWords: ratio(tokens.lettered, words),
    stopWords: stopWords(tokens),
    duplicateLines: ratio(ofLines.repeated, ofLines.count),
    duplicateLineChars: ratio(ofLines.repeatedChars, text.length),
    duplicateParagraphs: ratio(ofParagraphs.repeated, ofParagraphs.count),
    duplicateParagraphChars: ratio(ofParagraphs.repeatedChars, text.length),
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
    curlyBraces: braces,
    loremIpsum: /lorem ipsum/i.test(text) ? 1 : 0,
    terminalLines: ratio(terminal, ofLines.count),
    shortLines: ratio(short, ofLines.count),
    exactDuplicateLineChars: ratio(ofLines.repeatedChars, ofLines.chars),
    linesPerWord: ratio(Math.max(0, ofLines.count - 1), words),
  }
}

/** Stretches of a text, one after the other: from `starts` to `ends` in units, with a hash of what they hold. The empty ones count for nothing. */
class Parts {
  count = 0
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly hashes: Uint32Array

  constructor(size: number) {
    this.starts = new Uint32Array(size)
    this.ends = new Uint32Array(size)
    this.hashes = new Uint32Array(size)
  }

  add(start: number, end: number, hash: number): void {
    const { count } = this
    this.starts[count] = start
    this.ends[count] = end
    this.hashes[count] = hash
    this.count++
  }
}
const lineRoom = reused((size) => new Parts(size))
const paragraphRoom = reused((size) => new Parts(size))

interface UnitFacts {
  /** Hashes and ellipses. */
  symbols: number
  /** Marks of the end of one with something before. */
  sentences: number
  /** 1 where there is a curly brace. */
  braces: number
  lines: Parts
}

/** All that is found by looking at every unit once. */
function unitFacts(units: Uint16Array, length: number): UnitFacts {
  const lines = lineRoom(length + 1)
  lines.count = 0
  let start = 0
  let hash = 0
  let symbols = 0
  let sentences = 0
  let inside = 0
  let seen = 0
  /** An ellipsis of three points counts from its first point on. */
  let pointsFrom = 0
  for (let i = 0; i < length; i++) {
    const unit = units[i] as number
    const sign = signs[unit] as number
    seen |= sign
    if ((sign & (SENTENCE_END | LINE_END)) === 0) {
      // most units come by here: no branch on what they are
      inside |= sign & VISIBLE
      symbols += sign & HASH
    } else if (unit === 0x0a) {
      lines.add(start, i, mix32(hash))
      start = i + 1
      hash = 0
      continue
    } else {
      if (inside !== 0) sentences++
      inside = 0
      if (unit === 0x2026) symbols++
      else if (unit === 0x2e && i >= pointsFrom && i + 2 < length && units[i + 1] === 0x2e && units[i + 2] === 0x2e) {
        symbols++
        pointsFrom = i + 3
      }
    }
    hash = Math.imul(hash ^ unit, FNV_PRIME)
  }
  lines.add(start, length, mix32(hash))
  return { symbols, sentences, braces: (seen & BRACE) === 0 ? 0 : 1, lines }
}

/** What text.split('\n\n') gives: a paragraph ends before every empty line that another follows, and that is no part of the next one. */
function paragraphsOf({ starts, ends, hashes, count }: Parts): Parts {
  const paragraphs = paragraphRoom(count)
  paragraphs.count = 0
  let start = 0
  let hash = 0
  for (let line = 0; line < count; line++) {
    hash = mix32(Math.imul(hash, FNV_PRIME) + (hashes[line] as number))
    const isLast = line === count - 1
    if (!isLast && (line === count - 2 || starts[line + 1] !== ends[line + 1])) continue
    paragraphs.add(start, ends[line] as number, hash)
    if (isLast) break
    line++
    start = starts[line + 1] as number
    hash = 0
  }
  return paragraphs
}

function lineFacts(
  units: Uint16Array,
  { starts, ends, count }: Parts,
): { bullets: number; ellipses: number; terminal: number; short: number } {
  let bullets = 0
  let ellipses = 0
  let terminal = 0
  let short = 0
  for (let line = 0; line < count; line++) {
    const start = starts[line] as number
    const end = ends[line] as number
    if (start === end) continue
    if (end - start <= SHORT_LINE) short++
    if (((signs[units[start] as number] as number) & BULLET) !== 0) bullets++
    if (((signs[units[end - 1] as number] as number) & TERMINAL) === 0) continue
    terminal++
    if (endsInEllipsis(units, start, end)) ellipses++
  }
  return { bullets, ellipses, terminal, short }
}

function endsInEllipsis(units: Uint16Array, start: number, end: number): boolean {
  if (units[end - 1] === 0x2026) return true
  return end - start >= 3 && units[end - 1] === 0x2e && units[end - 2] === 0x2e && units[end - 3] === 0x2e
}

/** `part / whole` in ppm, floored; 0 of nothing. Texts have fewer than 2^32 characters, so the product stays exact. */
function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.floor((part * PPM) / whole)
}

interface Repeats {
  count: number
  /** Of all of them together. */
  chars: number
  /** Those that occurred before, and their characters. */
  repeated: number
  repeatedChars: number
}

const slotRoom = reused((size) => new Uint8Array(size))
/** Slots for each part: few of the parts that are unlike share one. */
const SPREAD = 8

/**
 * How many parts there are and how many occurred before. Those alone in the slot of their hash are unlike all others; only the rest become strings
 * and are compared, by the platform's own set: whoever aims for equal hashes gains nothing but the work that texts of equal lines are.
 */
function repeats(text: string, { starts, ends, hashes, count }: Parts): Repeats {
  const size = powerOfTwo(count * SPREAD)
  const slots = slotRoom(size)
  slots.fill(0, 0, size)
  for (let i = 0; i < count; i++) {
    const at = (hashes[i] as number) & (size - 1)
    if (starts[i] !== ends[i]) slots[at] = slots[at] === 0 ? 1 : 2
  }
  const found: Repeats = { count: 0, chars: 0, repeated: 0, repeatedChars: 0 }
  const seen = new Set<string>()
  for (let i = 0; i < count; i++) {
    const start = starts[i] as number
    const end = ends[i] as number
    if (start === end) continue
    found.count++
    found.chars += end - start
    if (slots[(hashes[i] as number) & (size - 1)] === 1) continue
    const part = text.slice(start, end)
    if (seen.has(part)) {
      found.repeated++
      found.repeatedChars += end - start
    } else seen.add(part)
  }
  return found
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
  let hash = FNV_OFFSET | 0
  for (let k = 0; k < word.length; k++) hash = Math.imul(hash ^ word.charCodeAt(k), FNV_PRIME)
  stopHashes[i + 1] = mix32(hash)
  stopPlaces[mix32(hash) & 0xff] = i + 1
})
