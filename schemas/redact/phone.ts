import { type CountryCode, isPossiblePhoneNumber, isValidPhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { saysOtherwise, saysPersonal, saysPhone, saysPhoneBefore } from './labels.ts'
import { digitsIn } from './plain.ts'
import type { Span } from './span.ts'

const CANDIDATE =
  /(?<![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_+])(?<!\d[.,-])(?:\+\s?|00\s?|\()?\d(?:[ .\-/()]{0,3}\d){5,34}(?:\s?(?:x|ext\.?|extension|#|;ext=)\s?\d{1,6})?(?![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])(?!:[0-9a-f]{2}:)/giu
const EXTENSION = /\s?(?:x|ext\.?|extension|#|;ext=)\s?\d{1,6}$/i
/** One of several with a space between them: what an international number may have. */
const SHORT = new RegExp(CANDIDATE.source.replace('{5,34}', '{5,17}'), CANDIDATE.flags)
/** One of several in a row: `06 12 34 56 78 / 06 98 76 54 32`. */
const PART = /[+\d(](?:(?! [/-] | {2}|\. )[^])*\d/g
/** What a slash parts. */
const SIDE = /[+\d(][^/]*\d/g
const WHOLE = /[^]+/g
/** Where points or dashes stand inside of a number, a space stands behind it; others in a row are one. */
const WORD = /[+\d(]\S*\d[.-]\d\S*|(?:(?!\S*\d[.-]\d)[+\d(]\S* ?)+/g
/** North American shapes, with whatever area code: people write down numbers that no exchange has. */
const NANP = /^(?:\+?1[ .-]?|001[ .-]?)?(?:\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|\d{3} \d{3}-\d{4}|\d{3}[-/ ]\d{3}-\d{4})$/
/** Whose national numbers begin with a trunk 0, and whose are written without. */
const TRUNK = 'DE GB FR IT NL BE AT CH SE FI TR AU ZA JP KR IN UA RO IE IL TH ID EG AR NZ BR RS BG HR SK SI VN PK NG KE TW MA'.split(
  ' ',
) as CountryCode[]
const OPEN = 'US ES PL PT IT NO DK CZ GR CN IN RU MX BR HU SG HK LV LT EE CO CL PE AR KR TW AE SA'.split(' ') as CountryCode[]
const DATE =
  /^(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2})(?:\D\d{1,2})*$|^(?:19|20)\d{2}\s?[-/]\s?(?:19|20)\d{2}$|^(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$|^\d{1,2}\/\d{1,2}\/\d{2}(?: \d{1,2})*$|^\d{1,2}\.\d{2} ?- ?\d{1,2}\.\d{2}$/
/** Thousands: 1 250 000, 10.000.000; with three digits in front it could be either. */
const AMOUNT = /^[1-9]\d?([ .])\d{3}\1\d{3}$|^[1-9]\d{0,2}([ .])\d{3}\2\d{3}\2\d{3}$/
const LEAST_DIGITS = 7
const MOST_DIGITS = 17
/** Degrees with four decimals or more, and a pair of them. */
const COORDINATE = /^(?:\d|[1-9]\d|1[0-7]\d|180)\.\d{4,}(?: -?\d{1,3}\.\d{4,})?$/
/** Shapes that a country gives its numbers and nobody gives other things: 612 34 56 78, 22 123 45 67, 11 91234-5678, 98765 43210. */
const SHAPES: [shape: RegExp, country: CountryCode][] = [
  [/^[67]\d{2} \d{2} \d{2} \d{2}$/, 'ES'],
  [/^\d{2} \d{3} \d{2} \d{2}$/, 'PL'],
  [/^\d{2} 9?\d{4}-\d{4}$/, 'BR'],
  [/^[6-9]\d{4} \d{5}$/, 'IN'],
  [/^8 ?\(?\d{3}\)? ?\d{3}-\d{2}-\d{2}$/, 'RU'],
  [/^1[3-9]\d([ -])\d{4}\1\d{4}$/, 'CN'],
]

/** Telephone numbers: international ones by their plan, national ones by their shape, their plan, or a word that says so. */
export function findPhones(text: string): Span[] {
  const found: Span[] = []
  for (const { 0: raw, index } of text.matchAll(CANDIDATE)) {
    // a bracket around a sentence that the number begins
    const open = raw.startsWith('(') && !raw.includes(')') ? 1 : 0
    const whole = balanced(raw.slice(open))
    const take = (value: string, start: number): boolean => {
      const isOne = isPhone(value, text, start, start + value.length)
      if (isOne) found.push({ start, end: start + value.length, kind: 'phone' })
      return isOne
    }
    const parts = [...whole.matchAll(PART)]
    const [head, next] = parts
    // a few digits behind a dash are an extension where the plan has room for them
    const isSeveral = head !== undefined && next !== undefined && parsed(head[0]) && (digitsIn(next[0]) >= LEAST_DIGITS || !parsed(whole))
    if ((!isSeveral && take(whole, index + open)) || COORDINATE.test(whole)) continue
    for (const { 0: part, index: at } of parts) {
      const from = index + open + at
      if (part !== whole && take(balanced(part), from)) continue
      const sides = part.split('/')
      const pieces = sides.every((side) => digitsIn(side) >= LEAST_DIGITS) ? [...part.matchAll(SIDE)] : [...part.matchAll(WHOLE)]
      for (const { 0: piece, index: inside } of pieces) {
        if (piece !== part && take(balanced(piece), from + inside)) continue
        let isTaken = false
        if (/\d[.-]\d.* /.test(piece))
          for (const { 0: word, index: within } of piece.matchAll(WORD))
            isTaken = take(balanced(word.trimEnd()), from + inside + within) || isTaken
        if (!isTaken && digitsIn(piece) > MOST_DIGITS) takeShort(piece, (one, within) => take(balanced(one), from + inside + within))
      }
    }
  }
  return found
}

/** Numbers with one space between; an international one ends where its plan is met, another where it is one and leaves another. */
function takeShort(piece: string, take: (one: string, at: number) => boolean): void {
  for (let at = 0; at < piece.length; ) {
    SHORT.lastIndex = at
    const match = SHORT.exec(piece)
    if (!match) return
    const [one] = match
    let length = one.length
    if (!(one.startsWith('+') && !parsed(one)) && take(one, match.index)) {
      at = match.index + length
      continue
    }
    for (let cut = one.lastIndexOf(' '); cut > 0; cut = one.lastIndexOf(' ', cut - 1)) {
      const left = one.slice(0, cut)
      if (digitsIn(left) < LEAST_DIGITS || digitsIn(piece.slice(match.index + cut)) < LEAST_DIGITS) continue
      if ((!one.startsWith('+') || parsed(left)) && take(left, match.index)) {
        length = cut
        break
      }
    }
    if (length === one.length && one.startsWith('+')) take(one, match.index)
    at = match.index + length
  }
}

/** Without a bracket that never closes. */
function balanced(raw: string): string {
  return raw.includes('(') && !raw.includes(')') ? raw.slice(0, raw.lastIndexOf('(')).trimEnd() : raw
}

function isPhone(value: string, text: string, start: number, end: number): boolean {
  const core = value.replace(EXTENSION, '')
  const digits = core.replace(/\D/g, '')
  if (
    digits.length < LEAST_DIGITS ||
    digits.length > MOST_DIGITS ||
    DATE.test(core) ||
    AMOUNT.test(core) ||
    isCoordinate(core, text, start)
  )
    return false
  const next = text.slice(end, end + 3)
  // a price, a percentage, a measure
  if (/^\s?[€$£¥%₹°](?!\d)/.test(next) || /[€$£¥₹]\s?$/.test(text.slice(Math.max(0, start - 2), start))) return false
  const says = saysPhone(text, start, end)
  if (core.startsWith('+')) return isPossiblePhoneNumber(core) || (digits.length >= 8 && digits.length <= 15 && /[ .\-()]/.test(core))
  if (saysOtherwise(text, start) && !says) return false
  if (NANP.test(core)) return true
  if (
    /^00[1-9]/.test(core) &&
    isPossiblePhoneNumber(`+${digits.slice(2)}`) &&
    (says || /[ .\-/()]/.test(core) || parsed(`+${digits.slice(2)}`))
  )
    return true
  if (says && !saysPersonal(text, start, start))
    return digits.length <= 15 && (digits.length >= 8 || /\D/.test(core)) && !/^\d{1,3}\.\d{1,3}$/.test(core)
  // an area code in brackets, whoever has it
  if (/^\(0\d ?\d{0,3}\)[ /-]?\d/.test(core)) return digits.length >= 8 && digits.length <= 12
  if (core.startsWith('0')) {
    if (digits.length < 9 || digits.length > 12) return false
    if (/[ \-/()]|\..*\..*\./.test(core)) return TRUNK.some((country) => isValidPhoneNumber(core, country))
    // ten or eleven digits behind a zero are little else
    if (/^0[1-9]\d{8,9}$/.test(core)) return TRUNK.some((country) => isValidPhoneNumber(core, country))
    return TRUNK.some((country) => isMobile(core, country))
  }
  if (SHAPES.some(([shape, country]) => shape.test(core) && isValidPhoneNumber(core, country))) return true
  return /^\(\d{1,4}\) ?\d/.test(core) && [...OPEN, ...TRUNK].some((country) => isValidPhoneNumber(core, country))
}

/** A word before it says that it is a number after all; a pair is none. */
const isCoordinate = (core: string, text: string, start: number): boolean =>
  COORDINATE.test(core) && (core.includes(' ') || !saysPhoneBefore(text, start))

function parsed(text: string): boolean {
  return parsePhoneNumberFromString(text)?.isValid() ?? false
}

function isMobile(text: string, country: CountryCode): boolean {
  const number = parsePhoneNumberFromString(text, country)
  return number !== undefined && number.isValid() && /MOBILE/.test(number.getType() ?? '')
}
