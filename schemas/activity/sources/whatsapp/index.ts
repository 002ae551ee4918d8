/** WhatsApp: only the owner's own messages stay. Who that is, the file does not say outright. */
import { DateOrder } from '../../date-order.ts'
import { dropped } from '../../draft.ts'
import { linesOf } from '../../read/index.ts'
import type { SourceParser } from '../../source.ts'
import { parseLocalTime } from '../../times.ts'
import { type ChatLine, isEncryptionNotice, isNotWords, isOwnDeed, readLine } from './line.ts'
import { type Chat, chatsOf, keyOf, selfOf, titlesOf } from './self.ts'

export const whatsapp: SourceParser = {
  source: 'whatsapp',
  version: 2,
  kinds: [
    {
      name: 'chat',
      path: /\.txt$/,
      head: /^[\u200e\u200f\ufeff]*\[?[\u200e\u200f]?\p{Nd}{1,4}[\u200e\u200f]?[./\-年년] ?\p{Nd}{1,2}[\u200e\u200f]?[./\-月월] ?\p{Nd}{1,4}(?:\.|日|일| г\.)?[,،]?\s[^\n]{4,24}?(?:\]\s?|\s[-–]\s)[^\n]+/u,
      weight: 3,
      async survey(file, reading) {
        const chat: Chat = { senders: new Set(), own: new Set(), others: new Set(), order: new DateOrder(reading.answers.dates) }
        const titles = new Set(titlesOf(file.path, reading.answers.archive).map(keyOf))
        // what goes on in the next line is no deed but words about one
        let deed: string | undefined
        for await (const raw of linesOf(file)) {
          const line = readLine(raw)
          if (line === undefined || line.date === '') {
            if (raw.trim() !== '') deed = undefined
            continue
          }
          if (deed !== undefined) chat.own.add(deed)
          deed = line.sender !== undefined && isOwnDeed(line.text) ? line.sender : undefined
          chat.order.see(`${line.date} ${line.clock}`)
          if (line.sender === undefined) continue
          const isNotice = isEncryptionNotice(line.text)
          // under a chat's name the app speaks, in whatever language; a group's name is nobody who writes
          const isChat = titles.has(keyOf(line.sender)) && (line.isFromTheApp || isNotice)
          // where no title is known: the notice opens the chat; later it is somebody's own words about encryption
          if (isChat || (chat.senders.size === 0 && line.isFromTheApp && isNotice)) chat.others.add(line.sender)
          else if (!(line.isFromTheApp && chat.others.has(line.sender))) chat.senders.add(line.sender)
        }
        if (deed !== undefined) chat.own.add(deed)
        chatsOf(reading).set(file.path, chat)
        for (const name of [...chat.senders, ...chat.others]) reading.people.add({ names: [name] })
        for (const other of titlesOf(file.path, undefined)) reading.people.add({ names: [other] })
      },
      async *events(file, reading) {
        const self = selfOf(reading)
        const order = (chatsOf(reading).get(file.path) as Chat).order.decide(reading.warn)
        let current: ChatLine | undefined
        const found = (line: ChatLine) => {
          if (line.sender === undefined || isEncryptionNotice(line.text)) return dropped('system')
          if (self === undefined || line.sender !== self) return dropped('other-person')
          if (line.isFromTheApp || isNotWords(line.text)) return dropped('empty')
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
