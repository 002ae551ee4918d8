/** Cleaning and cutting text the same way on every engine. */

/** What a UTF-16 unit is to a line of text: one look-up, and never the engine's `\s`. */
export const SPACE = 1
export const INVISIBLE = 2
export const unitKinds = new Uint8Array(0x10000)
// white space of HTML, and the Unicode space separators
for (const unit of [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000]) unitKinds[unit] = SPACE
unitKinds.fill(SPACE, 0x2000, 0x200b)
// controls, zero-width marks, byte order marks, soft hyphens, non-characters: never text
for (const [from, to] of [
  [0x00, 0x08],
  [0x0b, 0x0b],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x200b, 0x200b],
  [0x2060, 0x2060],
  [0xfeff, 0xfeff],
  [0xfffe, 0xffff],
] as const)
  unitKinds.fill(INVISIBLE, from, to + 1)

/** Whether a unit is white space of any script. */
export const isSpace = (unit: number): boolean => unitKinds[unit] === SPACE

/** One line: invisible characters gone, white space runs one space, none at the ends, lone surrogates U+FFFD. */
export function cleanLine(text: string): string {
  let out = ''
  /** Where the piece begins that is still to be copied, and whether a space belongs before it. */
  let from = 0
  let gap = false
  let i = 0
  const { length } = text
  while (i < length) {
    const kind = unitKinds[text.charCodeAt(i)]
    if (kind === 0) {
      i++
      continue
    }
    // a single space between two letters, by far the most frequent: nothing to do
    if (text.charCodeAt(i) === 0x20 && i > from && i + 1 < length && unitKinds[text.charCodeAt(i + 1)] === 0) {
      i += 2
      continue
    }
    if (i > from) {
      out = append(out, gap, text.slice(from, i))
      gap = false
    }
    gap ||= kind === SPACE
    from = ++i
  }
  if (from === 0) return text.toWellFormed()
  return (from < length ? append(out, gap, text.slice(from)) : out).toWellFormed()
}

const append = (out: string, gap: boolean, piece: string): string => (out === '' ? piece : gap ? `${out} ${piece}` : out + piece)

// oxlint-disable-next-line no-control-regex
const HIDDEN_UNITS = /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff\ufffe\uffff]/g

/** Preformatted text: lines and indentation stay. */
export function cleanPreformatted(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(HIDDEN_UNITS, '')
  // a pattern for blanks before a line's end would begin anew at every blank of every indentation
  const trimmed = lines.includes(' \n') || lines.includes('\t\n') ? lines.split('\n').map(withoutBlanksAfter).join('\n') : lines
  let start = 0
  while (trimmed.charCodeAt(start) === LINE_END) start++
  return trimmed.slice(start, endBefore(trimmed, isBlankOrEnd)).toWellFormed()
}

const LINE_END = 0x0a
const isBlank = (unit: number): boolean => unit === 0x20 || unit === 0x09
const isBlankOrEnd = (unit: number): boolean => isBlank(unit) || unit === LINE_END

/** Where what is dropped at the end of a text begins. */
function endBefore(text: string, isDropped: (unit: number) => boolean): number {
  let end = text.length
  while (end > 0 && isDropped(text.charCodeAt(end - 1))) end--
  return end
}

const withoutBlanksAfter = (line: string): string => line.slice(0, endBefore(line, isBlank))

/** At most `max` UTF-16 units, never half a surrogate pair; null when nothing is left. */
export function fact(text: string | null | undefined, max: number): string | null {
  if (text === null || text === undefined) return null
  const line = cleanLine(text.slice(0, max * 8))
  const cut = line.length <= max ? line : line.slice(0, isHigh(line.charCodeAt(max - 1)) ? max - 1 : max)
  return cut === '' ? null : cut
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** ASCII lower case; anything else stays. */
export function asciiLower(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x41 && unit <= 0x5a) return text.replace(/[A-Z]+/g, (run) => run.toLowerCase())
  }
  return text
}

/** Drops whole blocks from the end until the text fits; a single block too long is cut at a character. */
export function cutAtBlock(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (Buffer.byteLength(text.slice(0, middle)) <= maxBytes) low = middle
    else high = middle - 1
  }
  if (isHigh(text.charCodeAt(low - 1))) low--
  const block = text.lastIndexOf('\n\n', low)
  return text.slice(0, block > 0 ? block : low)
}
