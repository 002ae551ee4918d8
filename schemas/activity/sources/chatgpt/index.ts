/** ChatGPT: each conversation is a tree; the branch that was kept leads from `current_node` to the root. */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, jsonValues, listOf, stringOf, wholeJson } from '../../read/index.ts'
import type { SourceParser } from '../../source.ts'
import { parseEpoch } from '../../times.ts'

const MAX_TURNS = 20_000

/** From the root to the current node. A tree that runs in a circle ends where it began. */
function branchOf(conversation: Fields): Fields[] {
  const mapping = fieldsOf(conversation['mapping'])
  const turns: Fields[] = []
  const seen = new Set<string>()
  let at = stringOf(conversation['current_node']) ?? lastOf(mapping)
  while (at !== undefined && !seen.has(at) && seen.size < MAX_TURNS) {
    seen.add(at)
    const node = fieldsOf(mapping[at])
    turns.push(fieldsOf(node['message']))
    at = stringOf(node['parent'])
  }
  return turns.toReversed()
}

/** Where no node is current: the leaf that was written last. */
function lastOf(mapping: Fields): string | undefined {
  let best: [id: string, time: number] | undefined
  for (const [id, value] of Object.entries(mapping)) {
    const node = fieldsOf(value)
    const time = parseEpoch(fieldsOf(node['message'])['create_time']) ?? 0
    if (listOf(node['children']).length === 0 && (best === undefined || time > best[1])) best = [id, time]
  }
  return best?.[0]
}

function turnOf(message: Fields, conversation: Fields): Found {
  const role = stringOf(fieldsOf(message['author'])['role'])
  const content = fieldsOf(message['content'])
  // parts may be pictures and files: only words are kept
  const text =
    listOf(content['parts'])
      .filter((part): part is string => typeof part === 'string' && part !== '')
      .join('\n') || stringOf(content['text'])
  if (role === undefined) return dropped('empty')
  if ((role !== 'user' && role !== 'assistant') || fieldsOf(message['metadata'])['is_visually_hidden_from_conversation'] === true)
    return dropped('system')
  if (text === undefined || !/^(?:text|multimodal_text)$/.test(stringOf(content['content_type']) ?? 'text')) return dropped('empty')
  return {
    type: 'Converse',
    kind: role === 'user' ? 'prompt' : 'answer',
    timeMs: parseEpoch(message['create_time']) ?? parseEpoch(conversation['create_time']),
    text,
    context: stringOf(conversation['title']),
  }
}

export const chatgpt: SourceParser = {
  source: 'chatgpt',
  version: 1,
  kinds: [
    {
      name: 'user',
      path: /(?:^|\/)user\.json$/,
      head: /"(?:email|chatgpt_plus_user)"\s*:/,
      weight: 1,
      async survey(file, { people }) {
        const user = fieldsOf(await wholeJson(file))
        people.owner('chatgpt', stringOf(user['email']) ?? stringOf(user['id']))
        people.addSelf({ handles: [stringOf(user['email'])], names: [stringOf(user['name'])] })
      },
    },
    {
      name: 'conversations',
      path: /(?:^|\/)conversations(?:-\d+)?\.json$/,
      head: /^\s*\[\s*(?:\{[\s\S]*?"(?:mapping|create_time|title|conversation_id)"\s*:|\])/,
      weight: 3,
      async *events(file) {
        for await (const values of jsonValues(file))
          for (const { path, value } of values) {
            if (path.length > 0) continue
            const conversation = fieldsOf(value)
            // the root of a tree holds no message
            for (const message of branchOf(conversation)) if (Object.keys(message).length > 0) yield turnOf(message, conversation)
          }
      },
    },
    { name: 'other', path: /(?:^|\/)(?:export_manifest|message_feedback|shared_conversations)\.json$/, weight: 1 },
  ],
}
