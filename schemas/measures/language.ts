/**
 * Which language a text is in: the script decides first, letter trigrams between the languages that share one (naive Bayes over
 * integer levels; Cavnar & Trenkle 1994 for the idea of letter n-grams). Integers and checked-in tables only.
 */
import { codePointAt, unitsOf } from './units.ts'
import { lowerCase, scriptNames, scripts } from './unicode.ts'
import tables from './tables/trigrams.json' with { type: 'json' }

/** Letters looked at, from the start of the text: enough for certainty, and bounded. */
const LOOK_AT = 2000
/** Least mean level per trigram of the best language, and its least lead over the second, per thousand. */
const FLOOR = 3
const LEAD = 5
/** Fewer letters than this give `und`. */
const MIN_LETTERS = 12

/** The languages that share a script. Trigrams are numbers, their rows lie in one array: a text is looked up without making a string. */
interface Group {
  languages: string[]
  /** UTF-16 unit, of either case -> number of its letter; 0 for what is no letter of the script. */
  letters: Uint8Array
  /** Open-addressed, two numbers a slot: trigram + 1 (0 is free), and where its row begins in `rows`. */
  slots: Uint32Array
  /**
   * Number of entries, times in the text being looked at, then entries: place in `languages` in the high byte, level in the low one. Row 0 has
   * none: that of all trigrams without levels.
   */
  rows: Uint16Array
}
/** By script; undefined for one without trigrams. */
export type Model = { get: (script: string) => Group | undefined }

/** A letter of the script that no trigram holds. */
const UNKNOWN_LETTER = 255

/** Scripts that one language of ours writes alone. */
const alone: Record<string, string> = {
  Grek: 'el',
  Thai: 'th',
  Hang: 'ko',
  Armn: 'hy',
  Geor: 'ka',
  Beng: 'bn',
  Guru: 'pa',
  Gujr: 'gu',
  Orya: 'or',
  Taml: 'ta',
  Telu: 'te',
  Knda: 'kn',
  Mlym: 'ml',
  Sinh: 'si',
  Laoo: 'lo',
  Mymr: 'my',
  Khmr: 'km',
  Ethi: 'am',
  Tibt: 'bo',
  Thaa: 'dv',
}

let trained: Model | undefined

/** BCP 47 primary subtag, or `und` when unsure. */
export function detectLanguage(text: string): string {
  trained ??= parseModel(tables.trigrams)
  return detectWith(trained, text)
}

export function detectWith(model: Model, text: string): string {
  const units = unitsOf(text.slice(0, LOOK_AT))
  const length = Math.min(text.length, LOOK_AT)
  const { script, letters, kana } = mainScript(units, length)
  if (letters < MIN_LETTERS && !(script === 'Han' && letters >= 4)) return 'und'
  if (script === 'Han') return kana * 20 > letters ? 'ja' : 'zh'
  if (script === 'Hira' || script === 'Kana') return 'ja'
  const group = model.get(script)
  return group === undefined ? (alone[script] ?? 'und') : bestOf(group, units, length)
}

/** Letters of each script, and the levels of each language, in the text being looked at. A language's place in its group is a byte. */
const counts = new Uint32Array(scriptNames.length)
const sums = new Uint32Array(0x100)

/** The script of most letters; Han, hiragana and katakana count together. */
function mainScript(units: Uint16Array, length: number): { script: string; letters: number; kana: number } {
  const table = scripts()
  counts.fill(0)
  for (let i = 0; i < length; i++) {
    const cp = codePointAt(units, i, length)
    if (cp > 0xffff) i++
    counts[table[cp] as number]!++
  }
  counts[0] = 0
  const kana = (counts[scriptNames.indexOf('Hira')] ?? 0) + (counts[scriptNames.indexOf('Kana')] ?? 0)
  const han = scriptNames.indexOf('Han')
  counts[han] = (counts[han] ?? 0) + kana
  let best = 0
  for (let i = 1; i < counts.length; i++) if ((counts[i] ?? 0) > (counts[best] ?? 0)) best = i
  return { script: scriptNames[best] ?? '', letters: counts[best] ?? 0, kana }
}

