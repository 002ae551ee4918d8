export { type Domain, domainBytes, signDetached, verifyDetached } from './domain.ts'
export { type EntryDraft, type EntryVerdict, examineEntry, signEntry, verifyEntry } from './entry.ts'
export { signObject, verifyObject, verifyShaped } from './object.ts'
export type { Refusal } from './verdict.ts'
