/** Writes the Parquet files of a release: the same rows give the same bytes under one DuckDB version. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import {
  BIGINT,
  BOOLEAN,
  DATE,
  DECIMAL,
  type DuckDBAppender,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampTZValue,
  type DuckDBType,
  type DuckDBValue,
  LIST,
  listValue,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api'
import { FatalError } from '../../core/errors/index.ts'
import { type Cell, type Cells, type Column, type ColumnType, COLUMNS, dayOfText, type ParquetWriter } from '../release/index.ts'
import { Duckdb, duckdbError, duckdbVersion, literal } from './duckdb.ts'

const DUCK_TYPE: Record<ColumnType, (scale: number) => DuckDBType> = {
  text: () => VARCHAR,
  integer: () => BIGINT,
  time: () => TIMESTAMPTZ,
  boolean: () => BOOLEAN,
  date: () => DATE,
  decimal: (scale) => DECIMAL(18, scale),
}
const sqlType = ({ type, many, scale = 0 }: Column): string => {
  const one = type === 'decimal' ? `DECIMAL(18, ${Math.trunc(scale)})` : type === 'time' ? 'TIMESTAMPTZ' : DUCK_TYPE[type](0).toString()
  return many ? `${one}[]` : one
}
/** zstd at its default level, and row groups of the given rows: both are part of what decides the bytes. */
const FORMAT = 'FORMAT parquet, COMPRESSION zstd'

export interface ParquetWriterOptions {
  folder: string
}

/** Files appear under `folder` by rename, so that a reader never sees half of one. One shard is written at a time. */
export async function openParquetWriter({ folder }: ParquetWriterOptions): Promise<ParquetWriter & Disposable> {
  await mkdir(folder, { recursive: true })
  const database = await Duckdb.open({ folders: [folder] })
  return {
    version: `${duckdbVersion()}, ${FORMAT}, threads 1`,
    async create(file, { rowGroup, columns = COLUMNS }) {
      await database.run(`CREATE OR REPLACE TABLE shard (${columns.map((column) => `"${column.name}" ${sqlType(column)}`).join(', ')})`)
      const appender = await database.connection.createAppender('shard')
      return {
        append: (cells) => appendRow(appender, cells, columns),
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

function appendRow(appender: DuckDBAppender, cells: Cells, columns: readonly Column[]): void {
  try {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] as Column
      const cell = cells[i]
      if (cell === null || cell === undefined) appender.appendNull()
      else if (column.many)
        appender.appendList(
          listValue((Array.isArray(cell) ? cell : []).map((one) => duckValue(one, column))),
          LIST(DUCK_TYPE[column.type](column.scale ?? 0)),
        )
      else if (typeof cell === 'string' && column.type === 'text') appender.appendVarchar(cell)
      else appender.appendValue(duckValue(cell, column), DUCK_TYPE[column.type](column.scale ?? 0))
    }
    appender.endRow()
  } catch (thrown) {
    throw thrown instanceof RangeError || thrown instanceof SyntaxError
      ? new FatalError('BAD_CELL', 'a cell of a row is not of its column’s type', { cause: thrown })
      : duckdbError(thrown)
  }
}

function duckValue(cell: Cell, { type, scale = 0 }: Column): DuckDBValue {
  if (cell === null || Array.isArray(cell)) return null
  switch (type) {
    case 'text':
      return String(cell)
    case 'boolean':
      return cell === true
    case 'integer':
      return BigInt(cell)
    case 'time':
      return new DuckDBTimestampTZValue(BigInt(cell) * 1000n)
    case 'date':
      return new DuckDBDateValue(dayOfText(String(cell)))
    case 'decimal':
      return new DuckDBDecimalValue(BigInt(String(cell).replace('.', '')), 18, scale)
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
