/** Text as it comes from the tokenizer: white space runs become one space, once, and what is left is counted. */
import type { Element } from './dom.ts'
import { SPACE, unitKinds } from './text.ts'

const COMMAS = new Set([0x060c, 0x3001, 0xff0c, 0x055d, 0x1363])

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

/**
 * The text with every run of white space as one space, also at its ends, and without invisible characters.
 * Adds its characters (space at the start left out, ideographs as many as they say) and commas to the element that holds it.
 */
export function collapse(text: string, holder: Element): string {
  let out = ''
  let from = 0
  let chars = 0
  let commas = 0
  /** The unit before was a space, or there was none. */
  let space = false
  const { length } = text
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    const kind = unitKinds[unit]
    if (kind === 0) {
      space = false
      chars += weightOf(unit)
      if (unit === 0x2c || (unit > 0x500 && COMMAS.has(unit))) commas++
      continue
    }
    if (kind === SPACE && !space) {
      space = true
      if (chars > 0) chars++
      // a single space stays where it is
      if (unit === 0x20) continue
      out += from === i ? ' ' : `${text.slice(from, i)} `
    } else if (i > from) out += text.slice(from, i)
    from = i + 1
  }
  holder.textChars += chars
  holder.textCommas += commas
  return from === 0 ? text : from === length ? out : out + text.slice(from)
}
