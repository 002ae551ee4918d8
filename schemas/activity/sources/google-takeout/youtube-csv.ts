import { dropped } from '../../draft.ts'
import { csvRows, fieldsOf, stringOf } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseTime } from '../../times.ts'

/** Channels. Columns stand in one order in every language: id, address, title. */
export const subscriptions: FileKind = {
  name: 'youtube-subscriptions',
  path: /\.csv$/,
  head: /^[^\n]*\n"?UC[\w-]{22}"?,"?https?:\/\/www\.youtube\.com\/channel\//i,
  weight: 3,
  async *events(file) {
    for await (const row of csvRows(file)) {
      const [, url, name] = Object.values(row)
      yield name ? { type: 'Follow', kind: 'channel', timeMs: undefined, name, url } : dropped('empty')
    }
  },
}

/** Own comments. The text is JSON of runs since 2023, plain before. */
export const comments: FileKind = {
  name: 'youtube-comments',
  path: /\.csv$/,
  head: /^[^\n]*(?:comment|kommentar|comentario|comentário|commento|reactie|komentarz)[^\n]*(?:channel|kanal|kanał|canale?|cha[iî]ne|kanaal)[^\n]*\n/i,
  weight: 3,
  async *events(file) {
    for await (const row of csvRows(file)) {
      const values = Object.values(row)
      const timeMs = values.map(parseTime).find((time) => time !== undefined)
      const cell =
        row['comment text'] ??
        values.findLast((value) => value.includes('"text"')) ??
        values.findLast((value) => /\s/.test(value) && parseTime(value) === undefined)
      const text = cell === undefined ? undefined : runsOf(cell)
      const video = values.find((value) => /^[\w-]{11}$/.test(value))
      yield text === undefined
        ? dropped('empty')
        : { type: 'Comment', kind: 'comment', timeMs, text, url: video && `https://youtu.be/${video}` }
    }
  },
}

/** `{"text":"a"},{"text":"b"}` as one text. */
function runsOf(cell: string): string | undefined {
  if (!cell.startsWith('{')) return stringOf(cell)
  try {
    const runs = JSON.parse(`[${cell}]`) as unknown[]
    return stringOf(runs.map((run) => stringOf(fieldsOf(run)['text']) ?? '').join(''))
  } catch {
    return undefined
  }
}
