import { dropped } from '../../draft.ts'
import { fieldsOf, jsonValues } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseEpoch } from '../../times.ts'
import { textAt } from './fields.ts'

const THREADS = 'meta-threads'
const SENDERS = 'meta-senders'

/** `messages/inbox/<thread>/message_1.json`: own messages only. Without a profile, self is whoever is in every thread. */
export const messages: FileKind = {
  name: 'messages',
  path: /(?:^|\/)message_\d+\.json$/,
  head: /"participants"\s*:/,
  weight: 1,
  async survey(file, { people, notes }) {
    const inThread = new Set<string>()
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        const name =
          path[0] === 'participants'
            ? textAt(fieldsOf(value), 'name')
            : path[0] === 'messages'
              ? textAt(fieldsOf(value), 'sender_name')
              : undefined
        if (name !== undefined) inThread.add(name)
      }
    const senders = (notes.get(SENDERS) as Map<string, number> | undefined) ?? new Map<string, number>()
    for (const name of inThread) senders.set(name, (senders.get(name) ?? 0) + 1)
    notes.set(SENDERS, senders)
    notes.set(THREADS, ((notes.get(THREADS) as number | undefined) ?? 0) + 1)
    for (const name of inThread) if (!people.isSelf(name)) people.add({ names: [name] })
  },
  async *events(file, { people, notes, answers, warn }) {
    const senders = (notes.get(SENDERS) as Map<string, number> | undefined) ?? new Map<string, number>()
    const known = [...senders.keys()].filter((name) => people.isSelf(name))
    const everywhere = [...senders]
      .filter(([, threads]) => threads === notes.get(THREADS) && (notes.get(THREADS) as number) > 1)
      .map(([name]) => name)
    const self = answers.self ?? known[0] ?? (everywhere.length === 1 ? everywhere[0] : undefined)
    if (self === undefined) warn('SELF_UNKNOWN', 'nothing says which sender is you, so no message is kept; say --self NAME to keep yours')
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path[0] !== 'messages') continue
        const row = fieldsOf(value)
        const text = textAt(row, 'content')
        if (self === undefined || textAt(row, 'sender_name') !== self) yield dropped('other-person')
        else
          yield text === undefined ? dropped('empty') : { type: 'Message', kind: 'message', timeMs: parseEpoch(row['timestamp_ms']), text }
      }
  },
}
