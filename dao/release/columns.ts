/** The columns of a release's Parquet files: one table that the writer, the row digests, Croissant, the card and the queries all read. */
import { hash } from 'node:crypto'
import { columnOf, type FieldType, MAX_OWN_COLUMNS, type SelectorSchema } from '../../schemas/wire/index.ts'

type OneCell = string | number | boolean | null
/** A date is `2026-03-01`, a decimal its digits, a time Unix milliseconds; a list holds what its column's type says. */
export type Cell = OneCell | OneCell[]
export const COLUMN_TYPES = ['text', 'integer', 'time', 'boolean', 'date', 'decimal'] as const
export type ColumnType = (typeof COLUMN_TYPES)[number]

export interface Column {
  name: string
  type: ColumnType
  description: string
  /** A list of values of the type. */
  many?: true
  /** Of a decimal: digits after the point. */
  scale?: number
  /** The field that the column holds, where the charter describes the schema: its declared type, and the versions that have it. */
  of?: { schema: string; field: string; type: FieldType; versions: number[] }
}

const column = (name: string, type: ColumnType, description: string): Column => ({ name, type, description })

export const COLUMNS = [
  column('id', 'text', 'CID of the record: SHA-256 of its canonical JSON bytes'),
  column('schema', 'text', 'Schema of the record, name@version'),
  column('url', 'text', 'Address the page was fetched from'),
  column('url_canonical', 'text', 'Address the page names as its own, null where it names none'),
  column('domain', 'text', 'Host of the address'),
  column('fetched_at', 'time', 'Start of the fetch (UTC), as its WARC evidence says'),
  column('title', 'text', 'Title of the page'),
  column('author', 'text', 'Author as the page states it'),
  column('published', 'text', 'Date of publication as the page states it'),
  column('lang', 'text', 'Language as measured: BCP 47 primary subtag, or und'),
  column('text', 'text', 'Main text of the page, plain'),
  column('markdown', 'text', 'Main text with its structure as Markdown'),
  column('license_spdx', 'text', 'Licence the page states, as SPDX identifier; null where it states none'),
  column('license_url', 'text', 'Address of that licence'),
  column('license_evidence', 'text', 'Where in the page the licence was found'),
  column('usage_train', 'text', 'What the site says of training on the page: allow or unknown; pages that deny are never kept'),
  column('n_bytes', 'integer', 'UTF-8 bytes of text'),
  column('n_tokens', 'integer', 'Words of text by the pinned tables; each CJK character counts one'),
  column('quality', 'integer', 'Quality by pinned integer rules, in millionths'),
  column('epoch', 'integer', 'Epoch of the ledger that counted the record'),
  column('contributor_id', 'text', 'did:key of the contributor that gathered it'),
  column('batch_cid', 'text', 'CID of the signed manifest of its batch'),
  column('batch_row', 'integer', 'Row of that batch'),
  column('evidence_cid', 'text', 'CID of the WARC file (evidence.warc.gz) with the request and response it came from'),
  column('evidence_offset', 'integer', 'Byte offset of that fetch in the WARC file'),
  column('evidence_length', 'integer', 'Bytes of that fetch in the WARC file'),
  column('text_sha256', 'text', 'SHA-256 of text, hex'),
  column('extractor_version', 'text', 'Pipeline that made the record from its evidence: schema and pipeline version'),
  column('links_json', 'text', 'Links of the page as a JSON array; null where the schema has none'),
  column('data_json', 'text', 'Whatever else the record holds, as a JSON object; null when nothing'),
] as const satisfies readonly Column[]

export type ColumnName = (typeof COLUMNS)[number]['name']
/** Cells in the order of the columns, those of COLUMNS first. */
export type Cells = Cell[]

const PLACE = new Map<string, number>(COLUMNS.map(({ name }, i) => [name, i]))
export const placeOf = (name: ColumnName): number => PLACE.get(name) as number
export const isColumn = (name: string): name is ColumnName => PLACE.has(name)

const TYPE_OF: Record<FieldType, ColumnType> = {
  string: 'text',
  text: 'text',
  url: 'text',
  enum: 'text',
  integer: 'integer',
  decimal: 'decimal',
  boolean: 'boolean',
  date: 'date',
  datetime: 'time',
}

/** COLUMNS, and one for every field that the charter's own schemas declare: `shop_price` of `price` in `shop`. */
export function columnsOf(selectors: readonly SelectorSchema[]): readonly Column[] {
  const own = new Map<string, Column>()
  for (const described of selectors) {
    const { name: schema, version, fields } = described
    for (const { name: field, type, many, scale, description } of fields) {
      const name = columnOf(described, { name: field })
      const known = own.get(name)
      if (known?.of?.schema === schema && known.of.type === type && (known.many ?? false) === many) known.of.versions.push(version)
      if (known !== undefined || isColumn(name) || own.size === MAX_OWN_COLUMNS) continue
      own.set(name, {
        name,
        type: TYPE_OF[type],
        description: description || `${field} of ${schema}, as the page states it`,
        ...(many ? { many } : {}),
        ...(type === 'decimal' ? { scale } : {}),
        of: { schema, field, type, versions: [version] },
      })
    }
  }
  return own.size === 0 ? COLUMNS : [...COLUMNS, ...own.values()]
}

/** The columns of a release by its manifest: those that every release has, and its own. */
export function columnsIn({ columns }: { columns: readonly Column[] }): readonly Column[] {
  const own = columns.filter(({ of, name }) => of !== undefined && !isColumn(name))
  return own.length === 0 ? COLUMNS : [...COLUMNS, ...own]
}

const sortedColumns = new WeakMap<readonly Column[], { name: string; i: number }[]>()
function sorted(columns: readonly Column[]): { name: string; i: number }[] {
  const known = sortedColumns.get(columns) ?? columns.map(({ name }, i) => ({ name, i })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  sortedColumns.set(columns, known)
  return known
}

/**
 * Canonical JSON (RFC 8785) of a row, what the row tree hashes. The same as `canonicalJson` of the object, at the speed of JSON.stringify:
 * keys are sorted once, numbers are integers, and texts are well-formed because canonical records are.
 */
export function rowJson(cells: Cells, columns: readonly Column[] = COLUMNS): string {
  const row: Record<string, Cell> = {}
  for (const { name, i } of sorted(columns)) row[name] = cells[i] ?? null
  return JSON.stringify(row)
}

/** RFC 6962 leaf hash of a row: SHA-256(0x00 ‖ canonical JSON). One call over one string: a release hashes every byte it holds. */
export const rowHash = (cells: Cells, columns: readonly Column[] = COLUMNS): Uint8Array =>
  new Uint8Array(hash('sha256', `\0${rowJson(cells, columns)}`, 'buffer'))