/** Vowel signs of Devanagari and points of Arabic are marks inside their blocks. */
const isMark = (unit: number): boolean => (unit >= 0x900 && unit < 0x980) || (unit >= 0x610 && unit < 0x6d4)

/** Runs of the script's letters (and marks between them), one space around each: the form that trigrams are taken from. */
export function foldForLanguage(lower: string, script: string): string {
  const table = scripts()
  const wanted = scriptNames.indexOf(script)
  let out = ' '
  for (let i = 0; i < lower.length; i++) {
    const unit = lower.charCodeAt(i)
    if (table[unit] === wanted || isMark(unit)) out += lower[i]
    else if (out.charCodeAt(out.length - 1) !== 0x20) out += ' '
  }
  return out.charCodeAt(out.length - 1) === 0x20 ? out : `${out} `
}

function bestOf(group: Group, units: Uint16Array, length: number): string {
  const { languages } = group
  sums.fill(0)
  const met = countTrigrams(group, units, length)
  const seen = addLevels(group.rows, met)
  let best = 0
  let second = -1
  for (let k = 1; k < languages.length; k++) {
    if ((sums[k] ?? 0) > (sums[best] ?? 0)) {
      second = best
      best = k
    } else if (second < 0 || (sums[k] ?? 0) > (sums[second] ?? 0)) second = k
  }
  const top = sums[best] ?? 0
  // too few known trigrams: a language we have no table for, or no language at all
  if (top < seen * FLOOR) return 'und'
  const lead = top - (sums[second] ?? 0)
  return lead * 1000 >= top * LEAD ? (languages[best] ?? 'und') : 'und'
}

/** The rows of the different trigrams of a text. */
const rowsMet = new Uint32Array(LOOK_AT)

/**
 * Reads the folded form off the text letter by letter (0 is the space) and counts every trigram in its row. Gives how many rows were met: a trigram
 * comes two to three times in a text, and its row is longer than its look-up.
 */
function countTrigrams({ letters, slots, rows }: Group, units: Uint16Array, length: number): number {
  const mask = slots.length - 1
  let met = 0
  let first = 0
  let middle = 0
  // the space after the last letter is read as well
  for (let i = 0; i <= length; i++) {
    const last = i < length ? (letters[units[i] as number] as number) : 0
    if (last === 0 && middle === 0) continue
    // before the first letter of a run stands its space: no trigram ends there yet
    if (middle !== 0) {
      const key = trigramOf(first, middle, last)
      let at = slotOf(key) & mask
      while (slots[at] !== 0 && slots[at] !== key) at = (at + 2) & mask
      // row 0 where the slot is free
      const row = slots[at + 1] as number
      if (rows[row + 1]!++ === 0) rowsMet[met++] = row
    }
    first = middle
    middle = last
  }
  return met
}

/** Adds the levels of the trigrams counted to the sums of their languages, and sets their counts back; gives how many trigrams there were. */
function addLevels(rows: Uint16Array, met: number): number {
  let seen = 0
  for (let i = 0; i < met; i++) {
    const row = rowsMet[i] as number
    const times = rows[row + 1] as number
    rows[row + 1] = 0
    seen += times
    addRow(rows, row, times)
  }
  return seen
}

function addRow(rows: Uint16Array, row: number, times: number): void {
  const end = row + 2 + (rows[row] as number)
  for (let k = row + 2; k < end; k++) {
    const entry = rows[k] as number
    sums[entry >> 8]! += (entry & 0xff) * times
  }
}

const trigramOf = (first: number, middle: number, last: number): number => ((first << 16) | (middle << 8) | last) + 1
/** Even: a slot has two numbers. */
const slotOf = (key: number): number => (Math.imul(key, 0x9e3779b1) >>> 12) << 1

