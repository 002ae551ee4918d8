/** Days and seconds of the proleptic Gregorian calendar in UTC, by arithmetic: no engine's Date, no time zone of the machine. */

/** Seconds since 1970 -> `2026-03-01T09:20:30Z`; null outside the years 1 to 9999. */
export function isoOf(seconds: number): string | null {
  const days = Math.floor(seconds / 86_400)
  const rest = seconds - days * 86_400
  const [year, month, day] = dayOf(days)
  if (year < 1 || year > 9999) return null
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}T${padded(Math.floor(rest / 3600), 2)}:${padded(Math.floor(rest / 60) % 60, 2)}:${padded(rest % 60, 2)}Z`
}

/** Seconds since 1970 of `2026-03-01T09:20:30Z`. */
export function secondsOf(iso: string): number {
  const part = (at: number, length: number): number => Number(iso.slice(at, at + length))
  return dayNumber(part(0, 4), part(5, 2), part(8, 2)) * 86_400 + part(11, 2) * 3600 + part(14, 2) * 60 + part(17, 2)
}

/** Days since 1970-01-01 (Hinnant, days_from_civil). */
export function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468
}

/** The day that `dayNumber` counts. */
export function dayOf(days: number): [year: number, month: number, day: number] {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const ofEra = z - era * 146_097
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return [year + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - Math.floor((153 * shifted + 2) / 5) + 1]
}

/** Whether such a day is in the calendar, from the year 1 on. */
export function isDay(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return day <= ([31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0)
}

/** A number with zeros in front, `width` figures at least. */
export const padded = (value: number, width: number): string => String(value).padStart(width, '0')
