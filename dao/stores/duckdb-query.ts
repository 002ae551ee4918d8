/** Questions to the Parquet files of a release, and its rows back as they were hashed. Everything a person types is bound as a value. */
import type { DuckDBValue } from '@duckdb/node-api'
import { InvalidInputError } from '../../core/errors/index.ts'
import { type Cell, type Cells, type Column, COLUMNS } from '../release/index.ts'
import { Duckdb, duckdbError, list, literal } from './duckdb.ts'

/** All given filters must hold; several words in one filter mean any of them. */
export interface RecordFilters {
  /** Record CIDs. */
  id?: string[]
  /** Exactly as fetched, or as the page names itself. */
  url?: string[]
  schema?: string[]
  language?: string[]
  /** The host itself and every host below it. */
  host?: string[]
  contributor?: string[]
  /** SPDX identifiers in any case; `none` is a page that states no licence. */
  license?: string[]
  /** Fetched at or after / before, Unix milliseconds. */
  since?: number
  until?: number
  /** ppm. */
  minQuality?: number
  /** In the text or title, whatever the case. */
  text?: string
}

export interface ParquetQuery {
  files: string[]
  filters?: RecordFilters
  /** Columns of the release, as `columnsIn` its manifest gives them; those that every release has, unless said. */
  known?: readonly Column[]
  /** All unless said; unknown names throw InvalidInputError UNKNOWN_COLUMN naming the known ones. */
  columns?: string[]
  limit?: number
  /** Rows to pass over: the order is that of the files, so a place is a number. */
  offset?: number
  /** Interrupts DuckDB; the reason is thrown. */
  signal?: AbortSignal
}

/** Rows one by one, in release order; times are ISO text, numbers stay within 2^53. */
export async function* queryParquet(query: ParquetQuery): AsyncGenerator<Record<string, Cell>> {
  const { sql, values, columns } = statement(query, (column) =>
    shown(column, (x) => `strftime(${x} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ')`),
  )
  for await (const row of rows(query, sql, values)) yield Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]))
}

/** Writes the answer as one Parquet file (zstd); gives the number of rows. */
export async function queryToParquet(query: ParquetQuery, out: string): Promise<number> {
  const { sql, values } = statement(query, ({ name }) => `"${name}"`)
  using database = await Duckdb.open({ files: [...query.files, out] })
  await database.run(`CREATE TEMP TABLE answer AS ${sql}`, values)
  await database.run(`COPY answer TO ${literal(out)} (FORMAT parquet, COMPRESSION zstd)`)
  const count = await database.connection.runAndReadAll('SELECT count(*) FROM answer')
  return Number(count.getRows()[0]?.[0])
}

/** Every row of one file in file order, as the cells whose canonical JSON the release's row tree hashes. */
export async function* readCells(file: string, columns: readonly Column[] = COLUMNS): AsyncGenerator<Cells> {
  const selected = columns.map((column) => shown(column, (x) => `epoch_ms(${x})`)).join(', ')
  yield* rows({ files: [file] }, `SELECT ${selected} FROM read_parquet(${list([file])})`, [])
}

async function* rows({ files, signal }: ParquetQuery, sql: string, values: DuckDBValue[]): AsyncGenerator<Cells> {
  using database = await Duckdb.open({ files })
  signal?.throwIfAborted()
  const interrupt = (): void => database.connection.interrupt()
  signal?.addEventListener('abort', interrupt)
  try {
    const result = await database.connection.stream(sql, values)
    for await (const chunk of result.yieldRowsJs()) for (const row of chunk) yield row.map(plain)
  } catch (thrown) {
    signal?.throwIfAborted()
    throw duckdbError(thrown)
  } finally {
    signal?.removeEventListener('abort', interrupt)
  }
}

const plain = (cell: unknown): Cell =>
  typeof cell === 'bigint' ? Number(cell) : Array.isArray(cell) ? cell.map((one) => plain(one) as string) : (cell as Cell)

/** A column as its cell is written: exact digits and days as text, a time as `time` has it. */
function shown({ name, type, many }: Column, time: (sql: string) => string): string {
  const one = (x: string): string => (type === 'time' ? time(x) : type === 'date' || type === 'decimal' ? `CAST(${x} AS VARCHAR)` : x)
  return many ? `list_transform("${name}", lambda one: ${one('one')})` : one(`"${name}"`)
}

function statement(query: ParquetQuery, select: (column: Column) => string): { sql: string; values: DuckDBValue[]; columns: string[] } {
  const known = new Map((query.known ?? COLUMNS).map((column) => [column.name, column]))
  const columns = query.columns ?? [...known.keys()]
  const unknown = columns.find((name) => !known.has(name))
  if (unknown !== undefined || columns.length === 0)
    throw new InvalidInputError('UNKNOWN_COLUMN', `no column ${JSON.stringify(unknown ?? '')}; there are ${[...known.keys()].join(', ')}`)
  const { where, values } = conditions(query.filters ?? {})
  let sql = `SELECT ${columns.map((name) => `${select(known.get(name) as Column)} AS "${name}"`).join(', ')} FROM read_parquet(${list(query.files)})`
  if (where.length > 0) sql += ` WHERE ${where.join(' AND ')}`
  if (query.limit !== undefined) {
    if (!Number.isSafeInteger(query.limit) || query.limit < 0)
      throw new InvalidInputError('BAD_LIMIT', 'a limit is a whole number, 0 or more')
    values.push(BigInt(query.limit))
    sql += ` LIMIT $${values.length}`
  }
  if (query.offset !== undefined && query.offset > 0) {
    values.push(BigInt(query.offset))
    sql += ` OFFSET $${values.length}`
  }
  return { sql, values, columns: [...columns] }
}

function conditions(filters: RecordFilters): { where: string[]; values: DuckDBValue[] } {
  const where: string[] = []
  const values: DuckDBValue[] = []
  const bind = (value: DuckDBValue): string => `$${values.push(value)}`
  const any = (words: string[] | undefined, one: (word: string) => string): void => {
    if (words !== undefined && words.length > 0) where.push(`(${words.map(one).join(' OR ')})`)
  }
  any(filters.id, (word) => `id = ${bind(word)}`)
  any(filters.url, (word) => {
    const url = bind(word)
    return `(url = ${url} OR url_canonical = ${url})`
  })
  any(filters.schema, (word) => `schema = ${bind(word)}`)
  any(filters.language, (word) => `lang = ${bind(word.toLowerCase())}`)
  any(filters.host, (word) => `(domain = ${bind(word.toLowerCase())} OR ends_with(domain, ${bind(`.${word.toLowerCase()}`)}))`)
  any(filters.contributor, (word) => `contributor_id = ${bind(word)}`)
  any(filters.license, (word) =>
    word.toLowerCase() === 'none' ? 'license_spdx IS NULL' : `lower(license_spdx) = ${bind(word.toLowerCase())}`,
  )
  if (filters.since !== undefined) where.push(`epoch_ms(fetched_at) >= ${bind(BigInt(filters.since))}`)
  if (filters.until !== undefined) where.push(`epoch_ms(fetched_at) < ${bind(BigInt(filters.until))}`)
  if (filters.minQuality !== undefined) where.push(`quality >= ${bind(BigInt(filters.minQuality))}`)
  if (filters.text !== undefined && filters.text !== '') {
    const word = bind(filters.text)
    where.push(`(contains(lower(text), lower(${word})) OR contains(lower(coalesce(title, '')), lower(${word})))`)
  }
  return { where, values }
}
