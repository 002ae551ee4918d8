/** One line of a WhatsApp export: iOS writes `[01.02.24, 18:03:04] Anna: …`, Android `01/02/2024, 6:03 pm - Anna: …`. */
import { asciiDigits } from '../../times.ts'

export interface ChatLine {
  date: string
  clock: string
  /** Undefined for what the app itself says. */
  sender: string | undefined
  text: string
  /** The app's own words under somebody's name. */
  isFromTheApp: boolean
}

const DATE = String.raw`\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}\.?(?: г\.)?|\d{4}[年년] ?\d{1,2}[月월] ?\d{1,2}[日일]`
/** Halves of the day stand before the clock in East Asia, behind it elsewhere. */
const CLOCK = String.raw`(?:(?:오전|오후|새벽|上午|下午|凌晨|清晨|早上|中午|晚上|午前|午後)\s?)?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?(?:[apAP]\.?\s?[mM]\.?|[πμ]\.?μ\.?|[صم](?=\]|\s)))?`
const START = new RegExp(
  String.raw`^\[?(${DATE})[,،]?\s+(?:à\s+|um\s+|a las\s+|alle\s+|klo\s+|kl\.?\s+)?(${CLOCK})(?:\s?(?:Uhr|ч\.))?(?:\]\s?|\s[-–]\s)([\s\S]*)$`,
  'u',
)

/** iOS puts a mark of direction before what the app itself says: its notices, and what stands for media. */
const FROM_THE_APP = /^(?:(?!:[ \u00a0\u202f\u200e])[^])*:[ \u00a0\u202f]?\u200e/

/** A date and a clock, in whatever language. */
const DATED = String.raw`\p{Nd}{1,4}[./\-年년] ?\p{Nd}{1,2}[./\-月월] ?\p{Nd}{1,4}[^\n]{0,24}?\p{Nd}{1,2}[:.h時时시] ?\p{Nd}{2}[^\n]{0,24}?`
/** Begins as a message does. */
const HEAD = new RegExp(String.raw`^(?:\[${DATED}\]|${DATED}\s[-–—]\s)`, 'u')

/** Undefined where the line goes on from the one before. A message whose head is not understood is nobody's, and never a part of the one before. */
export function readLine(raw: string): ChatLine | undefined {
  const line = raw.replace(/[\u200e\u200f\u202a-\u202e\ufeff]/g, '').replace(/[\u00a0\u202f]/g, ' ')
  // digits of other scripts in date and clock; what was said stays as it was
  const match = START.exec(asciiDigits(line))
  if (!match) return HEAD.test(line) ? { date: '', clock: '', sender: undefined, text: '', isFromTheApp: false } : undefined
  const [, date = '', clock = '', folded = ''] = match
  const rest = line.slice(line.length - folded.length)
  const colon = rest.indexOf(': ')
  const sender = colon > 0 && colon <= 80 ? rest.slice(0, colon) : rest.endsWith(':') && rest.length <= 80 ? rest.slice(0, -1) : undefined
  return {
    date,
    clock,
    sender: sender?.replace(/^~\s?/, '').trim(),
    text: sender === undefined ? rest : rest.slice(sender.length + 2),
    isFromTheApp: FROM_THE_APP.test(raw),
  }
}

/** Media that was left out, deleted messages, calls. */
const NOT_WORDS =
  /^<[^>]{3,60}>$|^<(?:attached|Anhang|pièce jointe|adjunto|allegato|bijlage|anexo)|^(?:image|video|audio|sticker|GIF|document|Contact card|Bild|Video|Audio|Dokument|immagine|imagen|imagem|afbeelding|vidéo)\s?(?:omitted|weggelassen|absente?|omitid[oa]|omess[oa]|weggelaten|ocultad[oa]|não revelad[oa])|\((?:file attached|Datei angehängt|archivo adjunto|fichier joint|file allegato|arquivo anexado)\)$|^(?:You|Du|Vous|Tú|Hai|Você|Je)?\s?(?:deleted this message|hast diese Nachricht gelöscht|avez supprimé ce message|eliminaste este mensaje|hai eliminato questo messaggio|apagou esta mensagem|hebt dit bericht verwijderd)|^(?:This message was deleted|Diese Nachricht wurde gelöscht|Ce message a été supprimé|Se eliminó este mensaje|Questo messaggio è stato eliminato|Mensagem apagada|Dit bericht is verwijderd)|^(?:Missed (?:voice|video) call|Verpasster (?:Sprach|Video)anruf|null)/i
export const isNotWords = (text: string): boolean => NOT_WORDS.test(text.trim())

/** Said of oneself only, in one's own export: these words and no more, for others may begin a sentence with them. */
const OWN_DEED =
  /^(?:You deleted this message|Du hast diese Nachricht gelöscht|Vous avez supprimé ce message|Eliminaste este mensaje|Has eliminado este mensaje|Hai eliminato questo messaggio|Você apagou esta mensagem|Apagou esta mensagem|Je hebt dit bericht verwijderd|Usunąłeś tę wiadomość|Вы удалили данное сообщение|Bu mesajı sildiniz)\.?$/i
export const isOwnDeed = (text: string): boolean => OWN_DEED.test(text.trim())

/** On iOS the notice about encryption stands under the name of the chat: the other person, or the group. */
const ENCRYPTED =
  /end-to-end encrypted|Ende-zu-Ende-verschlüsselt|chiffrés de bout en bout|cifrados de extremo a extremo|crittografati end-to-end|criptografia de ponta a ponta|end-to-end versleuteld|szyfrowane|сквозн|uçtan uca|종단간|端[到对對至]端|エンドツーエンド|totalsträckskrypt|end-to-end-krypt|ende-til-ende|päästä[ -]päähän|διατερματικ|от край до край|végpontok között|criptate integral|koncov[éě] šifr|enkripsi end|terenkripsi|mã hóa đầu cuối|مشفرة تمام|سرتاسر|מקצה לקצה|एंड-टू-एंड|ต้นทางถึงปลายทาง|наскрізн/i
export const isEncryptionNotice = (text: string): boolean => ENCRYPTED.test(text)
