/** X (Twitter): `window.YTD.<name>.part0 = [...]`. Retweets are somebody else's words. */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, jsonValues, listOf, stringOf, unescaped } from '../../read/index.ts'
import type { ExportFile, FileKind, Reading, SourceParser } from '../../source.ts'
import { parseTime } from '../../times.ts'

const SELF_ID = 'x-self-id'

const script = (name: string, path: RegExp, weight: number, work: Pick<FileKind, 'survey' | 'events'>): FileKind => ({
  name,
  path,
  head: /^\ufeff?\s*window\.YTD\.\w+\.part\d+\s*=/,
  weight,
  ...work,
})

/** Elements, each out of its wrapper `{tweet: {…}}`. */
async function* rowsOf(file: ExportFile, wrapper: string): AsyncGenerator<Fields> {
  for await (const values of jsonValues(file, { prefix: true }))
    for (const { path, value } of values) {
      if (path.length > 0) continue
      const row = fieldsOf(value)
      yield fieldsOf(row[wrapper] ?? row)
    }
}

function tweetOf(tweet: Fields): Found {
  const text = stringOf(tweet['full_text']) ?? stringOf(tweet['text']) ?? stringOf(fieldsOf(tweet['core'])['text'])
  if (text === undefined) return dropped('empty')
  if (/^RT @\w+:/.test(text)) return dropped('other-person')
  const isReply = stringOf(tweet['in_reply_to_status_id']) !== undefined || stringOf(tweet['in_reply_to_status_id_str']) !== undefined
  return {
    type: isReply ? 'Comment' : 'Post',
    kind: isReply ? 'reply' : 'post',
    timeMs: parseTime(tweet['created_at']) ?? parseTime(tweet['createdAt']),
    text: unescaped(text),
  }
}

async function surveyTweets(file: ExportFile, { people }: Reading): Promise<void> {
  for await (const tweet of rowsOf(file, 'tweet')) {
    for (const mention of listOf(fieldsOf(tweet['entities'])['user_mentions'])) {
      const { screen_name, name } = fieldsOf(mention)
      if (!people.isSelf(stringOf(screen_name) ?? '')) people.add({ handles: [stringOf(screen_name)], names: [stringOf(name)] })
    }
    const replied = stringOf(tweet['in_reply_to_screen_name'])
    if (replied !== undefined && !people.isSelf(replied)) people.add({ handles: [replied] })
  }
}

export const x: SourceParser = {
  source: 'x',
  version: 1,
  kinds: [
    script('account', /(?:^|\/)account\.js$/, 3, {
      async survey(file, { people, notes }) {
        for await (const account of rowsOf(file, 'account')) {
          people.owner('x', stringOf(account['accountId']) ?? stringOf(account['username']))
          people.addSelf({
            handles: [stringOf(account['username']), stringOf(account['email'])],
            names: [stringOf(account['accountDisplayName'])],
          })
          notes.set(SELF_ID, stringOf(account['accountId']))
        }
      },
    }),
    script('tweets', /(?:^|\/)(?:tweets?|community-tweet|tweets?-part\d+)\.js$/, 3, {
      survey: surveyTweets,
      async *events(file) {
        for await (const tweet of rowsOf(file, 'tweet')) yield tweetOf(tweet)
      },
    }),
    script('notes', /(?:^|\/)note-tweets?\.js$/, 2, {
      async *events(file) {
        for await (const note of rowsOf(file, 'noteTweet')) yield tweetOf(note)
      },
    }),
    script('likes', /(?:^|\/)likes?(?:-part\d+)?\.js$/, 2, {
      async *events(file) {
        for await (const like of rowsOf(file, 'like')) {
          const id = stringOf(like['tweetId'])
          yield id === undefined ? dropped('empty') : { type: 'Like', kind: 'post', timeMs: undefined, url: `https://x.com/i/status/${id}` }
        }
      },
    }),
    script('messages', /(?:^|\/)direct-messages(?:-group)?(?:-part\d+)?\.js$/, 2, {
      async *events(file, { notes }) {
        const self = notes.get(SELF_ID)
        for await (const talk of rowsOf(file, 'dmConversation'))
          for (const one of listOf(talk['messages'])) {
            const message = fieldsOf(fieldsOf(one)['messageCreate'])
            const text = stringOf(message['text'])
            if (self === undefined || message['senderId'] !== self) yield dropped('other-person')
            else
              yield text === undefined
                ? dropped('empty')
                : { type: 'Message', kind: 'message', timeMs: parseTime(message['createdAt']), text: unescaped(text) }
          }
      },
    }),
    script('follows', /(?:^|\/)(?:following|follower)\.js$/, 2, {
      // numbers of accounts only: nothing that could be kept without naming somebody
      async *events(file) {
        for await (const row of rowsOf(file, 'following')) yield dropped(Object.keys(row).length > 0 ? 'other-person' : 'empty')
      },
    }),
  ],
}
