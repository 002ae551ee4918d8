/** Netflix. A household has several profiles, and each is a person: one is kept, the others are dropped whole. */
import { dropped, type Found } from '../../draft.ts'
import { ExportError } from '../../errors.ts'
import { DateOrder } from '../../date-order.ts'
import { csvRows, type Row } from '../../read/index.ts'
import type { ExportFile, FileKind, Reading, SourceParser } from '../../source.ts'
import { parseDuration, parseLocalTime, parseTime } from '../../times.ts'

const PROFILES = 'netflix-profiles'
const ORDER = 'netflix-order'
const TRAILERS = /^(?:TRAILER|TEASER_TRAILER|HOOK|CINEMAGRAPH|PREVIEW|BUMPER|RECAP|PROMOTIONAL)/

async function surveyProfiles(file: ExportFile, { people, notes }: Reading): Promise<void> {
  const profiles = (notes.get(PROFILES) as Map<string, number> | undefined) ?? new Map<string, number>()
  notes.set(PROFILES, profiles)
  for await (const row of csvRows(file)) {
    const name = row['profile name']
    if (!name) continue
    if (!profiles.has(name)) people.add({ names: [name] })
    profiles.set(name, (profiles.get(name) ?? 0) + 1)
  }
}

/** The profile asked for, else the only one, else the one with most rows, with a warning. */
function profileOf({ answers, notes, warn }: Reading): string {
  const profiles = [...((notes.get(PROFILES) as Map<string, number> | undefined) ?? [])].toSorted(
    (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1),
  )
  const asked = answers.profile?.toLowerCase()
  if (asked !== undefined) {
    const found = profiles.find(([name]) => name.toLowerCase() === asked)?.[0]
    if (found === undefined) throw new ExportError('PROFILE_UNKNOWN', `no profile of this export has that name; it has ${profiles.length}`)
    return found
  }
  if (profiles.length > 1)
    warn(
      'SEVERAL_PROFILES',
      `this export has ${profiles.length} profiles, each of them a person; only the one with most rows is kept. Say --profile NAME if that is not you`,
    )
  return profiles[0]?.[0] ?? ''
}

const rows = (name: string, head: RegExp, weight: number, of: (row: Row) => Found): FileKind => ({
  name,
  path: /\.csv$/,
  head,
  weight,
  survey: surveyProfiles,
  async *events(file, reading) {
    const profile = profileOf(reading)
    for await (const row of csvRows(file)) yield row['profile name'] === profile ? of(row) : dropped('other-profile')
  },
})

/** Titles and days alone, as the site's own page gives them, newest first. A row without a day is something else. */
const shortHistory = (name: string, path: RegExp, head: RegExp): FileKind => ({
  name,
  path,
  head,
  weight: 3,
  async survey(file, { notes, answers }) {
    const order = new DateOrder(answers.dates)
    for await (const row of csvRows(file)) order.see(Object.values(row)[1] ?? '')
    notes.set(`${ORDER} ${file.path}`, order)
  },
  async *events(file, { notes, warn }) {
    const order = (notes.get(`${ORDER} ${file.path}`) as DateOrder).decide(warn)
    for await (const row of csvRows(file)) {
      const [title, date = ''] = Object.values(row)
      const timeMs = parseLocalTime(date, order)
      if (!title) yield dropped('empty')
      else yield timeMs === undefined ? dropped('bad-time') : { type: 'View', kind: 'video', timeMs, name: title }
    }
  },
})

export const netflix: SourceParser = {
  source: 'netflix',
  version: 2,
  kinds: [
    rows('viewing', /^\ufeff?"?profile name"?[,;]"?start time"?[,;]"?duration/i, 3, (row) => {
      if (TRAILERS.test(row['supplemental video type'] ?? '')) return dropped('trailer')
      const name = row['title']
      return name
        ? { type: 'View', kind: 'video', timeMs: parseTime(row['start time']), name, durationS: parseDuration(row['duration']) }
        : dropped('empty')
    }),
    rows('ratings', /^\ufeff?"?profile name"?[,;][^\n]*(?:thumbs value|star value)/i, 3, (row) => {
      const name = row['title name']
      const time = parseTime(row['event utc ts'])
      return name && (row['thumbs value'] !== '1' || row['star value'] !== '')
        ? { type: 'Like', kind: 'video', timeMs: time, name }
        : dropped('empty')
    }),
    rows('searches', /^\ufeff?"?profile name"?[,;][^\n]*query typed/i, 3, (row) =>
      row['query typed']
        ? { type: 'Search', kind: 'query', timeMs: parseTime(row['utc timestamp']), text: row['query typed'] }
        : dropped('empty'),
    ),
    rows('list', /^\ufeff?"?profile name"?[,;][^\n]*title add date/i, 3, (row) =>
      row['title name']
        ? { type: 'Like', kind: 'saved', timeMs: parseTime(row['utc title add date']), name: row['title name'] }
        : dropped('empty'),
    ),
    // named as Netflix names it, the two columns are called in whatever language the account has
    shortHistory('short-history', /viewinghistory\.csv$/, /^\ufeff?"?\p{L}[^",;\n]{0,30}"?[,;]"?\p{L}[^",;\n]{0,30}"?\r?\n/iu),
    shortHistory('renamed-history', /netflix\w*\.csv$/, /^\ufeff?"?(?:title|titel|titre|título|titolo)"?[,;]"?(?:date|datum|fecha|data)/i),
  ],
}
