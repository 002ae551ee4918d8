/** Writes the Parquet files of a release: the same rows give the same bytes under one DuckDB version. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { type DuckDBAppender, DuckDBTimestampTZValue } from '@duckdb/node-api'
import { FatalError } from '../../core/errors/index.ts'
import { type Cells, type ColumnType, COLUMNS, type ParquetWriter } from '../release/index.ts'
import { Duckdb, duckdbError, duckdbVersion, literal } from './duckdb.ts'

const SQL_TYPE: Record<ColumnType, string> = { text: 'VARCHAR', integer: 'BIGINT', time: 'TIMESTAMPTZ' }
/** zstd at its default level, and row groups of the given rows: both are part of what decides the bytes. */
const FORMAT = 'FORMAT parquet, COMPRESSION zstd'

export interface ParquetWriterOptions {
  folder: string
  /** Where DuckDB may spill; a folder beside the release, removed by the caller. */
  spill?: string
  /** MiB. */
  memory?: number
}

/** Files appear under `folder` by rename, so that a reader never sees half of one. One shard is written at a time. */
export async function openParquetWriter({ folder, spill, memory }: ParquetWriterOptions): Promise<ParquetWriter & Disposable> {
  await mkdir(folder, { recursive: true })
  const database = await Duckdb.open({
    folders: [folder],
    ...(spill === undefined ? {} : { spill }),
    ...(memory === undefined ? {} : { memory }),
  })
  await database.run(`CREATE TABLE shard (${COLUMNS.map(({ name, type }) => `"${name}" ${SQL_TYPE[type]}`).join(', ')})`)
  return {
    version: `${duckdbVersion()}, ${FORMAT}, threads 1`,
    async create(file, { rowGroup }) {
      const appender = await database.connection.createAppender('shard')
      return {
        append: (cells) => appendRow(appender, cells),
        async close() {
          const target = path.join(folder, file)
          const part = `${target}.part`
          appender.closeSync()
          await mkdir(path.dirname(target), { recursive: true })
          try {
            await database.run(`COPY shard TO ${literal(path.resolve(part))} (${FORMAT}, ROW_GROUP_SIZE ${Math.trunc(rowGroup)})`)
            await sync(part)
            await rename(part, target)
          } finally {
            await database.run('TRUNCATE shard')
            await rm(part, { force: true })
          }
        },
      }
    },
    [Symbol.dispose]: () => database[Symbol.dispose](),
  }
}

const KINDS: readonly ColumnType[] = COLUMNS.map(({ type }) => type)

function appendRow(appender: DuckDBAppender, cells: Cells): void {
  try {
    for (let i = 0; i < KINDS.length; i++) {
      const cell = cells[i]
      if (cell === null || cell === undefined) appender.appendNull()
      else if (typeof cell === 'string') appender.appendVarchar(cell)
      else if (KINDS[i] === 'time') appender.appendTimestampTZ(new DuckDBTimestampTZValue(BigInt(cell) * 1000n))
      else appender.appendBigInt(BigInt(cell))
    }
    appender.endRow()
  } catch (thrown) {
    throw thrown instanceof RangeError
      ? new FatalError('BAD_CELL', 'a number of a row is no integer', { cause: thrown })
      : duckdbError(thrown)
  }
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
