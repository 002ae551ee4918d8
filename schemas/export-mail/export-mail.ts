/**
 * The mail in which a service tells its user that an export is ready, as evidence of whose export it is: what must be true of it before any key is
 * looked up. Evidence, never proof: the mail says that this address asked the service for its data, not that this is what came.
 */
import type { ExportMailTerms } from '../wire/index.ts'
import type { MailAccount } from './account.ts'
import { type DkimSignature, isAtOrBelow, readSignature } from './dkim-signature.ts'
import { dateOf, type Mail, MAX_EXPORT_MAIL_BYTES, onlyAddress, onlyField, readMail, subjectOf } from './read-mail.ts'
import { bodyHolds } from './verify-dkim.ts'

/** What a signature must cover besides the whole body. */
const MUST_SIGN = ['from', 'to', 'date', 'subject']
/** Signatures looked at: services sign once or twice, and each may cost a question to the DNS. */
const MAX_SIGNATURES = 8
const MAX_CANDIDATES = 4
const DAY_SECONDS = 86_400

export interface ExportMailFacts {
  bytes: Uint8Array
  /** Service of the export: one of `POOL_SOURCES`. */
  source: string
  terms: ExportMailTerms
  /** When it is offered, Unix seconds. */
  at: number
  /** Until when it must not be too old, nor its signature expire: `at`, unless it is said. On the device later, since testers look after the reveal. */
  until?: number
}

export type ExportMailRead =
  /** `signatures`: of the service, each whole; one that holds is enough. */
  { ok: true; mail: Mail; signatures: readonly DkimSignature[]; account: MailAccount } | { ok: false; code: string; message: string }

/** Nobody has to have a mail: that is always a next step. */
const no = (code: string, what: string, next?: string): ExportMailRead => ({
  ok: false,
  code,
  message: `${what}; ${next === undefined ? '' : `${next}, or `}offer without a mail`,
})

/**
 * Codes: MAIL_TOO_LARGE, BAD_MAIL, SOURCE_NOT_LISTED, MAIL_FIELDS, OTHER_SENDER, OTHER_SUBJECT, MAIL_TOO_OLD, MAIL_FUTURE, MAIL_UNSIGNED,
 * OTHER_SIGNER, SIGNS_PART, SIGNATURE_EXPIRED, BODY_CHANGED. Messages say what to do, and nothing of what the mail says.
 */
export function readExportMail({ bytes, source, terms, at, until = at }: ExportMailFacts): ExportMailRead {
  const senders = terms.senders.filter((one) => one.source === source)
  if (senders.length === 0) return no('SOURCE_NOT_LISTED', `this pool lists no sender for ${source}`)
  if (bytes.byteLength > MAX_EXPORT_MAIL_BYTES)
    return no(
      'MAIL_TOO_LARGE',
      `a mail has at most ${MAX_EXPORT_MAIL_BYTES >> 10} KiB`,
      'give the message alone, without what was forwarded',
    )
  const mail = readMail(bytes)
  if (!mail) return no('BAD_MAIL', 'that is no mail', 'save the message itself (.eml, "show original"), not a print or a screenshot of it')
  const [from, to, date, subject] = MUST_SIGN.map((name) => onlyField(mail, name))
  const sender = from === undefined ? undefined : onlyAddress(from)
  const address = to === undefined ? undefined : onlyAddress(to)
  const sent = date === undefined ? undefined : dateOf(date)
  if (sender === undefined || address === undefined || sent === undefined || subject === undefined)
    return no(
      'MAIL_FIELDS',
      'a mail has one From, one To with one address, one Date and one Subject',
      'save the original that was sent to you',
    )
  const domain = sender.slice(sender.lastIndexOf('@') + 1)
  const ours = senders.filter((one) => isAtOrBelow(domain, one.domain) && (one.address ?? sender) === sender)
  if (ours.length === 0)
    return no(
      'OTHER_SENDER',
      `the pool takes mails of ${names(senders)} for ${source}`,
      "save the service's own message, not one that was forwarded",
    )
  const said = folded(subjectOf(subject))
  if (!ours.some(({ subjects }) => subjects.length === 0 || subjects.some((one) => folded(one) === said)))
    return no('OTHER_SUBJECT', 'that is another message of the service than the one that says that your export is ready', 'save that one')
  if (sent > at + DAY_SECONDS) return no('MAIL_FUTURE', 'the mail is dated in the future', 'check the clock of this machine')
  if (until - sent > terms.maxAgeDays * DAY_SECONDS)
    return no(
      'MAIL_TOO_OLD',
      `the mail is older than the ${terms.maxAgeDays} days that the pool takes, or will be when it is tested`,
      'ask the service for a new export',
    )
  const listed = terms.senders.map((one) => one.domain).filter((one) => isAtOrBelow(domain, one))
  // two that the sender lies below lie below one another
  const [shortest = domain] = listed.toSorted((a, b) => a.length - b.length)
  return withSignatures(mail, { account: { domain: shortest, address }, senders: ours, until })
}

/** Subjects are compared whole: a service puts strangers' words into some of its own. */
const folded = (subject: string): string => subject.trim().replace(/\s+/g, ' ').toLowerCase()

const names = (senders: readonly { domain: string }[]): string => [...new Set(senders.map(({ domain }) => domain))].join(', ')

function withSignatures(
  mail: Mail,
  { account, senders, until }: { account: MailAccount; senders: ExportMailTerms['senders']; until: number },
): ExportMailRead {
  const fields = mail.fields.filter(({ name }) => name === 'dkim-signature').slice(0, MAX_SIGNATURES)
  const signed = fields.flatMap((field) => readSignature(field) ?? [])
  if (signed.length === 0)
    return no('MAIL_UNSIGNED', 'the mail carries no DKIM signature that is read here', 'save the original with all its headers')
  const theirs = signed.filter((one) => senders.some((sender) => isAtOrBelow(one.domain, sender.domain)))
  if (theirs.length === 0)
    return no('OTHER_SIGNER', `none of ${names(senders)} signed the mail`, 'save the original, not one that was forwarded')
  const whole = theirs.filter(({ isPartial, signs }) => !isPartial && MUST_SIGN.every((name) => signs.includes(name)))
  if (whole.length === 0)
    return no('SIGNS_PART', 'the signature does not cover From, To, Date, Subject and the whole body, so it says too little')
  const current = whole.filter(({ expires }) => expires === null || expires > until)
  if (current.length === 0)
    return no('SIGNATURE_EXPIRED', 'the signature has expired, or will have when it is tested', 'ask the service for a new export')
  const signatures = current.filter((one) => bodyHolds(mail, one)).slice(0, MAX_CANDIDATES)
  if (signatures.length === 0)
    return no(
      'BODY_CHANGED',
      'the body is not what was signed',
      'save the original as it came: mailing lists and mail programs change copies',
    )
  return { ok: true, mail, signatures, account }
}
