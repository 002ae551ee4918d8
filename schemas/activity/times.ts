/** Times as exports write them. What says no zone is read as UTC: to the hour or day, which is all that is kept, that is close enough. */

const MONTHS = new Map<string, number>()
/** First letters of months, without marks, that tell them apart in the languages exports come in. */
const MONTH_NAMES: string[][] = [
  ['jan', 'ene', 'gen', 'sty', 'янв', 'led', 'oca', 'tammi', 'янв', 'ιαν', 'ian', 'jän'],
  ['feb', 'fev', 'fév', 'lut', 'фев', 'úno', 'uno', 'şub', 'sub', 'helmi', 'φεβ'],
  ['mar', 'mär', 'mrt', 'maa', 'мар', 'bře', 'bre', 'μαρ', 'mrz'],
  ['apr', 'avr', 'abr', 'kwi', 'апр', 'dub', 'nis', 'huhti', 'απρ'],
  ['may', 'mai', 'maj', 'mei', 'mag', 'май', 'мая', 'kvě', 'kve', 'touko', 'μαι', 'μαϊ'],
  ['jun', 'juin', 'giu', 'cze', 'июн', 'čvn', 'haz', 'kesä', 'kesa', 'ιουν', 'iun'],
  ['jul', 'juil', 'lug', 'lip', 'июл', 'čvc', 'tem', 'heinä', 'heina', 'ιουλ', 'iul'],
  ['aug', 'août', 'aou', 'ago', 'sie', 'авг', 'srp', 'ağu', 'agu', 'elo', 'αυγ'],
  ['sep', 'set', 'wrz', 'сен', 'zář', 'zar', 'eyl', 'syys', 'σεπ'],
  ['oct', 'okt', 'ott', 'out', 'paź', 'paz', 'окт', 'říj', 'rij', 'eki', 'loka', 'οκτ'],
  ['nov', 'lis', 'ноя', 'kas', 'marras', 'νοε', 'noi'],
  ['dec', 'dez', 'déc', 'dic', 'gru', 'дек', 'pro', 'ara', 'joulu', 'δεκ', 'des'],
]
MONTH_NAMES.forEach((names, month) => names.forEach((name) => MONTHS.set(name, month)))

/** Month of a name in some language, 0 to 11. */
export function monthOf(word: string): number | undefined {
  const lower = word.toLowerCase().replace(/\.$/, '')
  // the longest known beginning: `juin` before `jui`, `mars` before nothing
  for (let length = Math.min(6, lower.length); length >= 3; length--) {
    const month = MONTHS.get(lower.slice(0, length))
    if (month !== undefined) return month
  }
  return undefined
}

/** Zones that exports name by letters, in minutes east of UTC. */
const ZONES: Record<string, number> = {
  utc: 0,
  gmt: 0,
  z: 0,
  cet: 60,
  cest: 120,
  mez: 60,
  mesz: 120,
  bst: 60,
  wet: 0,
  west: 60,
  eet: 120,
  eest: 180,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
  jst: 540,
  kst: 540,
  ist: 330,
  aest: 600,
  aedt: 660,
  msk: 180,
}

/** ISO 8601, `2024-03-09 14:05:06 UTC`, `Wed Oct 10 20:19:24 +0000 2018`. Undefined for anything else. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > 64) return undefined
  const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i.exec(value.trim())
  if (iso) {
    const [, y, mo, d, h = '0', mi = '0', s = '0', zone = 'Z'] = iso
    return at(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s), offsetOf(zone))
  }
  const twitter = /^\w{3} (\w{3}) (\d\d) (\d\d):(\d\d):(\d\d) ([+-]\d{4}) (\d{4})$/.exec(value)
  if (twitter) {
    const [, mo = '', d, h, mi, s, zone = '', y] = twitter
    const month = monthOf(mo)
    return month === undefined ? undefined : at(Number(y), month, Number(d), Number(h), Number(mi), Number(s), offsetOf(zone))
  }
  return undefined
}

/** Seconds, milliseconds or microseconds since 1970, told apart by size. */
export function parseEpoch(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{9,17}(?:\.\d+)?$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return undefined
  return Math.floor(number > 1e14 ? number / 1000 : number > 1e11 ? number : number * 1000)
}

/** Halves of the day as languages write them, before the clock or behind it. */
const MORNING = /오전|새벽|上午|凌晨|清晨|早上|午前|π\.?μ\.?|(?<!\p{L})ص(?!\p{L})/u
/** م behind a year is the era. */
const AFTERNOON = /오후|下午|晚上|午後|(?<!π\.?)μ\.?μ\.?|(?<=:\d{2} ?)م(?!\p{L})/u

/** Digits of Arabic, Persian, Devanagari and Bengali as ASCII digits, unit by unit. */
export function asciiDigits(text: string): string {
  return text.replace(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef]/g, (unit) =>
    String((unit.charCodeAt(0) & 15) - (unit < 'ऀ' ? 0 : 6)),
  )
}

