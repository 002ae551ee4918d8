/** What a record is, and what is said between peers. Pure: no I/O, no clock. */
export * from './evidence/index.ts'
export type { Measured, NotARecord, PipelineResult } from './pipeline/index.ts'
export * from './wire/index.ts'
