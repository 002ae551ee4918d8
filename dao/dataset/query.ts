/** Questions to a release, answered as a table, JSON lines, CSV or another Parquet file. */
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { type Cell, type Column, COLUMNS } from '../release/index.ts'
import { openQueries, type RecordFilters } from '../stores/index.ts'
import { csvLine, tableOf } from './formats.ts'

export const QUERY_FORMATS = ['table', 'json', 'csv', 'parquet'] as const
export type QueryFormat = (typeof QUERY_FORMATS)[number]

export interface DatasetQuery {
  /** Parquet files of a release on this machine; `fetchRelease` brings them. */
  files: string[]
  filters?: RecordFilters
  columns?: string[]
  /** Columns of the release, as `columnsIn` its manifest gives them; those that every release has, unless said. */
  known?: readonly Column[]
  limit?: number
}

/** What a table shows unless columns are named: texts do not fit a terminal. */
const TABLE_COLUMNS = ['id', 'domain', 'title', 'lang', 'license_spdx', 'n_tokens', 'quality', 'fetched_at']
/** Rows a table shows unless a limit is given. */
const TABLE_LIMIT = 50

/** Rows as objects, in release order. Throws InvalidInputError UNKNOWN_COLUMN, BAD_LIMIT, BAD_PARQUET. */
async function* queryRows(query: DatasetQuery): AsyncGenerator<Record<string, Cell>> {
  if (query.files.length === 0) throw new InvalidInputError('NO_FILES', 'no Parquet file to read')
  yield* (await openQueries()).queryParquet(query)
}

/**
 * The answer as text, piece by piece, for a terminal, a pipe or a file: an aligned table, JSON lines, or RFC 4180 CSV with a header.
 * Throws UsageError NEEDS_OUT for Parquet, which goes to a file only: see `queryToFile`.
 */
export async function* queryText(query: DatasetQuery, format: QueryFormat): AsyncGenerator<string> {
  if (format === 'parquet') throw new UsageError('NEEDS_OUT', 'a Parquet answer needs --out FILE')
  if (format === 'table') {
    const columns = query.columns ?? TABLE_COLUMNS
    const rows: Record<string, Cell>[] = []
    for await (const row of queryRows({ ...query, columns, limit: query.limit ?? TABLE_LIMIT })) rows.push(row)
    yield* tableOf(columns, rows)
    return
  }
  let header = format === 'csv'
  for await (const row of queryRows(query)) {
    if (header) yield csvLine(Object.keys(row))
    header = false
    yield format === 'json' ? `${JSON.stringify(row)}\n` : csvLine(Object.values(row))
  }
  if (header) yield csvLine(query.columns ?? (query.known ?? COLUMNS).map(({ name }) => name))
}

/** Writes the answer as a Parquet file of the same columns; gives the number of rows. */
export async function queryToParquetFile(query: DatasetQuery, out: string): Promise<number> {
  if (query.files.length === 0) throw new InvalidInputError('NO_FILES', 'no Parquet file to read')
  return (await openQueries()).queryToParquet(query, out)
}

/**
 * Filters as people write them. Times: `2026-11-22` or ISO 8601 with a zone; quality: 0 to 1, or ppm above 1.
 * Throws UsageError BAD_TIME or BAD_QUALITY.
 */
export function parseFilters(words: {
  id?: string[]
  url?: string[]
  schema?: string[]
  language?: string[]
  host?: string[]
  contributor?: string[]
  license?: string[]
  since?: string
  until?: string
  minQuality?: string
  text?: string
}): RecordFilters {
  const { since, until, minQuality, ...rest } = words
  return {
    ...rest,
    ...(since === undefined ? {} : { since: timeOf(since) }),
    ...(until === undefined ? {} : { until: timeOf(until) }),
    ...(minQuality === undefined ? {} : { minQuality: qualityOf(minQuality) }),
  }
}

function timeOf(word: string): number {
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(word) ? Date.parse(word) : Number.NaN
  if (Number.isNaN(time)) throw new UsageError('BAD_TIME', `${JSON.stringify(word)} is no time: write 2026-11-22 or 2026-11-22T10:00:00Z`)
  return time
}

function qualityOf(word: string): number {
  const match = /^(?:(0|1)(?:\.(\d{1,6}))?|(\d{1,7}))$/.exec(word)
  const ppm =
    match === null
      ? Number.NaN
      : match[3] === undefined
        ? Number(match[1]) * 1_000_000 + Number((match[2] ?? '').padEnd(6, '0'))
        : Number(match[3])
  if (!(ppm <= 1_000_000)) throw new UsageError('BAD_QUALITY', `${JSON.stringify(word)} is no quality: write 0.8, or 800000 in millionths`)
  return ppm
}
