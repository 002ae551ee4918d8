/** Character classes, lower case and folding from the checked-in tables: what an engine's own Unicode version says never matters here. */
import tables from './tables/unicode.json' with { type: 'json' }

/** A letter or number, which makes up words. */
export const WORD = 1
/** A Han, kana or bopomofo character: a token by itself. */
export const CJK = 2
/** A combining mark: continues a word, starts none. */
export const MARK = 3

export const scriptNames: readonly string[] = ['', ...tables.scriptNames.split(' ')]

const lazy = <T>(make: () => T): (() => T) => {
  let value: T | undefined
  return () => (value ??= make())
}

/** Class by code point. */
export const classes = lazy(() => expandRuns(tables.classes))
/** Index into `scriptNames` by code point, of letters only. */
export const scripts = lazy(() => expandRuns(tables.scripts))
/** Code point -> text without case, accents and compatibility forms; absent means itself. */
export const folds = lazy(() => expandPairs(tables.fold))
const lowers = lazy(() => expandPairs(tables.lower))

/** Lower case, one code point for one code point. */
export function lowerCase(text: string): string {
  const table = lowers()
  let out = ''
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const cp = text.codePointAt(i) ?? 0
    // most of most texts is in lower case already
    if (cp < 0x80 && (cp < 0x41 || cp > 0x5a)) continue
    const to = table.get(cp)
    const width = cp > 0xffff ? 2 : 1
    if (to !== undefined) {
      out += text.slice(from, i) + to
      from = i + width
    }
    i += width - 1
  }
  return from === 0 ? text : out + text.slice(from)
}

function expandRuns(table: string): Uint8Array {
  const values = new Uint8Array(0x110000)
  let at = 0
  for (const run of table.split(',')) {
    const [gap = 0, length = 0, value = 0] = run.split(' ').map((part) => Number.parseInt(part, 36))
    values.fill(value, at + gap, at + gap + length)
    at += gap + length
  }
  return values
}

function expandPairs(table: string): Map<number, string> {
  const values = new Map<number, string>()
  let at = 0
  for (const pair of table.split(',')) {
    const space = pair.indexOf(' ')
    at += Number.parseInt(pair.slice(0, space), 36)
    values.set(at, pair.slice(space + 1))
  }
  return values
}
