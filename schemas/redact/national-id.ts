import { ID_RULES, type IdRule } from './id-table.ts'
import { saysLabel, saysOtherwise, saysPersonal, saysPhone } from './labels.ts'
import type { Span } from './span.ts'

/** What an identifier is written of; one may be several, with single separators between. */
const PART =
  /(?<![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])[A-Z\d]+(?:\([A\d]\))?(?![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])/giu
const SEPARATOR = /^[ .\-/+]$/
const MOST_PARTS = 7
const MOST_UNITS = 24
/** ITU-T E.164 */
const MOST_PHONE_DIGITS = 15
const PAN = /^[A-Z]{5}\d{4}[A-Z]$/
const whole = (pattern: RegExp): RegExp => new RegExp(`^(?:${pattern.source})$`, pattern.flags)
const rules = ID_RULES.map((rule) => ({
  ...rule,
  written: rule.written && whole(rule.written),
  bare: rule.bare && whole(rule.bare),
}))

/** Numbers by which a state knows a person: the shape, and where there is one the check digit, and for weak ones a word that says so. */
export function findNationalIds(text: string): Span[] {
  const found: Span[] = []
  const parts = [...text.matchAll(PART)].map(({ 0: part, index }) => ({ start: index, end: index + part.length }))
  for (let first = 0; first < parts.length; first++) {
    const last = longestFrom(text, parts, first)
    if (last === undefined) continue
    found.push({ start: (parts[first] as Part).start, end: (parts[last] as Part).end, kind: 'national-id' })
    first = last
  }
  return found
}

interface Part {
  start: number
  end: number
}

/** The last of the parts that from `first` on make an identifier; the longest such. */
function longestFrom(text: string, parts: readonly Part[], first: number): number | undefined {
  const { start, end } = parts[first] as Part
  // a word of a sentence begins none
  if (end - start > 4 && !/\d/.test(text.slice(start, end))) return undefined
  let last = first
  while (
    last + 1 < parts.length &&
    last + 1 < first + MOST_PARTS &&
    (parts[last + 1] as Part).end - start <= MOST_UNITS &&
    SEPARATOR.test(text.slice((parts[last] as Part).end, (parts[last + 1] as Part).start))
  )
    last++
  for (; last >= first; last--) if (isId(text.slice(start, (parts[last] as Part).end), text, start, (parts[last] as Part).end)) return last
  return undefined
}

function isId(value: string, text: string, start: number, end: number): boolean {
  const digits = value.replace(/\D/g, '').length
  // none but India's PAN has fewer than six
  if ((digits < 6 && !PAN.test(value)) || value.length < 8 || value.length > MOST_UNITS) return false
  // the end of an ISBN is no bank's number
  const isInside =
    /\d[-./]$/.test(text.slice(Math.max(0, start - 2), start)) ||
    /^[-./]\d/.test(text.slice(end, end + 2)) ||
    (value.includes(' ') && (/\d\d $/.test(text.slice(Math.max(0, start - 3), start)) || /^ \d\d/.test(text.slice(end, end + 3))))
  const isGlued = isInside && !(text.charAt(start - 1) === '/' || text.charAt(end) === '/')
  let personal: boolean | undefined
  let otherwise: boolean | undefined
  const isPersonal = (): boolean => (personal ??= saysPersonal(text, start, end))
  // its own label outweighs an "order" that happens to stand near
  const isOtherwise = (): boolean => (otherwise ??= saysOtherwise(text, start) && !isPersonal())
  // behind a word that says so, people group digits as they like
  const isGrouped = /^\d{2,}([ -])\d{2,}(?:\1\d{2,})+$/.test(value)
  return rules.some((rule) => {
    if (rule.written?.test(value) === true && !isInside && passes(rule, value)) return !isOtherwise()
    const bare = isGrouped && !isInside ? value.replace(/[ -]/g, '') : value
    if (rule.bare?.test(bare) !== true) return false
    if (
      !isPersonal() &&
      !(rule.label !== undefined && saysLabel(rule.label, text, start)) &&
      (bare !== value || rule.strong !== true || isGlued || isOtherwise() || (digits <= MOST_PHONE_DIGITS && saysPhone(text, start, end)))
    )
      return false
    return passes(rule, bare)
  })
}

function passes({ isOne }: IdRule | (typeof rules)[number], value: string): boolean {
  try {
    return isOne(value)
  } catch {
    return false
  }
}
