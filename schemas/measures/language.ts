/**
 * Which language a text is in: the script decides first, letter trigrams between the languages that share one (naive Bayes over
 * integer levels; Cavnar & Trenkle 1994 for the idea of letter n-grams). Integers and checked-in tables only.
 */
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
  /** Open-addressed: trigram + 1 (0 is free), and where its row begins in `rows`. */
  keys: Uint32Array
  starts: Uint32Array
  /** Number of pairs, then pairs (place in `languages`, level). */
  rows: Uint8Array
}
export type Model = Map<string, Group>

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
  const sample = text.slice(0, LOOK_AT)
  const { script, letters, kana } = mainScript(sample)
  if (letters < MIN_LETTERS && !(script === 'Han' && letters >= 4)) return 'und'
  if (script === 'Han') return kana * 20 > letters ? 'ja' : 'zh'
  if (script === 'Hira' || script === 'Kana') return 'ja'
  const group = model.get(script)
  return group === undefined ? (alone[script] ?? 'und') : bestOf(group, sample)
}

/** The script of most letters; Han, hiragana and katakana count together. */
function mainScript(text: string): { script: string; letters: number; kana: number } {
  const table = scripts()
  const counts = new Uint32Array(scriptNames.length)
  for (let i = 0; i < text.length; i++) {
    const cp = text.codePointAt(i) ?? 0
    if (cp > 0xffff) i++
    const script = table[cp] ?? 0
    counts[script] = (counts[script] ?? 0) + 1
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

/** Reads the folded form off the text letter by letter: 0 is the space. */
function bestOf({ languages, letters, keys, starts, rows }: Group, text: string): string {
  const sums = new Uint32Array(languages.length)
  const mask = keys.length - 1
  let seen = 0
  let first = 0
  let middle = 0
  // the space after the last letter is read as well
  for (let i = 0; i <= text.length; i++) {
    const last = i < text.length ? (letters[text.charCodeAt(i)] as number) : 0
    if (last === 0 && middle === 0) continue
    // before the first letter of a run stands its space: no trigram ends there yet
    if (middle !== 0) {
      seen++
      const key = trigramOf(first, middle, last)
      let at = slotOf(key) & mask
      while (keys[at] !== 0 && keys[at] !== key) at = (at + 1) & mask
      if (keys[at] === key) {
        let row = starts[at] as number
        for (let pairs = rows[row++] as number; pairs > 0; pairs--) sums[rows[row++] as number]! += rows[row++] as number
      }
    }
    first = middle
    middle = last
  }
  let best = 0
  let second = -1
  for (let k = 1; k < sums.length; k++) {
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

const trigramOf = (first: number, middle: number, last: number): number => ((first << 16) | (middle << 8) | last) + 1
const slotOf = (key: number): number => Math.imul(key, 0x9e3779b1) >>> 12

/** The checked-in tables, or those being trained. */
export function parseModel(table: string): Model {
  const parts: { script: string; language: string; lines: string[] }[] = []
  for (const line of table.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const head = line.slice(0, space)
    if (head >= 'A') parts.push({ script: head, language: line.slice(space + 1), lines: [] })
    else parts.at(-1)?.lines.push(line)
  }
  const model: Model = new Map()
  for (const script of new Set(parts.map((part) => part.script))) {
    const own = parts.filter((part) => part.script === script)
    const levels = new Map<string, number[]>()
    own.forEach(({ lines }, index) => {
      for (const line of lines) {
        const space = line.indexOf(' ')
        const level = Number(line.slice(0, space))
        for (let i = space + 1; i + 3 <= line.length; i += 3) {
          const trigram = line.slice(i, i + 3)
          const row = levels.get(trigram)
          if (row === undefined) levels.set(trigram, [index, level])
          else row.push(index, level)
        }
      }
    })
    const languages = own.map((part) => part.language)
    model.set(script, { languages, ...tableOf(script, levels) })
  }
  return model
}

function tableOf(script: string, levels: ReadonlyMap<string, number[]>): Omit<Group, 'languages'> {
  const numbers = new Map([[' ', 0]])
  for (const trigram of levels.keys())
    for (const letter of trigram) if (!numbers.has(letter)) numbers.set(letter, Math.min(UNKNOWN_LETTER, numbers.size))
  if (numbers.size > UNKNOWN_LETTER) throw new Error(`${script} has more letters in its trigrams than a byte numbers`)
  let size = 64
  while (size < levels.size * 2) size *= 2
  const keys = new Uint32Array(size)
  const starts = new Uint32Array(size)
  const rows: number[] = []
  for (const [trigram, row] of levels) {
    const [first = 0, middle = 0, last = 0] = Array.from(trigram, (letter) => numbers.get(letter))
    const key = trigramOf(first, middle, last)
    let at = slotOf(key) & (size - 1)
    while (keys[at] !== 0) at = (at + 1) & (size - 1)
    keys[at] = key
    starts[at] = rows.length
    rows.push(row.length / 2, ...row)
  }
  return { letters: lettersOf(script, numbers), keys, starts, rows: Uint8Array.from(rows) }
}

function lettersOf(script: string, numbers: ReadonlyMap<string, number>): Uint8Array {
  const table = scripts()
  const wanted = scriptNames.indexOf(script)
  const letters = new Uint8Array(0x10000)
  for (let unit = 0; unit < 0x10000; unit++) {
    if (table[unit] !== wanted && !isMark(unit)) continue
    const letter = lowerCase(String.fromCharCode(unit))
    if (table[letter.charCodeAt(0)] === wanted || isMark(unit)) letters[unit] = numbers.get(letter) ?? UNKNOWN_LETTER
  }
  return letters
}
