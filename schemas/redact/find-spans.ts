import { findCards } from './card.ts'
import { findEmails } from './email.ts'
import { findHandles } from './handle.ts'
import { findIbans } from './iban.ts'
import { findIps, findMacs } from './ip.ts'
import type { NameIndex } from './names.ts'
import { findNationalIds } from './national-id.ts'
import { findPhones } from './phone.ts'
import { digitsIn, plain } from './plain.ts'
import { findSecrets } from './secret.ts'
import { type Detector, type Span, withoutOverlaps } from './span.ts'

/** Bump the version on any change of what the rules find or leave. */
export const REDACTION = 'redact@2'
/** Longest text in one call; a longer one is the caller's to cut. */
export const MAX_TEXT_UNITS = 1 << 20

/**
 * Everything that rules find in a text, in order, none overlapping; `people` are those the export itself names. Pure and deterministic.
 * Offsets are UTF-16 code units of `text`. What is certain by format or check digit wins over what is likely by its surroundings.
 */
export function findSpans(text: string, people?: NameIndex): Span[] {
  const folded = plain(text)
  const digits = digitsIn(folded)
  const found: Span[] = []
  found.push(...findSecrets(folded))
  if (/@|%40|[[({](?:at|ät)/i.test(folded)) found.push(...findEmails(folded))
  // an account number may look like a card from inside, and so may an international telephone number
  if (digits >= 2 && folded.length >= 15 && /[A-Za-z]{2} ?\d\d/.test(folded)) found.push(...findIbans(folded))
  const phones = digits >= 7 ? findPhones(folded) : []
  found.push(
    ...phones.filter(({ start }) => folded[start] === '+' || /(?<!\d[ -])00$/.test(folded.slice(Math.max(0, start - 2), start + 2))),
  )
  if (digits >= 12) found.push(...findCards(folded))
  if (digits > 1 && /[.:-]/.test(folded))
    found.push(...findMacs(folded), ...(folded.includes('.') || folded.includes(':') ? findIps(folded) : []))
  // of all of them India's PAN has the fewest, four behind five letters
  if (digits >= 6 || (digits >= 4 && /[A-Z]{5}\d{4}[A-Z]/.test(folded))) found.push(...findNationalIds(folded))
  found.push(...phones)
  const handles = folded.includes('@') || /u\//i.test(folded) ? findHandles(folded) : []
  if (people !== undefined && people.size > 0) {
    const named = people.find(text)
    // a stranger's handle may begin like somebody known: @anna_2 is not @anna
    const strangers = handles.filter(({ start, end }) => !named.some((one) => one.start <= start && one.end >= end))
    // a contact's address is the contact: what the export knows is more than what a rule knows
    return withoutOverlaps([...found.filter(({ kind }) => kind === 'secret' || kind === 'email'), ...strangers, ...named, ...found])
  }
  return withoutOverlaps([...found, ...handles])
}

/** Rules first, then each detector where the rules found nothing. Throws RangeError naming a detector whose spans lie outside of the text. */
export async function findWith(text: string, detectors: readonly Detector[], people?: NameIndex): Promise<Span[]> {
  const found = findSpans(text, people)
  for (const detector of detectors)
    for (const { start, end, kind } of await detector.find(text)) {
      if (
        !Number.isInteger(start) ||
        !Number.isInteger(end) ||
        start < 0 ||
        end <= start ||
        end > text.length ||
        !/^[\w-]{1,32}$/.test(kind)
      )
        throw new RangeError(`detector ${detector.name} gave a span that is none of this text`)
      found.push({ start, end, kind })
    }
  return withoutOverlaps(found)
}
