export { checkExportMail, type ExportMailVerdict, pinnedKeys } from './check-export-mail.ts'
