/** One record and the ledger's facts about it -> one row of the Parquet files. */
import { FatalError } from '../../core/errors/index.ts'
import { canonicalJson, equalBytes, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type Cell, type Cells, COLUMNS, type ColumnName, placeOf } from './columns.ts'
import type { ReleaseRow } from './types.ts'

/** What a release needs beside the ledger's files: the record's canonical bytes, and when its evidence says it was fetched. */
export interface ReadRecord {
  (row: ReleaseRow): Promise<{ record: Uint8Array; fetchedAt: number }>
}

/** Fields of a record that have a column of their own; a dot steps into an object. Everything else goes to `data_json`. */
const FIELDS: readonly [column: ColumnName, path: string][] = [
  ['url', 'url'],
  ['url_canonical', 'canonicalUrl'],
  ['title', 'title'],
  ['author', 'author'],
  ['published', 'published'],
  ['text', 'text'],
  ['markdown', 'markdown'],
  ['license_spdx', 'license.spdx'],
  ['license_url', 'license.url'],
  ['license_evidence', 'license.evidence'],
  ['usage_train', 'usage.train'],
  ['links_json', 'links'],
]

/**
 * The row's cells in the order of COLUMNS. Throws FatalError RECORD_MISMATCH when the bytes are not the record the index names,
 * BAD_RECORD when they are not canonical JSON of an object.
 */
export function cellsOf(row: ReleaseRow, record: Uint8Array, fetchedAt: number): Cells {
  if (!equalBytes(rawCid(record).bytes, row.record.bytes))
    throw new FatalError('RECORD_MISMATCH', `bytes read for record ${row.record} are not that record`, {
      detail: { manifest: String(row.manifest), row: row.row },
    })
  const rest = objectOf(record, row)
  const cells: Cells = COLUMNS.map(() => null)
  const set = (column: ColumnName, cell: Cell): void => {
    cells[placeOf(column)] = cell
  }
  for (const [column, path] of FIELDS) set(column, take(rest, path))
  const text = cells[placeOf('text')]
  const textBytes = typeof text === 'string' ? utf8(text) : undefined
  set('id', row.record.toString())
  set('schema', row.schema)
  set('domain', row.host)
  set('fetched_at', fetchedAt)
  set('lang', row.language)
  set('n_bytes', textBytes?.byteLength ?? 0)
  set('n_tokens', row.tokens)
  set('quality', row.quality)
  set('epoch', row.epoch)
  set('contributor_id', row.contributor)
  set('batch_cid', row.manifest.toString())
  set('batch_row', row.row)
  set('evidence_cid', row.evidence.toString())
  set('evidence_offset', row.evidenceOffset)
  set('evidence_length', row.evidenceBytes)
  set('text_sha256', textBytes === undefined ? null : toHex(sha256(textBytes)))
  set('extractor_version', row.pipeline)
  set('data_json', Object.keys(rest).length === 0 ? null : canonicalJson(rest))
  return cells
}

function objectOf(record: Uint8Array, row: ReleaseRow): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(record))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // falls through to the one error below
  }
  throw new FatalError('BAD_RECORD', `record ${row.record} is not a JSON object`, {
    detail: { manifest: String(row.manifest), row: row.row },
  })
}

/** Takes the value at `path` out of the object; texts and integers stay, anything deeper becomes canonical JSON. */
function take(from: Record<string, unknown>, path: string): Cell {
  const dot = path.indexOf('.')
  const key = dot === -1 ? path : path.slice(0, dot)
  const value = from[key]
  if (dot !== -1) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const cell = take(value as Record<string, unknown>, path.slice(dot + 1))
    if (Object.keys(value).length === 0) delete from[key]
    return cell
  }
  delete from[key]
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : canonicalJson(value)
}
