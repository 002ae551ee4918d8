/** A DAO's own schema: CSS selectors of the charter, run over pages into typed records. */
export { type Attempt, tryPage, type TriedField } from './try-page.ts'
export { checkSchema, type SchemaProblem } from './check-schema.ts'
export { isSameRecord } from './compare.ts'
export { nearest } from './nearest.ts'
export { type ExtractedPage, type ExtractedRecord, extractRecords, type FieldValue, type SelectorRecord } from './extract.ts'
