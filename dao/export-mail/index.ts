export { checkExportMail, type ExportMailVerdict, type KeyLookup, pinnedKeys } from './check-export-mail.ts'
