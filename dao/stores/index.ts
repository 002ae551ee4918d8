/** The effects: tiles on disk, SQL index, DuckDB. Heavy packages load when their `open…` is called. */
import type { ParquetWriter } from '../release/index.ts'
import type { ParquetWriterOptions } from './duckdb-parquet.ts'

export type { ParquetWriterOptions } from './duckdb-parquet.ts'
export type { ParquetQuery, RecordFilters } from './duckdb-query.ts'
export { diskFolder, inside } from './release-folder.ts'

/** Parquet files of a release under a folder, by DuckDB. */
export async function openParquet(options: ParquetWriterOptions): Promise<ParquetWriter & Disposable> {
  return (await import('./duckdb-parquet.ts')).openParquetWriter(options)
}

/** Questions to Parquet files, by DuckDB; see `duckdb-query.ts`. */
export async function openQueries(): Promise<typeof import('./duckdb-query.ts')> {
  return await import('./duckdb-query.ts')
}
