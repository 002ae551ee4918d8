import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { parquetFiles, parseFilters, QUERY_FORMATS, queryText, queryToParquetFile, showRelease } from '../../dao/dataset/index.ts'
import { type Column, columnsIn } from '../../dao/release/index.ts'
import { releaseFolder } from '../wiring/index.ts'
import { listOf, numberFlag, type Run, say, settingOf } from '../program/index.ts'

/** Columns of a table, when one schema of the charter's own is asked for: its fields instead of those of a page. */
function columnsOfSchemas(known: readonly Column[], schemas: string[]): string[] {
  const name = schemas.length === 1 ? schemas[0]?.split('@')[0] : undefined
  const own = known.filter(({ of }) => of !== undefined && of.schema === name).map((column) => column.name)
  return own.length === 0 ? [] : ['domain', ...own, 'fetched_at']
}

export const run: Run = async ([given], flags) => {
  const word = (name: string): string | undefined => {
    const value = flags[name]
    return typeof value === 'string' ? value : undefined
  }
  const words = (name: string): string[] => listOf(word(name))
  const json = flags['json'] === true
  if (json && word('format') !== 'table' && word('format') !== 'json')
    throw new UsageError('BAD_FORMAT', `--json and --format ${word('format')} are two answers: give one of them`)
  const format = json ? 'json' : (QUERY_FORMATS.find((one) => one === word('format')) ?? 'table')
  const out = word('out')
  if (format === 'parquet' && out === undefined) throw new UsageError('NEEDS_OUT', 'a Parquet answer needs --out FILE')
  const folder = await releaseFolder(settingOf('home', flags) as string, given ?? word('release'))
  const single = (name: 'since' | 'until' | 'minQuality' | 'text'): Record<string, string> =>
    word(name) === undefined ? {} : { [name]: word(name) as string }
  const many = (name: 'schema' | 'language' | 'host' | 'contributor' | 'license'): Record<string, string[]> =>
    words(name).length === 0 ? {} : { [name]: words(name) }
  const { manifest } = await showRelease(folder)
  const known = columnsIn(manifest)
  const columns = words('columns').length > 0 ? words('columns') : format === 'table' ? columnsOfSchemas(known, words('schema')) : []
  const query = {
    files: parquetFiles(folder, manifest),
    known,
    filters: parseFilters({
      ...many('schema'),
      ...many('language'),
      ...many('host'),
      ...many('contributor'),
      ...many('license'),
      ...single('since'),
      ...single('until'),
      ...single('minQuality'),
      ...single('text'),
    }),
    limit: numberFlag(flags, 'limit', 20),
    ...(columns.length > 0 ? { columns } : {}),
  }
  if (format === 'parquet') {
    say(`${await queryToParquetFile(query, out as string)} rows in ${out}`)
    return
  }
  if (out === undefined) for await (const piece of queryText(query, format)) await written(process.stdout, piece)
  else await pipeline(queryText(query, format), createWriteStream(out)).catch(unwritable(out))
}

const unwritable =
  (out: string) =>
  (cause: NodeJS.ErrnoException): never => {
    // a query that fails says so itself
    if (cause.syscall === undefined) throw cause
    throw new InvalidInputError('FILE_UNWRITABLE', `cannot write ${out} (${cause.code})`, { cause })
  }

function written(sink: NodeJS.WritableStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (sink.write(text)) resolve()
    else sink.once('drain', () => resolve())
  })
}
