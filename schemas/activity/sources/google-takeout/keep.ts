import { dropped } from '../../draft.ts'
import { fieldsOf, listOf, stringOf, wholeJson } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseEpoch } from '../../times.ts'

/** One note a file. Shared notes may be in others' words and are left out. */
export const keep: FileKind = {
  name: 'keep-note',
  path: /\.json$/,
  head: /"userEditedTimestampUsec"\s*:/,
  weight: 3,
  async survey(file, { people }) {
    for (const sharee of listOf(fieldsOf(await wholeJson(file))['sharees'])) {
      const { email, isOwner } = fieldsOf(sharee)
      if (isOwner !== true) people.add({ handles: [stringOf(email)] })
      else people.addSelf({ handles: [stringOf(email)] })
    }
  },
  async *events(file) {
    const note = fieldsOf(await wholeJson(file))
    const list = listOf(note['listContent'])
      .map((item) => stringOf(fieldsOf(item)['text']))
      .filter((item) => item !== undefined)
    const text = stringOf(note['textContent']) ?? (list.length > 0 ? list.join('\n') : undefined)
    if (listOf(note['sharees']).some((sharee) => fieldsOf(sharee)['isOwner'] !== true)) yield dropped('other-person')
    else if (note['isTrashed'] === true || (text === undefined && stringOf(note['title']) === undefined)) yield dropped('empty')
    else yield { type: 'Post', kind: 'note', timeMs: parseEpoch(note['userEditedTimestampUsec']), name: stringOf(note['title']), text }
  },
}
