import { type CountryCode, isPossiblePhoneNumber, isValidPhoneNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { saysOtherwise, saysPersonal, saysPhone } from './labels.ts'
import type { Span } from './span.ts'

const CANDIDATE =
  /(?<![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_+])(?<!\d[.,-])(?:\+\s?|00\s?|\()?\d(?:[ .\-/()]{0,3}\d){5,17}(?:\s?(?:x|ext\.?|extension|#|;ext=)\s?\d{1,6})?(?![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}_])/giu
const EXTENSION = /\s?(?:x|ext\.?|extension|#|;ext=)\s?\d{1,6}$/i
/** North American shapes, with whatever area code: people write down numbers that no exchange has. */
const NANP = /^(?:\+?1[ .-]?|001[ .-]?)?(?:\(\d{3}\)[ .-]?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4}|\d{3} \d{3}-\d{4}|\d{3}[-/ ]\d{3}-\d{4})$/
/** Whose national numbers begin with a trunk 0, and whose are written without. */
const TRUNK: CountryCode[] = [
  'DE',
  'GB',
  'FR',
  'IT',
  'NL',
  'BE',
  'AT',
  'CH',
  'SE',
  'FI',
  'TR',
  'AU',
  'ZA',
  'JP',
  'KR',
  'IN',
  'UA',
  'RO',
  'IE',
  'IL',
  'TH',
  'ID',
  'EG',
  'AR',
  'NZ',
  'BR',
  'RS',
  'BG',
  'HR',
  'SK',
  'SI',
  'VN',
  'PK',
  'NG',
  'KE',
  'TW',
  'MA',
]
const OPEN: CountryCode[] = [
  'US',
  'ES',
  'PL',
  'PT',
  'IT',
  'NO',
  'DK',
  'CZ',
  'GR',
  'CN',
  'IN',
  'RU',
  'MX',
  'BR',
  'HU',
  'SG',
  'HK',
  'LV',
  'LT',
  'EE',
  'CO',
  'CL',
  'PE',
  'AR',
  'KR',
  'TW',
  'AE',
  'SA',
]
const DATE =
  /^(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2})(?:\D\d{1,2})*$|^(?:19|20)\d{2}\s?[-/]\s?(?:19|20)\d{2}$|^(?:19|20)\d{6}$/

/** Telephone numbers: international ones by their plan, national ones by their shape, their plan, or a word that says so. */
export function findPhones(text: string): Span[] {
  const found: Span[] = []
  for (const { 0: raw, index } of text.matchAll(CANDIDATE)) {
    const value = balanced(raw)
    const [start, end] = [index, index + value.length]
    if (isPhone(value, text, start, end)) found.push({ start, end, kind: 'phone' })
  }
  return found
}

/** Without a bracket that never closes. */
function balanced(raw: string): string {
  return raw.includes('(') && !raw.includes(')') && !raw.startsWith('(') ? raw.slice(0, raw.lastIndexOf('(')).trimEnd() : raw
}

function isPhone(value: string, text: string, start: number, end: number): boolean {
  const core = value.replace(EXTENSION, '')
  const digits = core.replace(/\D/g, '')
  if (digits.length < 7 || digits.length > 17 || DATE.test(core)) return false
  const next = text.slice(end, end + 3)
  // a price, a percentage, a measure
  if (/^\s?[€$£¥%₹°]/.test(next) || /[€$£¥₹]\s?$/.test(text.slice(Math.max(0, start - 2), start))) return false
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
  if (core.startsWith('0') || /^\(0\d/.test(core)) {
    if (digits.length < 9 || digits.length > 12) return false
    if (/[ \-/()]|\..*\..*\./.test(core)) return TRUNK.some((country) => isValidPhoneNumber(core, country))
    return TRUNK.some((country) => isMobile(core, country))
  }
  // an area code in brackets: (11) 91234-5678
  return /^\(\d{1,4}\) ?\d/.test(core) && [...OPEN, ...TRUNK].some((country) => isValidPhoneNumber(core, country))
}

function parsed(text: string): boolean {
  return parsePhoneNumberFromString(text)?.isValid() ?? false
}

function isMobile(text: string, country: CountryCode): boolean {
  const number = parsePhoneNumberFromString(text, country)
  return number !== undefined && number.isValid() && /MOBILE/.test(number.getType() ?? '')
}
