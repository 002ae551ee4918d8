export { type BatchFiles, batchRoots, MAX_SKETCHES_BYTES, parseBatchFiles, parseManifest } from './batch-files.ts'
export { checkBatchStructure, type StructureCheck, type StructureResult } from './check-structure.ts'
export { type AskBlocks, askOf, fetchBlocks, fetchDag, fetchFile, type FetchOptions, type Wanted } from './fetch-dag.ts'
export { areRowBlocks, type OpenedRecord, openRecord, readRow, type ReadRow, type RowBlocks, rowLeaves } from './read-row.ts'
