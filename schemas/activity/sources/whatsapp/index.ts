/** WhatsApp: only the owner's own messages stay. Who that is, the file does not say outright. */
import { DateOrder } from '../../date-order.ts'
import { dropped } from '../../draft.ts'
import { ExportError } from '../../errors.ts'
import { linesOf } from '../../read/index.ts'
import type { Reading, SourceParser } from '../../source.ts'
import { parseLocalTime } from '../../times.ts'
import { type ChatLine, isEncryptionNotice, isNotWords, isOwnDeed, readLine } from './line.ts'

interface Chat {
  senders: Set<string>
  own: Set<string>
  others: Set<string>
  order: DateOrder
}

const CHATS = 'whatsapp-chats'
const NAMED =
  /(?:WhatsApp Chat (?:with|mit|-)|WhatsApp[- ]Chat (?:with|mit)|Discussion WhatsApp avec|Chat de WhatsApp con|Chat WhatsApp con|Conversa do WhatsApp com|WhatsApp-chat met|Czat WhatsApp z|Чат WhatsApp с) ?-? ?(.+?)(?:\.txt|\.zip)?$/i

function chatsOf({ notes }: Reading): Map<string, Chat> {
  const chats = (notes.get(CHATS) as Map<string, Chat> | undefined) ?? new Map<string, Chat>()
  notes.set(CHATS, chats)
  return chats
}

/** Told; or who did what only the owner is shown doing; or who is left when the others are known; or who is in every chat. */
function selfOf(reading: Reading): string | undefined {
  const { answers } = reading
  const chats = [...chatsOf(reading)]
  const everybody = new Set(chats.flatMap(([, { senders }]) => [...senders]))
  if (answers.self !== undefined) {
    const asked = answers.self.toLowerCase()
    const found = [...everybody].find((name) => name.toLowerCase() === asked)
    if (found === undefined)
      throw new ExportError('SELF_UNKNOWN', 'nobody in this chat has the name given by --self; write it as the chat does')
    return found
  }
  const certain = new Set(chats.flatMap(([, { own }]) => [...own]))
  if (certain.size === 1) return [...certain][0] as string
  const left = new Set<string>()
  for (const [path, { senders, others }] of chats) {
    const title = NAMED.exec(path.split('/').at(-1) ?? '')?.[1] ?? NAMED.exec(answers.archive ?? '')?.[1]
    const rest = [...senders].filter((name) => !others.has(name) && name !== title)
    if (senders.size === 2 && rest.length === 1) left.add(rest[0] as string)
  }
  if (left.size === 1) return [...left][0] as string
  const common = [...everybody].filter((name) => chats.every(([, { senders }]) => senders.has(name)))
  if (chats.length > 1 && common.length === 1) return common[0] as string
  if (everybody.size === 1) return [...everybody][0] as string
  reading.warn(
    'SELF_UNKNOWN',
    `nothing says which of the ${everybody.size} senders is you, so no message is kept; say --self NAME, as the chat writes it`,
  )
  return undefined
}

export const whatsapp: SourceParser = {
  source: 'whatsapp',
  version: 1,
  kinds: [
    {
      name: 'chat',
      path: /\.txt$/,
      head: /^[\u200e\ufeff]*\[?\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\.?,?\s[^\n]{4,20}?(?:\]\s?|\s[-–]\s)[^\n]+/,
      weight: 3,
      async survey(file, reading) {
        const chat: Chat = { senders: new Set(), own: new Set(), others: new Set(), order: new DateOrder(reading.answers.dates) }
        for await (const raw of linesOf(file)) {
          const line = readLine(raw)
          if (line === undefined) continue
          chat.order.see(`${line.date} ${line.clock}`)
          if (line.sender === undefined) continue
          if (isEncryptionNotice(line.text)) chat.others.add(line.sender)
          else chat.senders.add(line.sender)
          if (isOwnDeed(line.text)) chat.own.add(line.sender)
        }
        chatsOf(reading).set(file.path, chat)
        for (const name of [...chat.senders, ...chat.others]) reading.people.add({ names: [name] })
        for (const [name] of file.path.matchAll(/[^/]+\.txt$/gi)) {
          const other = NAMED.exec(name)?.[1]
          if (other !== undefined) reading.people.add({ names: [other] })
        }
      },
      async *events(file, reading) {
        const self = selfOf(reading)
        const order = (chatsOf(reading).get(file.path) as Chat).order.decide(reading.warn)
        let current: ChatLine | undefined
        const found = (line: ChatLine) => {
          if (line.sender === undefined || isEncryptionNotice(line.text)) return dropped('system')
          if (self === undefined || line.sender !== self) return dropped('other-person')
          if (isNotWords(line.text)) return dropped('empty')
          return {
            type: 'Message' as const,
            kind: 'message',
            timeMs: parseLocalTime(`${line.date}, ${line.clock}`, order),
            text: line.text,
          }
        }
        for await (const raw of linesOf(file)) {
          const line = readLine(raw)
          if (line === undefined) {
            if (current !== undefined && current.text.length < 60_000) current.text += `\n${raw}`
            continue
          }
          if (current !== undefined) yield found(current)
          current = line
        }
        if (current !== undefined) yield found(current)
      },
    },
  ],
}
