/** TikTok: one JSON file whose sections were renamed more than once, so each list is known by its last names. */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, firstOf, jsonValues, stringOf } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseTime } from '../../times.ts'

const timeOf = (row: Fields): number | undefined => parseTime(firstOf(row, 'Date', 'date', 'Time'))
const linkOf = (row: Fields): string | undefined => stringOf(firstOf(row, 'Link', 'link', 'VideoLink', 'Url'))
const isIn = (path: readonly string[], ...names: RegExp[]): boolean => names.some((name) => path.some((key) => name.test(key)))

const SELF = 'tiktok-self'

function found(path: readonly string[], row: Fields, self: string | undefined): Found | undefined {
  const timeMs = timeOf(row)
  if (isIn(path, /^(?:Video Browsing History|Watch History)$/i)) return { type: 'View', kind: 'video', timeMs, url: linkOf(row) }
  if (isIn(path, /^(?:Like List|Likes?)$/i)) return { type: 'Like', kind: 'video', timeMs, url: linkOf(row) }
  if (isIn(path, /^Favou?rite Videos?$/i)) return { type: 'Like', kind: 'saved', timeMs, url: linkOf(row) }
  if (isIn(path, /^(?:Search History|Searches)$/i))
    return { type: 'Search', kind: 'query', timeMs, text: stringOf(firstOf(row, 'SearchTerm', 'searchTerm')) }
  if (isIn(path, /^Comments?$/i, /^CommentsList$/))
    return { type: 'Comment', kind: 'comment', timeMs, text: stringOf(firstOf(row, 'comment', 'Comment')) }
  if (isIn(path, /^Following(?: List)?$/i)) {
    const person = stringOf(firstOf(row, 'UserName', 'userName'))
    return person === undefined ? dropped('empty') : { type: 'Follow', kind: 'account', timeMs, person }
  }
  if (isIn(path, /^Follower(?:s| List)?$/i)) return dropped('other-person')
  if (isIn(path, /^(?:Direct Messages?|Chat History)$/i)) {
    if (self === undefined || stringOf(firstOf(row, 'From', 'from')) !== self) return dropped('other-person')
    return { type: 'Message', kind: 'message', timeMs, text: stringOf(firstOf(row, 'Content', 'content')) }
  }
  return undefined
}

const data: FileKind = {
  name: 'user-data',
  path: /\.json$/,
  head: /"(?:Video Browsing History|Watch History|ProfileMap|Favorite Effects|FavoriteEffectsList|Tiktok Live|TikTok Live|Profile Information|Your Activity)"\s*:/,
  weight: 3,
  async survey(file, { people, notes }) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        const key = path.at(-1)?.toLowerCase()
        if (isIn(path, /^ProfileMap$/) && typeof value === 'string') {
          if (key === 'username') {
            people.owner('tiktok', value)
            notes.set(SELF, value)
          }
          if (key === 'username' || key === 'emailaddress' || key === 'name' || key === 'displayname')
            people.addSelf(key.includes('name') && key !== 'username' ? { names: [value] } : { handles: [value] })
          continue
        }
        const row = fieldsOf(value)
        if (isIn(path, /^Follow(?:ing|er|ers)?(?: List)?$/i, /^Block(?: List)?$/i))
          people.add({ handles: [stringOf(firstOf(row, 'UserName', 'userName'))] })
        if (isIn(path, /^(?:Direct Messages?|Chat History)$/i)) {
          const from = stringOf(firstOf(row, 'From', 'from'))
          if (from !== undefined && !people.isSelf(from)) people.add({ handles: [from] })
          const other = path.map((one) => /^Chat History with (.+?):?$/i.exec(one)?.[1]).find((name) => name !== undefined)
          if (other !== undefined) people.add({ handles: [other] })
        }
      }
  },
  async *events(file, { notes }) {
    const self = notes.get(SELF) as string | undefined
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (typeof value !== 'object' || value === null) continue
        const one = found(path, fieldsOf(value), self)
        if (one !== undefined) yield one
      }
  },
}

export const tiktok: SourceParser = {
  source: 'tiktok',
  version: 1,
  kinds: [data, { name: 'name', path: /user_data(?:_tiktok)?\.json$/, weight: 2 }],
}
