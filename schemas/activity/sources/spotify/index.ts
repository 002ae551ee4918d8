/** Spotify: the short history and the extended one. Private sessions are dropped, addresses and devices never kept. */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, jsonValues, listOf, numberOf, stringOf, wholeJson } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseTime } from '../../times.ts'

const seconds = (ms: unknown): number | undefined => {
  const number = numberOf(ms)
  return number === undefined || number < 0 ? undefined : Math.round(number / 1000)
}

const rows = (name: string, head: RegExp, of: (row: Fields) => Found, survey?: FileKind['survey']): FileKind => ({
  name,
  path: /\.json$/,
  head,
  weight: 3,
  ...(survey ? { survey } : {}),
  async *events(file) {
    for await (const values of jsonValues(file)) for (const { path, value } of values) if (path.length === 0) yield of(fieldsOf(value))
  },
})

function shortOf(row: Fields): Found {
  const episode = stringOf(row['episodeName'])
  const name = stringOf(row['trackName']) ?? episode
  if (name === undefined) return dropped('empty')
  const context = stringOf(row['artistName']) ?? stringOf(row['podcastName'])
  return {
    type: 'Listen',
    kind: episode === undefined ? 'track' : 'episode',
    timeMs: parseTime(row['endTime']),
    name,
    context,
    durationS: seconds(row['msPlayed']),
  }
}

function extendedOf(row: Fields): Found {
  if (row['incognito_mode'] === true) return dropped('incognito')
  const base = { type: 'Listen' as const, timeMs: parseTime(row['ts']), durationS: seconds(row['ms_played']) }
  const uri = stringOf(row['spotify_track_uri']) ?? stringOf(row['spotify_episode_uri']) ?? stringOf(row['audiobook_uri'])
  const [, kind, id] = /^spotify:(track|episode|show|audiobook):([A-Za-z0-9]{22})$/.exec(uri ?? '') ?? []
  const url = kind === undefined ? undefined : `https://open.spotify.com/${kind}/${id}`
  const track = stringOf(row['master_metadata_track_name'])
  if (track !== undefined) return { ...base, kind: 'track', name: track, context: stringOf(row['master_metadata_album_artist_name']), url }
  const episode = stringOf(row['episode_name'])
  if (episode !== undefined) return { ...base, kind: 'episode', name: episode, context: stringOf(row['episode_show_name']), url }
  const book = stringOf(row['audiobook_title'])
  return book === undefined
    ? dropped('empty')
    : { ...base, kind: 'audiobook', name: book, context: stringOf(row['audiobook_chapter_title']), url }
}

export const spotify: SourceParser = {
  source: 'spotify',
  version: 1,
  kinds: [
    rows('history', /^\s*\[\s*\{\s*"endTime"\s*:/, shortOf),
    rows('extended-history', /^\s*\[\s*\{[\s\S]*?"ms_played"\s*:/, extendedOf, async (file, { people }) => {
      for await (const values of jsonValues(file))
        for (const { path, value } of values) {
          const username = path.length === 0 ? stringOf(fieldsOf(value)['username']) : undefined
          if (username === undefined) continue
          people.owner('spotify', username)
          people.addSelf({ handles: [username] })
        }
    }),
    rows('searches', /^\s*\[\s*\{[\s\S]*?"searchQuery"\s*:/, (row) => {
      const text = stringOf(row['searchQuery'])
      const time = stringOf(row['searchTime'])?.replace(/\[UTC\]$/, '')
      return text === undefined ? dropped('empty') : { type: 'Search', kind: 'query', timeMs: parseTime(time), text }
    }),
    {
      name: 'user',
      path: /(?:^|\/)userdata\.json$/,
      head: /"username"\s*:/,
      weight: 2,
      async survey(file, { people }) {
        const user = fieldsOf(await wholeJson(file))
        people.owner('spotify', stringOf(user['username']))
        people.addSelf({ handles: [stringOf(user['username']), stringOf(user['email'])] })
      },
    },
    {
      name: 'follows',
      path: /(?:^|\/)follow\.json$/,
      head: /"(?:userIsFollowing|followerCount|userIsFollowedBy)"/,
      weight: 2,
      async survey(file, { people }) {
        const row = fieldsOf(await wholeJson(file))
        for (const key of ['userIsFollowing', 'userIsFollowedBy', 'userIsBlocking'])
          for (const who of listOf(row[key])) people.add({ handles: [stringOf(who)] })
      },
    },
  ],
}
