import { digitRuns, type Group } from './digit-groups.ts'
import { saysCard, saysOtherwise } from './labels.ts'
import type { Span } from './span.ts'

/** Issuer ranges and the lengths they use (ISO/IEC 7812; the networks' own pages). */
const ISSUERS: [prefix: RegExp, lengths: number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:30[0-5]|3095|36|38|39)/, [14, 16, 19]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16, 17, 18, 19]],
  [/^(?:1800|2131)/, [15]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:50|5[6-9]|6[0137])/, [12, 13, 14, 15, 16, 17, 18, 19]],
  [/^220[0-4]/, [16, 17, 18, 19]],
  [/^(?:60|65|81|82|508)/, [16]],
  [/^9792/, [16]],
]
/** How cards print their digits. */
const SHAPES = new Set([
  '4,4,4,4',
  '4,4,4,4,3',
  '4,4,4,4,2',
  '4,4,4,4,1',
  '4,6,5',
  '4,6,4',
  '4,4,5',
  '4,4,4,3',
  '4,4,4,1',
  '4,3,3,3',
  '4,4,4',
  '6,13',
  '8,8',
  '4,5,6',
])

/** The point of a number that stands behind a word, `roughly 3.4111…`, or is less than one; `1.4111…` on its own is a list. */
const DECIMALS = /(?:(?<![\d.,])0|\p{L}[^\n\d]{0,3} -?\d)\.$/u

/** Payment card numbers: an issuer's range and length, and the check digit of Luhn. */
export function findCards(text: string): Span[] {
  const found: Span[] = []
  for (const groups of digitRuns(text)) {
    for (let first = 0; first < groups.length; first++) {
      const last = cardFrom(text, groups, first)
      if (last === undefined) continue
      const [start, end] = [(groups[first] as Group).start, (groups[last] as Group).end]
      const isSaid = (): boolean => saysCard(text, start, end)
      if (first === last && DECIMALS.test(text.slice(Math.max(0, start - 24), start)) && !isSaid()) continue
      // in four groups of four nothing else is written that passes the check
      if (!isPrinted(groups.slice(first, last + 1)) && saysOtherwise(text, start) && !isSaid()) continue
      found.push({ start, end, kind: 'card' })
      first = last
    }
  }
  return found
}

const isPrinted = (groups: readonly Group[]): boolean => groups.length === 4 && groups.every(({ digits }) => digits.length === 4)

/** The last of the groups that together with `first` make a card; the longest such. */
function cardFrom(text: string, groups: readonly Group[], first: number): number | undefined {
  let digits = ''
  let best: number | undefined
  for (let last = first; last < groups.length && last < first + 5; last++) {
    digits += (groups[last] as Group).digits
    if (digits.length > 19) break
    if (digits.length < 12) continue
    const shape = groups.slice(first, last + 1).map((group) => group.digits.length)
    if ((shape.length === 1 || SHAPES.has(shape.join(','))) && isCard(digits) && isOfOnePiece(text, groups.slice(first, last + 1)))
      best = last
  }
  return best
}

/** Between the groups of a rare shape, and wherever more than one unit stands, stands the same everywhere: else two numbers lie side by side. */
function isOfOnePiece(text: string, groups: readonly Group[]): boolean {
  const gaps = groups.slice(1).map(({ start }, i) => text.slice((groups[i] as Group).end, start))
  const isRare = groups.length === 4 && groups[3]?.digits.length === 3 && groups[1]?.digits.length === 3
  return new Set(gaps).size <= 1 || (!isRare && gaps.every((gap) => gap.length === 1))
}

const isCard = (digits: string): boolean =>
  ISSUERS.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)) && passesLuhn(digits)

/** ISO/IEC 7812-1, annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = digits.length - 1, even = false; i >= 0; i--, even = !even) {
    const digit = digits.charCodeAt(i) - 48
    sum += even ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit
  }
  return sum % 10 === 0 && /[1-9]/.test(digits)
}
