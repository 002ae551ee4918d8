/** Instagram. Labels come in the account's language; the order of fields does not change. */
import { dropped, type Found } from '../../draft.ts'
import { fieldsOf, jsonValues, listOf } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseEpoch } from '../../times.ts'
import { handleOf, type MetaRow, rowOf, textAt, valueOf } from './fields.ts'
import { messages } from './messages.ts'

const SHAPE = /"(?:string_list_data|string_map_data|label_values)"\s*:/
const OWNER =
  /media owner|medieninhaber|inhaber|propri[eé]taire|propietario|proprietario|propriet[aá]rio|eigenaar|author|autor|auteur|urheber|username|benutzername/i
const COMMENT = /comment|kommentar|commentaire|comentario|commento|coment[aá]rio|reactie|opmerking/i

const rows = (
  name: string,
  path: RegExp,
  weight: number,
  of: (row: MetaRow) => Found,
  who?: (row: MetaRow) => (string | undefined)[],
): FileKind => ({
  name,
  path,
  head: SHAPE,
  weight,
  ...(who === undefined
    ? {}
    : {
        async survey(file, { people }) {
          for await (const values of jsonValues(file))
            for (const { value } of values) {
              const handles = who(rowOf(value)).filter((handle) => handle !== undefined && !people.isSelf(handle))
              if (handles.length > 0) people.add({ handles })
            }
        },
      }),
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { value } of values) if (typeof value === 'object' && value !== null) yield of(rowOf(value))
  },
})

const accountOf = (row: MetaRow): string | undefined => row.values.get('value') ?? row.title ?? handleOf(row.href)
const ownerOf = (row: MetaRow): string | undefined => [...row.values].find(([label]) => OWNER.test(label))?.[1]

const mediaOwnerOf = (row: MetaRow): string | undefined => ownerOf(row) ?? [...row.values.values()][1]

export const instagram: SourceParser = {
  source: 'instagram',
  version: 1,
  kinds: [
    {
      name: 'profile',
      path: /(?:personal_information|account_information|profile_information)\.json$/,
      head: /"profile_user"|"profile_account_insights"|"string_map_data"/,
      weight: 2,
      async survey(file, { people }) {
        for await (const values of jsonValues(file))
          for (const { path, value } of values) {
            if (path[0] !== 'profile_user') continue
            const row = rowOf(value)
            const email = [...row.values.values()].find((one) => /^[^@\s]+@[^@\s]+$/.test(one))
            const username = valueOf(
              row,
              /username|benutzername|nom d.utilisateur|nombre de usuario|nome utente|nome de usu[aá]rio|gebruikersnaam|kullan[iı]c[iı]/i,
              1,
            )
            const name = [...row.values].find(([label]) =>
              /^(?:name|nom|nombre|nome|naam|ad|full name|vollständiger name)$/i.test(label),
            )?.[1]
            people.owner('instagram', username)
            people.addSelf({ handles: [email, username], names: [name] })
          }
      },
    },
    rows(
      'followers',
      /followers(?:_\d+)?\.json$/,
      3,
      () => dropped('other-person'),
      (row) => [accountOf(row)],
    ),
    rows(
      'following',
      /(?:^|\/)(?:following|close_friends|pending_follow_requests|recently_unfollowed_\w+|follow_requests_you.ve_received|blocked_\w+)\.json$/,
      3,
      (row) => {
        const person = accountOf(row)
        return person === undefined ? dropped('empty') : { type: 'Follow', kind: 'account', timeMs: row.timeMs, person }
      },
      (row) => [accountOf(row)],
    ),
    rows(
      'comments',
      /(?:post|reels?)_comments(?:_\d+)?\.json$/,
      3,
      (row) => {
        const text = valueOf(row, COMMENT, 0)
        return text === undefined
          ? dropped('empty')
          : { type: 'Comment', kind: 'comment', timeMs: row.timeMs, text, contextPerson: mediaOwnerOf(row) }
      },
      (row) => [mediaOwnerOf(row), row.title],
    ),
    rows(
      'likes',
      /liked_(?:posts|comments)\.json$/,
      3,
      (row) =>
        row.href === undefined
          ? dropped('empty')
          : { type: 'Like', kind: 'post', timeMs: row.timeMs, url: row.href, contextPerson: row.title ?? ownerOf(row) },
      (row) => [row.title, ownerOf(row)],
    ),
    rows(
      'saved',
      /saved_(?:posts|collections)\.json$/,
      2,
      (row) => (row.href === undefined ? dropped('empty') : { type: 'Like', kind: 'saved', timeMs: row.timeMs, url: row.href }),
      (row) => [row.title, ownerOf(row)],
    ),
    rows(
      'viewed',
      /(?:posts_viewed|videos_watched|suggested_profiles_viewed)\.json$/,
      2,
      (row) => {
        const person = ownerOf(row) ?? [...row.values.values()][0]
        return person === undefined ? dropped('empty') : { type: 'View', kind: 'post', timeMs: row.timeMs, person }
      },
      (row) => [ownerOf(row) ?? [...row.values.values()][0]],
    ),
    rows('ads', /ads?_(?:viewed|clicked)\.json$/, 2, () => dropped('ad')),
    rows('searches', /(?:word_or_phrase_searches|place_searches|keyword_searches|tag_searches)\.json$/, 2, (row) => {
      const text = valueOf(row, /search|such|recherche|b[uú]squeda|ricerca|pesquisa|zoek/i, 0)
      return text === undefined ? dropped('empty') : { type: 'Search', kind: 'query', timeMs: row.timeMs, text }
    }),
    rows(
      'profile-searches',
      /(?:account_searches|profile_searches|user_searches)\.json$/,
      2,
      () => dropped('other-person'),
      (row) => [accountOf(row)],
    ),
    {
      name: 'posts',
      path: /(?:^|\/)(?:posts_\d+|reels|stories|archived_posts)\.json$/,
      head: /"(?:creation_timestamp|ig_(?:reels|stories|archived_post)_media)"/,
      weight: 2,
      async *events(file) {
        for await (const values of jsonValues(file))
          for (const { value } of values) {
            const post = fieldsOf(value)
            const media = fieldsOf(listOf(post['media'])[0])
            const text = textAt(post, 'title') ?? textAt(media, 'title')
            yield text === undefined
              ? dropped('empty')
              : { type: 'Post', kind: 'post', timeMs: parseEpoch(post['creation_timestamp'] ?? media['creation_timestamp']), text }
          }
      },
    },
    messages,
    { name: 'any', path: /instagram[^/]*\/.*\.json$/, weight: 1 },
  ],
}
