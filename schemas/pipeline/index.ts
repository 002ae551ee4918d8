export type { Measured, NotARecord, PipelineResult } from './types.ts'
