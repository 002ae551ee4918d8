/** The effects: tiles on disk, SQL index, DuckDB. Heavy packages load when their `open…` is called. */
import type { LogStore } from '../log/index.ts'
import type { ParquetWriter } from '../release/index.ts'
import type { DiskLogStoreOptions } from './disk-log-store.ts'
import type { ParquetWriterOptions } from './duckdb-parquet.ts'
import type { LedgerIndex } from './sqlite-index.ts'

export type { DiskLogStoreOptions } from './disk-log-store.ts'
export type { ParquetWriterOptions } from './duckdb-parquet.ts'
export type { ParquetQuery, RecordFilters } from './duckdb-query.ts'
export type { LedgerIndex } from './sqlite-index.ts'
export type { BatchRow, Page, PageQuery, RecordQuery, RecordRow } from './sqlite-rows.ts'
export { DiskFiles } from './disk-files.ts'
export { DiskWaitingShares } from './waiting-shares.ts'
export { diskFolder, inside } from './release-folder.ts'

/** Parquet files of a release under a folder, by DuckDB. */
export async function openParquet(options: ParquetWriterOptions): Promise<ParquetWriter & Disposable> {
  return (await import('./duckdb-parquet.ts')).openParquetWriter(options)
}

/** Questions to Parquet files, by DuckDB; see `duckdb-query.ts`. */
export async function openQueries(): Promise<typeof import('./duckdb-query.ts')> {
  return await import('./duckdb-query.ts')
}

/** The log in a folder, as static files that any web server can serve. */
export async function openDiskLogStore(folder: string, options?: DiskLogStoreOptions): Promise<LogStore> {
  return (await import('./disk-log-store.ts')).openDiskLogStore(folder, options)
}

/** The SQL index of a ledger: a cache of the fold, rebuilt whenever it is missing. */
export async function openIndex(path: string): Promise<LedgerIndex> {
  return (await import('./sqlite-index.ts')).openSqliteIndex(path)
}
