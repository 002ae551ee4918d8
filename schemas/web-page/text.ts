/** Cleaning and cutting text the same way on every engine. */

/** White space of HTML plus the Unicode space separators, as a list: never the engine's \s. */
const SPACES = /[\t\n\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g
/** Controls, zero-width marks, byte order marks, soft hyphens, non-characters: never text. */
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff\ufffe\uffff]/g

/** One line: invisible characters gone, white space runs one space, lone surrogates U+FFFD. */
export function cleanLine(text: string): string {
  return trimSpace(text.replace(INVISIBLE, '').replace(SPACES, ' ')).toWellFormed()
}

/** Preformatted text: lines and indentation stay. */
export function cleanPreformatted(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(INVISIBLE, '')
    .replace(/[ \t]+\n/g, '\n')
    .replace(/^\n+|[\n \t]+$/g, '')
    .toWellFormed()
}

/** ASCII space only: `cleanLine` has made all others that. */
function trimSpace(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text.charCodeAt(from) === 0x20) from++
  while (to > from && text.charCodeAt(to - 1) === 0x20) to--
  return text.slice(from, to)
}

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
  return text.replace(/[A-Z]+/g, (run) => run.toLowerCase())
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
