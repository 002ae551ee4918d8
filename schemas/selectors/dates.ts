/** Dates as pages write them -> ISO 8601, by a format the charter names: no engine's Date parser, no locale, no time zone of the machine. */
import { dayNumber, isDay, isoOf, padded } from '../calendar/index.ts'
import { lowerCase } from '../measures/index.ts'

const MONTHS = {
  en: 'january february march april may june july august september october november december',
  de: 'januar februar märz april mai juni juli august september oktober november dezember',
  fr: 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre',
  es: 'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre',
  it: 'gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre',
  pt: 'janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro',
  nl: 'januari februari maart april mei juni juli augustus september oktober november december',
} as const
export type DateLanguage = keyof typeof MONTHS

/** What a format is made of; anything else in it stands for itself, and a space for any run of spaces. */
const DATE_PARTS = ['YYYY', 'MMMM', 'DDDD', 'MM', 'DD', 'HH', 'hh', 'mm', 'ss', 'M', 'D', 'H', 'h', 'A', 'Z'] as const
type Part = (typeof DATE_PARTS)[number]

/** `YYYY-MM-DD`, or `YYYY-MM-DDTHH:mm:ss+00:00`. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?[ ]?(Z|z|[+-]\d\d:?\d\d)?)?$/

export interface DateRules {
  format: string | null
  language: DateLanguage
  /** `+01:00`: of times that name no offset. */
  zone: string
}

/** A date, or a date and time with its offset; null where the text does not follow the format, or no such day exists. */
export function readDate(text: string, { format, language, zone }: DateRules): string | null {
  const found = format === null ? readIso(text) : readBy(format, text, language)
  if (found === null) return null
  const { year, month, day, hour, minute, second } = found
  if (!isDay(year, month, day)) return null
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`
  if (hour === null) return date
  if (hour > 23 || minute > 59 || second > 59) return null
  return `${date}T${padded(hour, 2)}:${padded(minute, 2)}:${padded(second, 2)}${found.zone ?? zone}`
}

/** The same moment in UTC, `2026-03-01T09:20:30Z`; null for a text that is no date and time with offset. */
export function toUtc(text: string): string | null {
  const iso = readIso(text)
  if (iso === null || iso.hour === null || iso.zone === null || !isDay(iso.year, iso.month, iso.day)) return null
  const seconds =
    dayNumber(iso.year, iso.month, iso.day) * 86_400 + iso.hour * 3600 + iso.minute * 60 + iso.second - offsetSeconds(iso.zone)
  return isoOf(seconds)
}

interface Read {
  year: number
  month: number
  day: number
  hour: number | null
  minute: number
  second: number
  zone: string | null
}

function readIso(text: string): Read | null {
  const match = ISO.exec(text.slice(0, 64))
  if (match === null) return null
  const [, year, month, day, hour, minute = '0', second = '0', zone] = match
  return {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: hour === undefined ? null : Number(hour),
    minute: Number(minute),
    second: Number(second),
    zone: zone === undefined ? null : offsetOf(zone),
  }
}

/** Cuts a format into its parts and the letters between them. */
export function formatParts(format: string): (Part | { literal: string })[] {
  const parts: (Part | { literal: string })[] = []
  for (let at = 0; at < format.length; ) {
    const part = DATE_PARTS.find((one) => format.startsWith(one, at))
    parts.push(part ?? { literal: format[at] as string })
    at += part === undefined ? 1 : part.length
  }
  return parts
}

/** The text from its beginning, part by part; what follows the format is not looked at. */
function readBy(format: string, text: string, language: DateLanguage): Read | null {
  const read: Read = { year: 0, month: 1, day: 1, hour: null, minute: 0, second: 0, zone: null }
  const line = lowerCase(text.slice(0, 256))
  let afternoon: boolean | null = null
  let at = 0
  const take = (pattern: RegExp): string | null => {
    const found = pattern.exec(line.slice(at, at + 32))?.[0] ?? null
    at += found?.length ?? 0
    return found
  }
  for (const part of formatParts(format)) {
    if (typeof part !== 'string') {
      if (part.literal === ' ') {
        if (take(/^[ \u00a0\n\t]+/) === null) return null
      } else if (line.startsWith(lowerCase(part.literal), at)) at += part.literal.length
      else return null
      continue
    }
    if (part === 'MMMM') {
      const month = monthAt(line, at, language)
      if (month === null) return null
      read.month = month.number
      at += month.length
    } else if (part === 'DDDD') {
      // the name of a day says nothing that the date does not
      if (take(/^[^ ,.\d]{2,20}\.?/) === null) return null
    } else if (part === 'A') {
      const half = take(/^[ap]\.?m\.?/)
      if (half === null) return null
      afternoon = half.startsWith('p')
    } else if (part === 'Z') {
      const zone = take(/^(z|utc|gmt|[+-]\d\d:?\d\d)/)
      if (zone === null) return null
      read.zone = offsetOf(zone)
    } else {
      const digits = take(part === 'YYYY' ? /^\d{4}/ : part.length === 2 ? /^\d\d/ : /^\d{1,2}/)
      if (digits === null) return null
      const value = Number(digits)
      if (part === 'YYYY') read.year = value
      else if (part.startsWith('M')) read.month = value
      else if (part.startsWith('D')) read.day = value
      else if (part.toLowerCase().startsWith('h')) read.hour = value
      else if (part === 'mm') read.minute = value
      else read.second = value
    }
  }
  if (afternoon !== null && read.hour !== null) {
    if (read.hour < 1 || read.hour > 12) return null
    read.hour = (read.hour % 12) + (afternoon ? 12 : 0)
  }
  return read
}

/** A month by its name or by three letters of it and more, as far as those are one month's alone. */
function monthAt(line: string, at: number, language: DateLanguage): { number: number; length: number } | null {
  const names = MONTHS[language].split(' ')
  let best: { number: number; length: number } | null = null
  for (const [i, name] of names.entries()) {
    let length = 0
    while (length < name.length && line[at + length] === name[length]) length++
    const alone = names.filter((other) => other.startsWith(name.slice(0, length))).length === 1
    if (length >= 3 && alone && (best === null || length > best.length)) best = { number: i + 1, length }
  }
  if (best !== null && line[at + best.length] === '.') best.length++
  return best
}

function offsetOf(zone: string): string {
  const word = zone.toLowerCase()
  if (word === 'z' || word === 'utc' || word === 'gmt') return '+00:00'
  return word.includes(':') ? word : `${word.slice(0, 3)}:${word.slice(3)}`
}

const offsetSeconds = (zone: string): number =>
  (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60)
