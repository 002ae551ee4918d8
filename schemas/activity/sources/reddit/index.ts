/** Reddit's CSV files. Own permalinks would lead back to the account and are not kept; `ip` neither. */
import { dropped, type Found } from '../../draft.ts'
import { csvRows, type Row, stringOf } from '../../read/index.ts'
import type { FileKind, SourceParser } from '../../source.ts'
import { parseTime } from '../../times.ts'

const rows = (name: string, path: RegExp, head: RegExp, of: (row: Row) => Found): FileKind => ({
  name,
  path,
  head,
  weight: 3,
  async *events(file) {
    for await (const row of csvRows(file)) yield of(row)
  },
})

const timeOf = (row: Row): number | undefined => parseTime(row['date'])
const community = (row: Row): string | undefined =>
  row['subreddit'] ? written(row['subreddit'].replace(/^r\//, '')) : communityOf(row['permalink'] ?? row['link'])
/** What is posted to one's own profile stands under `u_name`, and is somebody's account. */
const written = (name: string): string => (/^u_/i.test(name) ? `u/${name.slice(2)}` : `r/${name}`)
const communityOf = (link: string | undefined): string | undefined => {
  const name = /\/r\/(\w{2,40})\//.exec(link ?? '')?.[1]
  return name === undefined ? undefined : written(name)
}
const vote = (row: Row): Found =>
  row['direction'] === 'up'
    ? { type: 'Like', kind: 'post', timeMs: timeOf(row), url: row['permalink'], context: community(row) }
    : dropped('empty')

export const reddit: SourceParser = {
  source: 'reddit',
  version: 1,
  kinds: [
    {
      name: 'statistics',
      path: /(?:^|\/)statistics\.csv$/,
      head: /^"?statistic"?,/i,
      weight: 2,
      async survey(file, { people }) {
        for await (const { statistic, value } of csvRows(file))
          if (statistic === 'account name' && value) {
            people.owner('reddit', value)
            people.addSelf({ handles: [value] })
          } else if (statistic === 'email' || statistic === 'email verified')
            people.addSelf({ handles: [value?.includes('@') ? value : undefined] })
      },
    },
    {
      name: 'friends',
      path: /(?:^|\/)friends\.csv$/,
      head: /^"?username/i,
      weight: 1,
      async survey(file, { people }) {
        for await (const { username } of csvRows(file)) people.add({ handles: [username] })
      },
    },
    rows('posts', /(?:^|\/)posts?\.csv$/, /^[^\n]*permalink[^\n]*subreddit[^\n]*title/i, (row) => {
      const [title, body] = [stringOf(row['title']), stringOf(row['body'])]
      const isOwn = /(?:^|\.)redd(?:it\.com|\.it)$/.test(URL.parse(row['url'] ?? '')?.hostname ?? 'reddit.com')
      return title === undefined && body === undefined
        ? dropped('empty')
        : {
            type: 'Post',
            kind: 'post',
            timeMs: timeOf(row),
            name: title,
            text: body,
            url: isOwn ? undefined : row['url'],
            context: community(row),
          }
    }),
    rows('comments', /(?:^|\/)comments?\.csv$/, /^[^\n]*permalink[^\n]*body/i, (row) => {
      const body = stringOf(row['body'])
      return body === undefined || body === '[deleted]'
        ? dropped('empty')
        : { type: 'Comment', kind: 'comment', timeMs: timeOf(row), text: body, context: community(row) }
    }),
    rows('post-votes', /(?:^|\/)post_votes\.csv$/, /^[^\n]*direction/i, vote),
    rows('comment-votes', /(?:^|\/)comment_votes\.csv$/, /^[^\n]*direction/i, vote),
    rows('saved-posts', /(?:^|\/)saved_(?:posts|comments)\.csv$/, /^[^\n]*permalink/i, (row) => ({
      type: 'Like',
      kind: 'saved',
      timeMs: timeOf(row),
      url: row['permalink'],
      context: community(row),
    })),
    rows('subreddits', /(?:^|\/)subscribed_subreddits\.csv$/, /^"?subreddit/i, (row) =>
      row['subreddit']
        ? { type: 'Follow', kind: 'community', timeMs: undefined, name: `r/${row['subreddit'].replace(/^r\//, '')}` }
        : dropped('empty'),
    ),
    {
      name: 'messages',
      path: /(?:^|\/)(?:messages|messages_archive|chat_history)\.csv$/,
      head: /^[^\n]*(?:from|username)[^\n]*(?:body|message)/i,
      weight: 1,
      async survey(file, { people }) {
        for await (const row of csvRows(file))
          for (const who of [row['from'], row['to'], row['username']]) if (who && !people.isSelf(who)) people.add({ handles: [who] })
      },
      async *events(file, { people }) {
        for await (const row of csvRows(file)) {
          const [from, text] = [row['from'] ?? row['username'] ?? '', stringOf(row['body'] ?? row['message'])]
          yield !people.isSelf(from)
            ? dropped('other-person')
            : text === undefined
              ? dropped('empty')
              : { type: 'Message', kind: 'message', timeMs: parseTime(row['date'] ?? row['created_at']), text }
        }
      },
    },
  ],
}
