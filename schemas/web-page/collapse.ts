/** Text as it comes from the tokenizer: white space runs become one space, once, and what is left is counted. */
import { type Element, MARKED } from './dom.ts'
import { INVISIBLE, SPACE, unitKinds } from './text.ts'

/** A character of Chinese, Japanese or Korean says what about three letters of an alphabet say: short paragraphs of theirs are paragraphs too. */
const PER_IDEOGRAPH = 3

/** What a line says, in letters. */
export function textChars(line: string): number {
  let chars = 0
  for (let i = 0; i < line.length; i++) chars += weightOf(line.charCodeAt(i))
  return chars
}

const weightOf = (unit: number): number => (unit < 0x2e80 || isSurrogate(unit) ? 1 : PER_IDEOGRAPH)
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xf900

/** What Markdown escapes, all of it ASCII. */
export const MARKS = /[\\`*_[\]<]/g

/** All that is asked of a unit in one look-up: 0 for a letter, the kinds of `text.ts`, and bits. */
const kinds = unitKinds.slice()
const COMMA = 4
const MARK = 8
const WIDE = 16
for (const unit of [0x2c, 0x060c, 0x3001, 0xff0c, 0x055d, 0x1363]) kinds[unit]! |= COMMA
for (let unit = 0; unit < 0x80; unit++) if (String.fromCharCode(unit).search(MARKS) === 0) kinds[unit]! |= MARK
for (let unit = 0; unit < kinds.length; unit++)
  if (kinds[unit] !== SPACE && kinds[unit] !== INVISIBLE && weightOf(unit) > 1) kinds[unit]! |= WIDE

/**
 * The text from one place to another with every run of white space as one space, also at its ends, and without invisible characters.
 * Tells the element that holds it of its characters (space at the start left out, ideographs as many as they say), commas and marks.
 */
export function collapse(text: string, start: number, end: number, holder: Element): string {
  let out = ''
  let from = start
  let chars = 0
  /** The unit before was a space, or there was none. */
  let space = false
  for (let i = start; i < end; i++) {
    const kind = kinds[text.charCodeAt(i)] as number
    if (kind === 0) {
      space = false
      chars++
      continue
    }
    if (kind === SPACE) {
      if (!space) {
        space = true
        if (chars > 0) chars++
        // a single space stays where it is
        if (text.charCodeAt(i) === 0x20) continue
        out += from === i ? ' ' : `${text.slice(from, i)} `
      } else if (i > from) out += text.slice(from, i)
      from = i + 1
    } else if (kind === INVISIBLE) {
      if (i > from) out += text.slice(from, i)
      from = i + 1
    } else {
      space = false
      chars += (kind & WIDE) === 0 ? 1 : PER_IDEOGRAPH
      if ((kind & COMMA) !== 0) holder.textCommas++
      if ((kind & MARK) !== 0) holder.flags |= MARKED
    }
  }
  holder.textChars += chars
  return from === end ? out : out === '' ? text.slice(from, end) : out + text.slice(from, end)
}
