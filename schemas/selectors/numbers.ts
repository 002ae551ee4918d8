/** Numbers as pages write them -> digits with a point, by pattern: no engine's number parser, no locale of the machine, no floats. */

const digitAt = (text: string, at: number): boolean => {
  const code = text.charCodeAt(at)
  return code >= 0x30 && code <= 0x39
}
const SPACES = '\u0020\u00a0\u2009\u202f'
const MINUS = '-\u2212'

/**
 * The first number in a text, as `-1234.5`: a minus directly before it counts, marks between groups of digits go, what follows stays out.
 * `group` lists the marks; a space among them stands for every kind of space. Null where there is no digit.
 */
export function plainNumber(text: string, decimal: '.' | ',', group: string): string | null {
  let at = 0
  while (at < text.length && !digitAt(text, at)) at++
  if (at === text.length) return null
  const marks = group.includes(' ') ? group + SPACES : group
  let whole = ''
  const sign = at > 0 && MINUS.includes(text[at - 1] as string) ? '-' : ''
  for (; at < text.length; at++) {
    const char = text[at] as string
    if (digitAt(text, at)) whole += char
    else if (char === decimal || !marks.includes(char) || !digitAt(text, at + 1)) break
  }
  let fraction = ''
  if (text[at] === decimal) for (at++; digitAt(text, at); at++) fraction += text[at]
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Digits of the largest decimal, the fraction included: what a Parquet DECIMAL(18) holds. */
const MAX_DECIMAL_DIGITS = 18

/** `-12.50` of `-12.5` at scale 2; null for what is no decimal, or has more digits than scale and size allow. */
export function decimalOf(text: string, scale: number): string | null {
  const match = /^(-?)0*(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = ''] = match
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > scale || whole.length + scale > MAX_DECIMAL_DIGITS + (whole === '0' ? 1 : 0)) return null
  const value = scale === 0 ? whole : `${whole}.${digits.padEnd(scale, '0')}`
  return sign === '-' && /[1-9]/.test(value) ? `-${value}` : value
}

/** Null for what is no whole number within 2^53. A fraction of zeros is none. */
export function integerOf(text: string): number | null {
  const whole = decimalOf(text, 0)
  if (whole === null || whole.length > 17) return null
  const value = Number(whole)
  return Number.isSafeInteger(value) ? value : null
}
