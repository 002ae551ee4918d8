/** The mail that says that an export is ready, as evidence of whose it is: read, held to a pool's terms, its DKIM signature checked. Pure. */
export { accountBand, type MailAccount } from './account.ts'
export { isKeyRecord } from './dkim-key.ts'
export { isAtOrBelow, keyNameOf } from './dkim-signature.ts'
export { type ExportMailFacts, readExportMail } from './export-mail.ts'
export { MAX_EXPORT_MAIL_BYTES } from './read-mail.ts'
export { signatureFault } from './verify-dkim.ts'
