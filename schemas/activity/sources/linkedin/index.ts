/** LinkedIn's CSV files. Connections become pseudonyms; of messages only one's own are kept. */
import { dropped, type Found } from '../../draft.ts'
import { csvRows, type Row, stringOf, textOfHtml } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseLocalTime, parseTime } from '../../times.ts'

const timeOf = (value: string | undefined): number | undefined => parseTime(value) ?? (value ? parseLocalTime(value, 'mdy') : undefined)
const full = (row: Row): string => `${row['first name'] ?? ''} ${row['last name'] ?? ''}`.trim()
const slugOf = (url: string | undefined): string | undefined => /\/in\/([^/?#]{2,100})/.exec(url ?? '')?.[1]

const rows = (name: string, path: RegExp, head: RegExp, weight: number, of: (row: Row) => Found): FileKind => ({
  name,
  path,
  head,
  weight,
  async *events(file) {
    for await (const row of csvRows(file)) yield of(row)
  },
})

export const linkedin: SourceParser = {
  source: 'linkedin',
  version: 1,
  kinds: [
    {
      name: 'profile',
      path: /(?:^|\/)profile\.csv$/,
      head: /first name,last name/i,
      weight: 3,
      async survey(file, { people }) {
        for await (const row of csvRows(file)) {
          people.owner('linkedin', full(row))
          people.addSelf({ names: [full(row), row['first name'], row['last name'], row['maiden name']] })
        }
      },
    },
    {
      name: 'emails',
      path: /(?:^|\/)email addresses\.csv$/,
      weight: 1,
      async survey(file, { people }) {
        for await (const row of csvRows(file)) people.addSelf({ handles: [row['email address']] })
      },
    },
    {
      name: 'connections',
      path: /(?:^|\/)connections\.csv$/,
      head: /first name,last name/i,
      weight: 3,
      // notes stand before the line of column names
      async survey(file, { people }) {
        for await (const row of csvRows(file, { header: /^\ufeff?first name,last name/ }))
          people.add({ names: [full(row)], handles: [row['email address'], slugOf(row['url'])] })
      },
      async *events(file) {
        for await (const row of csvRows(file, { header: /^\ufeff?first name,last name/ }))
          yield full(row) === ''
            ? dropped('empty')
            : { type: 'Follow', kind: 'connection', timeMs: timeOf(row['connected on']), person: full(row) }
      },
    },
    {
      name: 'messages',
      path: /(?:^|\/)(?:guide_)?messages\.csv$/,
      head: /conversation id/i,
      weight: 2,
      async survey(file, { people }) {
        for await (const row of csvRows(file)) {
          const from = row['from']
          if (from && !people.isSelf(from)) people.add({ names: [from], handles: [slugOf(row['sender profile url'])] })
          for (const to of (row['to'] ?? '').split(',')) if (to.trim() !== '' && !people.isSelf(to)) people.add({ names: [to] })
        }
      },
      async *events(file, { people, answers }) {
        for await (const row of csvRows(file)) {
          const from = row['from'] ?? ''
          const text = stringOf(textOfHtml(row['content'] ?? ''))
          if (from !== answers.self && !people.isSelf(from)) yield dropped('other-person')
          else yield text === undefined ? dropped('empty') : { type: 'Message', kind: 'message', timeMs: timeOf(row['date']), text }
        }
      },
    },
    {
      name: 'invitations',
      path: /(?:^|\/)invitations\.csv$/,
      head: /direction/i,
      weight: 2,
      async survey(file, { people }) {
        for await (const row of csvRows(file))
          for (const who of [row['from'], row['to']]) if (who && !people.isSelf(who)) people.add({ names: [who] })
      },
    },
    rows('shares', /(?:^|\/)shares\.csv$/, /sharecommentary/i, 3, (row) => {
      const text = stringOf(textOfHtml(row['sharecommentary'] ?? ''))
      return text === undefined && !row['sharedurl']
        ? dropped('empty')
        : { type: 'Post', kind: 'post', timeMs: timeOf(row['date']), text, url: row['sharedurl'] || undefined }
    }),
    rows('comments', /(?:^|\/)comments\.csv$/, /^"?date"?,"?link"?,"?message/i, 3, (row) => {
      const text = stringOf(textOfHtml(row['message'] ?? ''))
      return text === undefined ? dropped('empty') : { type: 'Comment', kind: 'comment', timeMs: timeOf(row['date']), text }
    }),
    // a link to what was reacted to names its author
    rows('reactions', /(?:^|\/)reactions\.csv$/, /^"?date"?,"?type"?,"?link/i, 3, (row) => ({
      type: 'Like',
      kind: 'post',
      timeMs: timeOf(row['date']),
      name: row['type'],
    })),
    rows('searches', /(?:^|\/)searchqueries\.csv$/, /search query/i, 3, (row) =>
      row['search query'] ? { type: 'Search', kind: 'query', timeMs: timeOf(row['time']), text: row['search query'] } : dropped('empty'),
    ),
  ],
}