/**
 * A date as a page shows it in the reader's language: `Aug 1, 2021, 1:02:03 PM UTC`, `01.08.2021, 10:02:03 MESZ`, `1 août 2021 à 10:02`,
 * `2021/08/01 10:02`. Where only figures stand, `order` decides between day and month.
 */
export function parseLocalTime(text: string, order: 'dmy' | 'mdy' = 'dmy'): number | undefined {
  const plain = asciiDigits(text.replace(/[\u200e\u200f\u202a-\u202e]/g, '').replace(/[\u00a0\u202f]/g, ' '))
  const clock = /(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?\s*([ap])?\.?\s?(?:m\.?)?/i.exec(
    plain.replace(/\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}/, (date) => ' '.repeat(date.length)),
  )
  const zone = /\b(UTC|GMT|CES?T|MES?Z|BST|WES?T|EES?T|[ECMP][SD]T|JST|KST|IST|AE[SD]T|MSK)\b\s*([+-]\d{1,2}(?::?\d\d)?)?/i.exec(plain)
  const date = dateOf(plain, order)
  if (date === undefined) return undefined
  let hour = clock ? Number(clock[1]) : 0
  const half = clock?.[4]?.toLowerCase() ?? (MORNING.test(plain) ? 'a' : AFTERNOON.test(plain) ? 'p' : undefined)
  if (half === 'p' && hour < 12) hour += 12
  if (half === 'a' && hour === 12) hour = 0
  const name = zone?.[1]?.toLowerCase() ?? 'utc'
  // letters that America and China share
  const minutes =
    (name === 'cst' && plain.includes('年') ? 480 : (ZONES[name] ?? 0)) + (zone?.[2] ? Math.trunc(Number(zone[2].split(':')[0])) * 60 : 0)
  return at(...date, hour, Number(clock?.[2] ?? 0), Number(clock?.[3] ?? 0), minutes)
}

function dateOf(text: string, order: 'dmy' | 'mdy'): [year: number, month: number, day: number] | undefined {
  const ymd = /\b(\d{4})[-/.年년]\s?(\d{1,2})[-/.月월]\s?(\d{1,2})/.exec(text)
  if (ymd) return [Number(ymd[1]), Number(ymd[2]) - 1, Number(ymd[3])]
  // 23. 1. 15. of Korea: spaces, and a point behind the day too. Without spaces the year is last: 15.1.23. of Serbia
  const short = /\b(\d{2})\. (\d{1,2})\. (\d{1,2})\./.exec(text)
  if (short) return [2000 + Number(short[1]), Number(short[2]) - 1, Number(short[3])]
  const figures = /\b(\d{1,2})[./-] ?(\d{1,2})[./-] ?(\d{2,4})\b/.exec(text)
  // behind a date in words, 10.02.03 is a clock
  const named = figures === null || Number(figures[3]) < 100 ? namedDate(text) : undefined
  if (figures === null || named !== undefined) return named
  const [first, second, year] = [Number(figures[1]), Number(figures[2]), Number(figures[3])]
  const [day, month] = (order === 'dmy' && second <= 12) || first > 12 ? [first, second] : [second, first]
  return [year < 100 ? 2000 + year : year, month - 1, day]
}

/** `5 janv. 2023`, `Aug 1, 2021` */
function namedDate(text: string): [year: number, month: number, day: number] | undefined {
  const year = /\b((?:19|20)\d{2})\b/.exec(text)
  const day = /(?<![\d:])(\d{1,2})(?![\d:])/.exec(text)
  if (!year || !day) return undefined
  for (const [name] of text.matchAll(/\p{L}{3,}/gu)) {
    const month = monthOf(name)
    if (month !== undefined) return [Number(year[1]), month, Number(day[1])]
  }
  return undefined
}

/** Checked, so that 31 February is no date. */
export function at(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, zoneMinutes = 0): number | undefined {
  if (month < 0 || month > 11 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 60 || year < 1900 || year > 9999)
    return undefined
  const time = Date.UTC(year, month, day, hour, minute, second)
  if (new Date(Date.UTC(year, month, day)).getUTCMonth() !== month) return undefined
  return time - zoneMinutes * 60_000
}

function offsetOf(zone: string): number {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  return match ? (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) : 0
}

/** `0:23:45` or `PT12M` as seconds. */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return Math.round(value)
  if (typeof value !== 'string') return undefined
  if (/^\d{1,8}$/.test(value.trim())) return Number(value)
  const clock = /^(\d{1,4}):(\d{2})(?::(\d{2}))?$/.exec(value.trim())
  if (!clock) return undefined
  const [, a, b, c] = clock
  return c === undefined ? Number(a) * 60 + Number(b) : Number(a) * 3600 + Number(b) * 60 + Number(c)
}
