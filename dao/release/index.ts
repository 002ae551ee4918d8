/** What a release holds, what it pays by, and how it is described: pure but for the reader, writer and folder it is given. */
export { type BuildInput, buildRelease, type ParquetWriter, type Release, type ReleaseFolder, TrainingDenied } from './build.ts'
export {
  type Cell,
  type Cells,
  type Column,
  type ColumnName,
  columnsIn,
  columnsOf,
  COLUMNS,
  type ColumnType,
  isColumn,
  placeOf as placeOfColumn,
  rowHash,
  rowJson,
} from './columns.ts'
export { type CutInput, cutRelease } from './cut.ts'
export { digestFile, type FileDigest, leafBlocks } from './digest.ts'
export { MAX_RELEASE_MANIFEST_BYTES, RELEASE_FORMAT, type ReleaseFile, type ReleaseManifest, releaseManifest } from './manifest.ts'
export { recordReader, type RecordReaderOptions } from './read-record.ts'
export { dayOfText } from './own-fields.ts'
export { cellsOf, type ReadRecord, type RecordFacts, recordOf } from './row.ts'
export { recordsToLookUp, type SelectInput, selectRecords } from './select.ts'
export { describeShares, type ShareRow, type ShareTable, sharesRoot, shareTable, splitRevenue } from './shares.ts'
export { blockBytesOf, directoryOf, type TreeEntry } from './tree.ts'
export { REMOVAL_REASONS, type ReleaseRow, type Removal, type RemovalReason, type Selection, type ShareWeight } from './types.ts'