/** The checked-in tables, or those being trained. A script's are laid out when a text first asks for them: few crawls meet them all. */
export function parseModel(table: string): Model {
  const parts = new Map<string, Part[]>()
  let last: Part | undefined
  for (const line of table.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const head = line.slice(0, space)
    if (head >= 'A') {
      last = { language: line.slice(space + 1), lines: [] }
      const own = parts.get(head)
      if (own === undefined) parts.set(head, [last])
      else own.push(last)
    } else last?.lines.push({ level: Number(head), trigrams: line, from: space + 1 })
  }
  const groups = new Map<string, Group>()
  return {
    get(script) {
      const own = parts.get(script)
      if (own === undefined) return undefined
      let group = groups.get(script)
      if (group === undefined) groups.set(script, (group = groupOf(script, own)))
      return group
    },
  }
}

/** One language's lines of the table: each a level, and the trigrams of that level one after the other. */
interface Part {
  language: string
  lines: { level: number; trigrams: string; from: number }[]
}

/** By numbers from the first step on: a string for each trigram would cost more than all else that a thread does before its first page. */
function groupOf(script: string, parts: Part[]): Group {
  const numbers = new Uint8Array(0x10000)
  let letters = 0
  const numberOf = (unit: number): number => {
    if (unit === 0x20) return 0
    if (numbers[unit] === 0) {
      if (++letters >= UNKNOWN_LETTER) throw new Error(`${script} has more letters in its trigrams than a byte numbers`)
      numbers[unit] = letters
    }
    return numbers[unit] as number
  }
  const each = (visit: (key: number, language: number, level: number) => void): void =>
    parts.forEach(({ lines }, language) => {
      for (const { level, trigrams, from } of lines)
        for (let i = from; i + 3 <= trigrams.length; i += 3) {
          const first = numberOf(trigrams.charCodeAt(i))
          const middle = numberOf(trigrams.charCodeAt(i + 1))
          visit(trigramOf(first, middle, numberOf(trigrams.charCodeAt(i + 2))), language, level)
        }
    })
  const table = new TrigramTable()
  each((key) => table.count(key))
  table.layOut()
  each((key, language, level) => table.put(key, language, level))
  return { languages: parts.map(({ language }) => language), letters: lettersOf(script, numbers), slots: table.slots, rows: table.rows }
}

/** What becomes `slots` and `rows` of a group: every trigram is counted, then rows of that length are laid out, then filled. */
class TrigramTable {
  /** Beside a trigram stands how many languages have it, and once they are laid out where its row begins. */
  slots = new Uint32Array(128)
  rows = new Uint16Array()
  private used = 0

  count(key: number): void {
    if (this.used * 4 >= this.slots.length) this.grow()
    const at = this.slot(key)
    if (this.slots[at] === 0) this.used++
    this.slots[at] = key
    this.slots[at + 1]!++
  }

  layOut(): void {
    const { slots } = this
    // row 0 is of those that are not here
    let length = 2
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at] === 0) continue
      const row = length
      length += 2 + (slots[at + 1] as number)
      slots[at + 1] = row
    }
    this.rows = new Uint16Array(length)
  }

  put(key: number, language: number, level: number): void {
    const { rows } = this
    const row = this.slots[this.slot(key) + 1] as number
    rows[row + 1 + ++rows[row]!] = (language << 8) | level
  }

  private slot(key: number): number {
    const { slots } = this
    const mask = slots.length - 1
    let at = slotOf(key) & mask
    while (slots[at] !== 0 && slots[at] !== key) at = (at + 2) & mask
    return at
  }

  private grow(): void {
    const { slots } = this
    this.slots = new Uint32Array(slots.length * 2)
    for (let i = 0; i < slots.length; i += 2) {
      const key = slots[i] as number
      if (key === 0) continue
      const at = this.slot(key)
      this.slots[at] = key
      this.slots[at + 1] = slots[i + 1] as number
    }
  }
}

function lettersOf(script: string, numbers: Uint8Array): Uint8Array {
  const table = scripts()
  const wanted = scriptNames.indexOf(script)
  const letters = new Uint8Array(0x10000)
  for (let unit = 0; unit < 0x10000; unit++) {
    if (table[unit] !== wanted && !isMark(unit)) continue
    const letter = lowerCase(String.fromCharCode(unit))
    if (table[letter.charCodeAt(0)] === wanted || isMark(unit)) letters[unit] = numbers[letter.charCodeAt(0)] || UNKNOWN_LETTER
  }
  return letters
}
