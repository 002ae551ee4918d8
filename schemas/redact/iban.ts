import { countrySpecs, isValidBBAN } from 'ibantools'
import type { Span } from './span.ts'

const START = /(?:(?<![\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}])|(?<=iban))[A-Z]{2} ?\d{2}(?=[ .\-_]?[A-Z0-9])/giu
/** A letter of a script that puts spaces between words, or a digit: what stands there goes on. */
const GOES_ON = /[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}\p{N}]/u

/** International bank account numbers (ISO 13616): the length of their country and the check digits. */
export function findIbans(text: string): Span[] {
  const found: Span[] = []
  for (const { index } of text.matchAll(START)) {
    const country = text.slice(index, index + 2).toUpperCase() as keyof typeof countrySpecs
    const wanted = countrySpecs[country]?.chars ?? 0
    if (wanted === 0) continue
    let value = ''
    let at = index
    for (let gap = 0; value.length < wanted && at < text.length && gap < 2; at++) {
      const unit = text.charAt(at)
      if (/[A-Za-z0-9]/.test(unit)) {
        value += unit.toUpperCase()
        gap = 0
      } else if (/[ .\-_\n]/.test(unit)) gap++
      else break
    }
    // behind a space prose may look the same: capitals, and digits and letters where the country has them
    if (
      text.charAt(index + 2) === ' ' &&
      !(/^[A-Z]{2}/.test(text.slice(index)) && isValidBBAN(value.slice(4), text.slice(index, index + 2)))
    )
      continue
    if (value.length === wanted && !GOES_ON.test(text.charAt(at)) && passesMod97(value)) found.push({ start: index, end: at, kind: 'iban' })
  }
  return found
}

/** ISO 7064: the first four characters behind the others, letters as 10 to 35. Check digits inside of a country's account number are not looked at. */
function passesMod97(iban: string): boolean {
  let rest = 0
  for (const unit of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(unit, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}
