export { checkExportMail, pinnedKeys } from './check-export-mail.ts'
