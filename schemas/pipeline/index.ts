/** The replay path: what turns an exchange into a record and its numbers, by version. */
export { type DecodedHtml, decodeHtml } from './charset.ts'
export { extractLine, extractLines } from './extract-lines.ts'
export { CURRENT_PIPELINE, findPipeline, pipelineOptions, pipelines, runPipeline, runPipelineOnHtml } from './pipelines.ts'
export type { Pipeline } from './run.ts'
export { isSamePage } from './same-page.ts'
export { pipelineIdOf, schemaOfPipeline, SELECTORS_VERSION } from './selectors.ts'
export { recordsOf } from './types.ts'
export type { Measured, NotARecord, PipelineOptions, PipelineResult } from './types.ts'
