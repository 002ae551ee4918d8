/** One-to-one foldings, so that an offset in the folded text is an offset in the text. */

/** First code units of runs of ten decimal digits: Arabic-Indic, Persian, Devanagari, Bengali, Thai, full width. */
const DIGIT_RUNS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50, 0xff10]
const SPACES = /[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g
const DASHES = /[\u2010-\u2015\u2212\ufe63\uff0d]/g

/** Digits of other scripts as ASCII digits, any space as a space, any dash as a dash; of the same length, unit by unit. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (!/[^\u0000-\u007f]/.test(text)) return text
  return text
    .replace(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\uff10-\uff19]/g, (unit) => {
      const code = unit.charCodeAt(0)
      const first = DIGIT_RUNS.find((run) => code >= run && code < run + 10) ?? code
      return String(code - first)
    })
    .replace(SPACES, ' ')
    .replace(DASHES, '-')
    .replaceAll('\uff20', '@')
    .replaceAll('\uff0b', '+')
    .replaceAll('\uff1a', ':')
    .replaceAll('\uff0e', '.')
    .replaceAll('\uff08', '(')
    .replaceAll('\uff09', ')')
}

/** How many ASCII digits. */
export function digitsIn(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) count++
  }
  return count
}
