/**
 * DuckDB, fenced in: one process-local database in memory, no extension fetched or loaded, one thread, and files only where the caller says.
 * Heavy and native: imported by `await import` alone.
 */
import path from 'node:path'
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue, version } from '@duckdb/node-api'
import { FatalError, InvalidInputError, toError } from '../../core/errors/index.ts'

export interface DuckdbOptions {
  /** Files and folders it may read and write; everything else is refused by DuckDB itself, whatever the SQL says. */
  files?: string[]
  folders?: string[]
}

export class Duckdb implements Disposable {
  readonly #instance: DuckDBInstance
  readonly connection: DuckDBConnection

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.connection = connection
  }

  static async open({ files = [], folders = [] }: DuckdbOptions = {}): Promise<Duckdb> {
    const instance = await DuckDBInstance.create(':memory:', {
      // more would make the bytes of written files depend on the machine
      threads: '1',
      memory_limit: '2048MiB',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      // nothing is spilled
      temp_directory: '',
    })
    const connection = await instance.connect()
    await connection.run("SET TimeZone = 'UTC'")
    await connection.run(`SET allowed_paths = ${list(files.map((file) => path.resolve(file)))}`)
    await connection.run(`SET allowed_directories = ${list(folders.map((folder) => path.resolve(folder)))}`)
    await connection.run('SET enable_external_access = false')
    await connection.run('SET lock_configuration = true')
    return new Duckdb(instance, connection)
  }

  /** Runs one statement; values are bound, never spliced. Throws what `duckdbError` makes of a failure. */
  async run(sql: string, values: DuckDBValue[] = []): Promise<void> {
    await this.connection.run(sql, values).catch((thrown: unknown) => {
      throw duckdbError(thrown)
    })
  }

  [Symbol.dispose](): void {
    this.connection.closeSync()
    this.#instance.closeSync()
  }
}

/** `DuckDB v1.5.6`: what a release's manifest names. */
export const duckdbVersion = (): string => `DuckDB ${version()}`

/** An SQL string literal. DuckDB's plain literals have no escapes but the doubled quote. */
export function literal(text: string): string {
  if (text.includes('\0')) throw new InvalidInputError('BAD_PATH', 'a path holds no NUL')
  return `'${text.replaceAll("'", "''")}'`
}

export const list = (texts: readonly string[]): string => `[${texts.map(literal).join(', ')}]`

/** DuckDB's messages quote the SQL; callers get one line and a code. */
export function duckdbError(thrown: unknown): Error {
  const line = toError(thrown).message.split('\n', 1)[0] ?? ''
  const bad = /No magic bytes|Invalid Input|not a Parquet|Could not read|too small to be a Parquet|No files found|IO Error/i.test(line)
  return bad
    ? new InvalidInputError('BAD_PARQUET', `not Parquet files that can be read: ${line.slice(0, 300)}`, { cause: thrown })
    : new FatalError('DUCKDB', line.slice(0, 300), { cause: thrown })
}
