/**
 * Which language a text is in: the script decides first, letter trigrams between the languages that share one (naive Bayes over
 * integer levels; Cavnar & Trenkle 1994 for the idea of letter n-grams). Integers and checked-in tables only.
 */
import { Trigrams } from './trigrams.ts'
import { lowerCase, scriptNames, scripts } from './unicode.ts'
import tables from './tables/trigrams.json' with { type: 'json' }

/** Letters looked at, from the start of the text: enough for certainty, and bounded. */
const LOOK_AT = 2000
/** Least mean level per trigram of the best language, and its least lead over the second, per thousand. */
const FLOOR = 3
const LEAD = 5
/** Fewer letters than this give `und`. */
const MIN_LETTERS = 12

interface Group {
  languages: string[]
  trigrams: Trigrams
}
export type Model = Map<string, Group>

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
  return group === undefined ? (alone[script] ?? 'und') : bestOf(group, foldForLanguage(lowerCase(sample), script))
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

/** Runs of the script's letters (and marks between them), one space around each. */
export function foldForLanguage(lower: string, script: string): string {
  const table = scripts()
  const wanted = scriptNames.indexOf(script)
  let out = ' '
  // where the run under way began; -1 between runs
  let from = -1
  for (let i = 0; i < lower.length; i++) {
    const unit = lower.charCodeAt(i)
    // vowel signs of Devanagari and points of Arabic are marks inside their blocks
    const isMark = (unit >= 0x900 && unit < 0x980) || (unit >= 0x610 && unit < 0x6d4)
    if (table[unit] === wanted || isMark) {
      if (from < 0) from = i
    } else if (from >= 0) {
      out += `${lower.slice(from, i)} `
      from = -1
    }
  }
  return from < 0 ? out : `${out}${lower.slice(from)} `
}

function bestOf({ languages, trigrams }: Group, text: string): string {
  const sums = new Uint32Array(languages.length)
  const seen = trigrams.addLevels(text, sums)
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

export function parseModel(table: string): Model {
  const model: Model = new Map()
  const parts: { script: string; language: string; lines: string[] }[] = []
  for (const line of table.split('\n')) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const head = line.slice(0, space)
    if (head >= 'A') parts.push({ script: head, language: line.slice(space + 1), lines: [] })
    else parts.at(-1)?.lines.push(line)
  }
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
    model.set(script, { languages: own.map((part) => part.language), trigrams: new Trigrams(levels) })
  }
  return model
}
