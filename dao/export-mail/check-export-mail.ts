/** Whether a service signed the mail that says that an export is ready: on its owner's device before it is sealed, and at every tester that opened it. */
import { RetryableError } from '../../core/errors/index.ts'
import type { ResolveTxt } from '../../core/web/index.ts'
import { type ExportMailFacts, keyNameOf, type MailAccount, readExportMail, signatureFault } from '../../schemas/export-mail/index.ts'
import type { ExportMailTerms } from '../../schemas/wire/index.ts'

/** Keys that the charter pins, each in the place of what the DNS says of its name; the rest from `dns`, where there is one. */
export function pinnedKeys({ keys }: Pick<ExportMailTerms, 'keys'>, dns?: ResolveTxt): ResolveTxt {
  return async (name, signal) => {
    const pinned = keys.filter((key) => key.name === name).map(({ record }) => record)
    if (pinned.length > 0) return pinned
    if (dns === undefined) throw new RetryableError('DNS', 'the charter pins no key of that name, and nobody is asked here')
    return dns(name, signal)
  }
}

export type ExportMailVerdict = { ok: true; account: MailAccount } | { ok: false; code: string; message: string }

const WORDS: Record<string, string> = {
  NO_ANSWER: 'the key of the signature could not be looked up; try again later, or offer without a mail',
  NO_KEY:
    'the service has taken its key back since it signed, and nobody can check the mail any more; ask the service for a new export, or offer without a mail',
  KEY_REVOKED: 'the service has revoked the key that it signed with; ask the service for a new export, or offer without a mail',
  KEY_TOO_SHORT: 'the service signs with a key of less than 1024 bits, which proves nothing; offer without a mail',
  BAD_KEY: 'what the DNS has in the place of the key is none for this signature; offer without a mail',
  SIGNATURE_FALSE: 'the signature does not hold: the mail was changed; save the original as it came, or offer without a mail',
}

/** Which account it went to, or why it says nothing: the codes of `readExportMail`, of `DkimFault`, and NO_ANSWER. Rejects with the signal's reason. */
export async function checkExportMail(facts: ExportMailFacts, lookup: ResolveTxt, signal?: AbortSignal): Promise<ExportMailVerdict> {
  const read = readExportMail(facts)
  if (!read.ok) return read
  let code = 'NO_KEY'
  for (const signature of read.signatures) {
    const records = await lookup(keyNameOf(signature), signal).catch(() => undefined)
    signal?.throwIfAborted()
    const fault = records === undefined ? 'NO_ANSWER' : signatureFault(read.mail, signature, records)
    if (fault === undefined) return { ok: true, account: read.account }
    code = fault
  }
  return { ok: false, code, message: WORDS[code] ?? 'the signature does not hold; offer without a mail' }
}
