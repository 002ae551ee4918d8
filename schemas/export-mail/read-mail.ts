/** A mail (RFC 5322) as header fields and body. Bytes stay what they are: one character for each, so that what is hashed is what came. */
import { dayNumber, isDay } from '../calendar/index.ts'

/** Of the whole mail: what tells somebody that an export is ready is far smaller, and every tester reads it. */
export const MAX_EXPORT_MAIL_BYTES = 256 << 10
const MAX_FIELDS = 256
const MAX_HEAD = 64 << 10

export interface MailField {
  /** Lower case. */
  name: string
  /** The field as it came, folded, without its last line end. */
  raw: string
  /** What follows the colon, unfolded, without space around it. */
  value: string
}

export interface Mail {
  fields: readonly MailField[]
  /** Lines end in CR LF. */
  body: string
}

/**
 * Undefined: no mail, or more of it than is read. Lone line feeds, as mail programs write them to disk, are line ends; a byte order mark, blank lines
 * above and the first line of an mbox are let go.
 */
export function readMail(bytes: Uint8Array): Mail | undefined {
  if (bytes.byteLength > MAX_EXPORT_MAIL_BYTES) return undefined
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('latin1')
    .replace(/\r?\n/g, '\r\n')
    .replace(/^(?:\xef\xbb\xbf)?(?:\r\n)*(?:From (?![ \t]*:)[^\r]*\r\n)?/, '')
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? text.replace(/\r\n$/, '') : text.slice(0, end)
  if (head.length > MAX_HEAD) return undefined
  const lines = head.split('\r\n')
  const raws: string[] = []
  for (const line of lines) {
    if (!/^[ \t]/.test(line)) raws.push(line)
    else if (raws.length === 0) return undefined
    else raws.push(`${raws.pop()}\r\n${line}`)
  }
  if (raws.length > MAX_FIELDS) return undefined
  const fields: MailField[] = []
  for (const raw of raws) {
    const name = /^([!-9;-~]+)[ \t]*:/.exec(raw)
    if (!name) return undefined
    fields.push({ name: (name[1] as string).toLowerCase(), raw, value: unfolded(raw.slice(name[0].length)) })
  }
  return { fields, body: end < 0 ? '' : text.slice(end + 4) }
}

const unfolded = (value: string): string =>
  value
    .replace(/\r\n/g, '')
    .replace(/[ \t]+/g, ' ')
    .replace(/^ | $/g, '')

/** The one field of this name; undefined where there is none, or where there are several: readers would not agree on which is shown. */
export function onlyField({ fields }: Mail, name: string): string | undefined {
  const [one, ...more] = fields.filter((field) => field.name === name)
  return more.length > 0 ? undefined : one?.value
}

/** The one address that a field names, lower case; undefined for none, several, a group, another in its name, or what is no plain address. */
export function onlyAddress(value: string): string | undefined {
  const found = /^(?:((?:"(?:[^"\\]|\\.)*"|[^<>",;:])*)<([^<>]*)>|([^<>",;: \t]+))$/.exec(value)
  const address = found?.[2] ?? found?.[3] ?? ''
  const name = found?.[1]?.replace(/"(?:[^"\\]|\\.)*"/g, '').trim() ?? ''
  if (name.includes('@') && name.toLowerCase() !== address.toLowerCase()) return undefined
  return address.length <= 254 && /^[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(address)
    ? address.toLowerCase()
    : undefined
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** Hours behind UTC of the zones that RFC 5322 has from older mails (section 4.3). */
const OLD_ZONES: Record<string, number> = { EST: 5, EDT: 4, CST: 6, CDT: 5, MST: 7, MDT: 6, PST: 8, PDT: 7 }
const DATE =
  /^(?:[A-Za-z]{3},)?[ \t]*(\d{1,2})[ \t]+([A-Za-z]{3})[ \t]+(\d{4})[ \t]+(\d{2}):(\d{2})(?::(\d{2}))?[ \t]+(?:([+-])(\d{2})(\d{2})|(GMT|UT|UTC|Z|[ECMP][SD]T))(?:[ \t]*\([^()]*\))?$/

/** Unix seconds of a Date field; undefined where it is none. */
export function dateOf(value: string): number | undefined {
  const found = DATE.exec(value)
  const month = MONTHS.indexOf(found?.[2]?.toLowerCase() ?? '') + 1
  if (!found || month === 0) return undefined
  const part = (i: number): number => Number(found[i] ?? 0)
  const [day, year, hour, minute, second] = [part(1), part(3), part(4), part(5), part(6)]
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 60) return undefined
  const zone = (part(8) * 3600 + part(9) * 60) * (found[7] === '-' ? -1 : 1) - (OLD_ZONES[found[10] ?? ''] ?? 0) * 3600
  return dayNumber(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - zone
}

/** A subject with its encoded words (RFC 2047) read; one that cannot be read stays as it is. */
export function subjectOf(value: string): string {
  const joined = value.replace(/\?=[ \t]+=\?/g, '?==?')
  const read = joined.replace(/=\?([A-Za-z0-9-]{1,32})\?([BbQq])\?([^?]*)\?=/g, (whole, charset: string, kind: string, text: string) => {
    const bytes =
      kind.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64')
        : Buffer.from(
            text.replace(/_/g, ' ').replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          )
    try {
      return new TextDecoder(charset).decode(bytes)
    } catch {
      return whole
    }
  })
  return /=\?/.test(value) ? read : new TextDecoder().decode(Buffer.from(read, 'latin1'))
}
