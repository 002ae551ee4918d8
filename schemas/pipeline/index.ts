/** The replay path: what turns an exchange into a record and its numbers, by version. */
export { type DecodedHtml, decodeHtml } from './charset.ts'
export { extractLine, extractLines } from './extract-lines.ts'
export { type OpenPage, openPage } from './open-page.ts'
export { CURRENT_PIPELINE, pipelines, runPipeline, runPipelineOnHtml } from './pipelines.ts'
export type { Pipeline } from './run.ts'
export type { Measured, NotARecord, PipelineOptions, PipelineResult } from './types.ts'
