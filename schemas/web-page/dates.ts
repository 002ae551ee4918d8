/** Dates as pages write them -> ISO 8601, by pattern: no engine's Date parser, no time zone of the machine. */
import { isDay } from '../calendar/index.ts'

const ISO = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?)?/i
const COMPACT = /^\s*(\d{4})(\d{2})(\d{2})(?:$|[T\s])/
const RFC =
  /^\s*(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})(?:\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*(GMT|UTC|Z|[+-]\d{4})?)?/
const AMERICAN = /^\s*(?:[A-Za-z]{3,9},\s+)?([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})/
const SLASHED = /^\s*(\d{4})\/(\d{1,2})\/(\d{1,2})/
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** `2026-03-01` or `2026-03-01T10:20:30+01:00`; null when no pattern fits or the day does not exist. */
export function isoDate(text: string | null | undefined): string | null {
  if (text === null || text === undefined) return null
  const short = text.slice(0, 64)
  const iso = ISO.exec(short)
  if (iso !== null) return assemble(iso[1], iso[2], iso[3], iso[4], iso[5], iso[6], iso[7])
  const plain = COMPACT.exec(short) ?? SLASHED.exec(short)
  if (plain !== null) return assemble(plain[1], plain[2], plain[3])
  const rfc = RFC.exec(short)
  if (rfc !== null) return assemble(rfc[3], monthOf(rfc[2]), rfc[1], rfc[4], rfc[5], rfc[6], rfc[7])
  const american = AMERICAN.exec(short)
  return american === null ? null : assemble(american[3], monthOf(american[1]), american[2])
}

function monthOf(name = ''): string {
  return String(MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1)
}

function assemble(year = '', month = '', day = '', hour?: string, minute = '', second = '00', zone = ''): string | null {
  if (Number(year) < 1000 || !isDay(Number(year), Number(month), Number(day))) return null
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  if (hour === undefined) return date
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return date
  return `${date}T${hour.padStart(2, '0')}:${minute}:${second}${offset(zone)}`
}

function offset(zone: string): string {
  if (zone === '') return ''
  if (/^(z|gmt|utc)$/i.test(zone)) return 'Z'
  return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`
}
