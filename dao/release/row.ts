/** One record and the ledger's facts about it -> one row of the Parquet files, and back. */
import { hash } from 'node:crypto'
import { FatalError } from '../../core/errors/index.ts'
import { canonicalJson, matchesCid, utf8 } from '../../schemas/wire/index.ts'
import { type Cell, type Cells, type Column, COLUMNS, type ColumnName, placeOf } from './columns.ts'
import { ownCellsOf, ownRecordOf, takesOwnColumns } from './own-fields.ts'
import type { ReleaseRow } from './types.ts'

/** What a release needs beside the ledger's files. */
export interface RecordFacts {
  /** Canonical JSON, as the index names it. */
  record: Uint8Array
  /** When its evidence says it was fetched, Unix milliseconds. */
  fetchedAt: number
  /** What the evidence says of training; null where nobody looked. A page that denies is in no release. */
  usageTrain?: 'allow' | 'unknown' | 'deny' | null
}
export type ReadRecord = (row: ReleaseRow) => Promise<RecordFacts>

type Fields = Record<string, unknown>

/** Fields of a record that have a column of their own. */
const FIELDS: readonly [column: ColumnName, field: string][] = [
  ['url', 'url'],
  ['url_canonical', 'canonicalUrl'],
  ['title', 'title'],
  ['author', 'author'],
  ['published', 'published'],
  ['text', 'text'],
  ['markdown', 'markdown'],
  ['links_json', 'links'],
]
const LICENSE: readonly [column: ColumnName, field: string][] = [
  ['license_spdx', 'spdx'],
  ['license_url', 'url'],
  ['license_evidence', 'evidence'],
]
const WEB_PAGE = 'web-page@1'

/**
 * The row's cells in the order of the columns; what has no column of its own lies in `data_json`, so that nothing of a record is lost.
 * Throws FatalError RECORD_MISMATCH when the bytes are not the record the index names, BAD_RECORD when they are no JSON object.
 */
export function cellsOf(
  row: ReleaseRow,
  { record, fetchedAt, usageTrain = null }: RecordFacts,
  columns: readonly Column[] = COLUMNS,
): Cells {
  const where = { manifest: String(row.manifest), row: row.row }
  if (!matchesCid(row.record, record))
    throw new FatalError('RECORD_MISMATCH', `bytes read for record ${row.record} are not that record`, { detail: where })
  const rest = objectOf(record)
  if (rest === undefined) throw new FatalError('BAD_RECORD', `record ${row.record} is not a JSON object`, { detail: where })
  const cells: Cells = columns.map(() => null)
  const set = (column: ColumnName, cell: Cell): void => {
    cells[placeOf(column)] = cell
  }
  if (takesOwnColumns(row.schema, columns)) {
    const own = ownCellsOf(row.schema, record, rest, columns)
    for (const [i, cell] of own.cells.entries()) if (cell !== null) cells[i] = cell
    for (const key of Object.keys(rest)) delete rest[key]
    Object.assign(rest, own.rest)
  } else for (const [column, field] of FIELDS) set(column, take(rest, field))
  if (isFields(rest.license)) {
    for (const [column, field] of LICENSE) set(column, take(rest.license, field))
    if (Object.keys(rest.license).length === 0) delete rest.license
  }
  if (row.schema === WEB_PAGE) set('data_json', take(rest, 'data'))
  else if (Object.keys(rest).length > 0) set('data_json', canonicalJson(rest))
  const text = cells[placeOf('text')]
  set('id', row.record.toString())
  set('schema', row.schema)
  set('domain', row.host)
  set('fetched_at', fetchedAt)
  set('lang', row.language)
  set('usage_train', usageTrain)
  set('n_bytes', typeof text === 'string' ? Buffer.byteLength(text) : 0)
  set('n_tokens', row.tokens)
  set('quality', row.quality)
  set('epoch', row.epoch)
  set('contributor_id', row.contributor)
  set('batch_cid', row.manifest.toString())
  set('batch_row', row.row)
  set('evidence_cid', row.evidence.toString())
  set('evidence_offset', row.evidenceOffset)
  set('evidence_length', row.evidenceBytes)
  set('text_sha256', typeof text === 'string' ? hash('sha256', text) : null)
  set('extractor_version', row.pipeline)
  return cells
}

/**
 * The canonical bytes of the record that a row was made from, so that its `id` is checked against the row itself.
 * Undefined for schemas that are neither web-page nor the charter's own, whose fields a reader without the schema cannot place. Throws SyntaxError on broken JSON columns.
 */
export function recordOf(cells: Cells, columns: readonly Column[] = COLUMNS): Uint8Array | undefined {
  const cell = (name: ColumnName): Cell => cells[placeOf(name)] ?? null
  const schema = String(cell('schema'))
  if (takesOwnColumns(schema, columns)) return ownRecordOf(schema, cells, columns)
  if (cell('schema') !== WEB_PAGE) return undefined
  const json = (name: ColumnName): unknown => JSON.parse(String(cell(name)))
  return utf8(
    canonicalJson({
      url: cell('url'),
      canonicalUrl: cell('url_canonical'),
      title: cell('title'),
      text: cell('text'),
      markdown: cell('markdown'),
      language: cell('lang') === 'und' ? null : cell('lang'),
      author: cell('author'),
      published: cell('published'),
      license:
        cell('license_evidence') === null
          ? null
          : { spdx: cell('license_spdx'), url: cell('license_url'), evidence: cell('license_evidence') },
      links: json('links_json'),
      data: json('data_json'),
    }),
  )
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const decoder = new TextDecoder('utf-8', { fatal: true })

function objectOf(record: Uint8Array): Fields | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(record))
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Takes a field out of the object: a text as it stands, null for none, anything else as canonical JSON. */
function take(from: Fields, field: string): Cell {
  const value = from[field]
  delete from[field]
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : canonicalJson(value)
}
