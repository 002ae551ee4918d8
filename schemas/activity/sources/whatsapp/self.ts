/** Whose phone wrote the chats. The files do not say; whoever is taken wrongly for the owner has given no consent. */
import type { DateOrder } from '../../date-order.ts'
import { ExportError } from '../../errors.ts'
import type { Reading } from '../../source.ts'

export interface Chat {
  senders: Set<string>
  /** Who did what only the owner is shown doing. */
  own: Set<string>
  /** Who cannot be the owner. */
  others: Set<string>
  order: DateOrder
}

const CHATS = 'whatsapp-chats'
const NAMED =
  /(?:WhatsApp Chat -|WhatsApp[- ]Chat (?:with|mit)|Discussion WhatsApp avec|Chat de WhatsApp con|Chat WhatsApp con|Conversa do WhatsApp com|WhatsApp-chatt? me[dt]|Chat WhatsApp dengan|Conversație WhatsApp cu|Czat WhatsApp z(?: użytkownikiem)?|Чат WhatsApp с|محادثة واتساب مع|צ[׳']אט WhatsApp עם) ?-? ?(.+?)(?:\.txt|\.zip)?$/iu
/** Languages in which the name comes first. */
const NAMED_BEFORE = /^(.+?)(?: ile WhatsApp Sohbeti| ?との ?WhatsApp ?(?:チャット|トーク)| ?님과의 WhatsApp 대화)(?:\.txt|\.zip)?$/iu

export function chatsOf({ notes }: Reading): Map<string, Chat> {
  const chats = (notes.get(CHATS) as Map<string, Chat> | undefined) ?? new Map<string, Chat>()
  notes.set(CHATS, chats)
  return chats
}

/** What a chat is called: the other person, or the group. On the file, on its folder or on the archive. */
export function titlesOf(path: string, archive: string | undefined): string[] {
  const named = [...path.split('/'), ...(archive?.split('/') ?? [])].flatMap(
    (part) => (NAMED.exec(part) ?? NAMED_BEFORE.exec(part))?.[1]?.trim() ?? [],
  )
  // a second download is called `Bo (2)` or `Bo 2`
  return named.flatMap((title) => [title, title.replace(/\s(?:\(\d{1,3}\)|\d{1,3})$/, '')])
}

/** A name as a title has it: file systems take no emoji and no quotes. */
export const keyOf = (name: string): string => {
  const lower = name.normalize('NFKC').toLowerCase().trim()
  return lower.replace(/[^\p{L}\p{N}]+/gu, '') || lower
}

/**
 * Told; or who did what only the owner is shown doing; or who is left in a chat of two when the other is known. Being in every chat, or
 * alone in one, says nothing: owners are silent in some. Nobody whom a title names is the owner. Throws SELF_UNKNOWN, SELF_IS_OTHER.
 */
export function selfOf(reading: Reading): string | undefined {
  const { answers } = reading
  const chats = [...chatsOf(reading)]
  const everybody = new Set(chats.flatMap(([, { senders }]) => [...senders]))
  const titles = new Set(chats.flatMap(([path]) => titlesOf(path, answers.archive)).map(keyOf))
  const isTitle = (name: string): boolean => titles.has(keyOf(name))
  if (answers.self !== undefined) {
    const asked = answers.self.toLowerCase()
    const told = [...everybody].find((name) => name.toLowerCase() === asked)
    if (told === undefined)
      throw new ExportError('SELF_UNKNOWN', 'nobody in this chat has the name given by --self; write it as the chat does')
    if (isTitle(told))
      throw new ExportError(
        'SELF_IS_OTHER',
        'a chat of this export is named after whom --self names, so that is somebody else; leave that chat out if it is a group or yourself',
      )
    return told
  }
  const others = new Set(chats.flatMap(([, chat]) => [...chat.others]))
  const mayBeSelf = (name: string): boolean => !others.has(name) && !isTitle(name)
  const found = new Set(chats.flatMap(([, { own }]) => [...own]).filter(mayBeSelf))
  for (const [path, chat] of chats) {
    // a group in which two write is no chat of two: one of them must be whom this very chat is with
    const own = new Set(titlesOf(path, chats.length === 1 ? answers.archive : undefined).map(keyOf))
    const isOther = (name: string): boolean => chat.others.has(name) || own.has(keyOf(name))
    const rest = [...chat.senders].filter((name) => !isOther(name))
    if (chat.senders.size === 2 && rest.length === 1) for (const name of rest.filter(mayBeSelf)) found.add(name)
  }
  const [name] = found
  if (found.size === 1) return name
  reading.warn(
    'SELF_UNKNOWN',
    `nothing says which of the ${everybody.size} senders is you, so no message is kept; say --self NAME, as the chat writes it`,
  )
  return undefined
}
