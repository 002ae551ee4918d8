/**
 * Facebook; what was exported before 2021 has no `_v2` behind its names. Rows are `{timestamp, data: [{…}], title}`; titles name friends,
 * so only what was typed is kept.
 */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, jsonValues, listOf, wholeJson } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseEpoch } from '../../times.ts'
import { textAt } from './fields.ts'
import { messages } from './messages.ts'

const rows = (name: string, head: RegExp, of: (row: Fields, data: Fields, timeMs: number | undefined) => Found): FileKind => ({
  name,
  path: /\.json$/,
  head,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { value } of values) {
        if (typeof value !== 'object' || value === null) continue
        const row = fieldsOf(value)
        const entries = listOf(row['data'])
        yield of(row, fieldsOf(entries.find((entry) => Object.keys(fieldsOf(entry)).length > 0)), parseEpoch(row['timestamp']))
      }
  },
})

const people = (name: string, head: RegExp): FileKind => ({
  name,
  path: /\.json$/,
  head,
  weight: 3,
  async survey(file, reading) {
    for await (const values of jsonValues(file))
      for (const { value } of values) reading.people.add({ names: [textAt(fieldsOf(value), 'name')] })
  },
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { value } of values) if (typeof value === 'object') yield dropped('other-person')
  },
})

export const facebook: SourceParser = {
  source: 'facebook',
  version: 2,
  kinds: [
    {
      name: 'profile',
      path: /\.json$/,
      head: /"profile(?:_information)?_v2"\s*:|"profile"\s*:\s*\{\s*"name"\s*:\s*\{\s*"full_name"/,
      weight: 3,
      async survey(file, reading) {
        const root = fieldsOf(await wholeJson(file))
        const profile = fieldsOf(root['profile_v2'] ?? root['profile_information_v2'] ?? root['profile'])
        const name = fieldsOf(profile['name'])
        const emails = listOf(fieldsOf(profile['emails'])['emails']).filter((email): email is string => typeof email === 'string')
        reading.people.owner('facebook', emails[0] ?? textAt(name, 'full_name'))
        reading.people.addSelf({ names: [textAt(name, 'full_name')], handles: [...emails, textAt(profile, 'username')] })
      },
    },
    people(
      'friends',
      /"(?:friends|received_requests|sent_requests|deleted_friends|rejected_requests|following)_v[23]"\s*:|"friends"\s*:\s*\[\s*\{\s*(?:"timestamp"\s*:\s*\d+\s*,\s*)?"name"/,
    ),
    rows('comments', /"comments_v2"\s*:|"comments"\s*:\s*\[\s*\{\s*"timestamp"/, (_row, data, timeMs) => {
      const text = textAt(fieldsOf(data['comment']), 'comment')
      return text === undefined ? dropped('empty') : { type: 'Comment', kind: 'comment', timeMs, text }
    }),
    rows('searches', /"searches_v2"\s*:/, (_row, data, timeMs) => {
      const text = textAt(data, 'text')
      return text === undefined ? dropped('empty') : { type: 'Search', kind: 'query', timeMs, text }
    }),
    rows('reactions', /"reactions(?:_v2)?"\s*:|^\s*\[\s*\{[\s\S]{0,400}?"reaction"\s*:/, () => dropped('other-person')),
    rows('posts', /^\s*\[\s*\{[\s\S]{0,4000}?"post"\s*:|"your_posts"/, (_row, data, timeMs) => {
      const text = textAt(data, 'post')
      return text === undefined ? dropped('empty') : { type: 'Post', kind: 'post', timeMs, text }
    }),
    rows('pages', /"page_likes_v2"\s*:|"pages_followed_v2"\s*:/, (row, _data, timeMs) => {
      const name = textAt(row, 'name') ?? textAt(row, 'title')
      return name === undefined ? dropped('empty') : { type: 'Follow', kind: 'page', timeMs, name }
    }),
    messages,
    { name: 'any', path: /facebook[^/]*\/.*\.json$/, weight: 1 },
  ],
}
