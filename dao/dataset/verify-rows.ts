/** The rows of a release against its manifest: their tree, their order, their ids, and that nothing removed is among them. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { codeOf, toError } from '../../core/errors/index.ts'
import { compareBytes, equalBytes, merkleRootOfHashes, parseCid, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import {
  type Cells,
  type Column,
  type ColumnName,
  columnsIn,
  placeOfColumn,
  recordOf,
  type ReleaseManifest,
  rowHash,
} from '../release/index.ts'
import { inside, openQueries } from '../stores/index.ts'
import type { Report } from './verify.ts'

/** Gives the number of rows read; null when no Parquet reader could be loaded. Reports at most a few rows of a kind. */
export async function verifyRows({
  folder,
  manifest,
  report,
  signal,
}: {
  folder: string
  manifest: ReleaseManifest
  report: Report
  signal?: AbortSignal | undefined
}): Promise<number | null> {
  const queries = await openQueries().catch((thrown: unknown) => {
    report('NO_PARQUET_READER', `rows were not read: ${toError(thrown).message}`)
    return undefined
  })
  if (queries === undefined) return null
  const removed = await removedIds(folder).catch(() => {
    report('BAD_REMOVALS', 'not JSON lines with record ids', 'removals.jsonl')
    return new Set<string>()
  })
  const columns = columnsIn(manifest)
  const seen = new Rows(removed, columns)
  for (const file of manifest.files) {
    if (file.rows === null) continue
    const hashes: Uint8Array[] = []
    try {
      for await (const cells of queries.readCells(inside(folder, file.path), columns)) {
        if (hashes.length % 1024 === 0) signal?.throwIfAborted()
        hashes.push(rowHash(cells, columns))
        for (const [code, message] of seen.faults(cells)) report(code, message, file.path)
      }
    } catch (thrown) {
      signal?.throwIfAborted()
      report(codeOf(thrown) === 'INTERNAL' ? 'BAD_PARQUET' : codeOf(thrown), toError(thrown).message, file.path)
      continue
    }
    seen.hashes.push(...hashes)
    if (hashes.length !== file.rows) report('ROW_COUNT', `${hashes.length} rows, the manifest says ${file.rows}`, file.path)
    if (toHex(merkleRootOfHashes(hashes)) !== file.rowsRoot)
      report('ROWS_ROOT', 'the rows are not those the manifest commits to', file.path)
  }
  if (toHex(merkleRootOfHashes(seen.hashes)) !== manifest.rowsRoot)
    report('ROWS_ROOT', 'the rows together are not those the manifest commits to')
  if (seen.hashes.length !== manifest.counts.records)
    report('ROW_COUNT', `${seen.hashes.length} rows, the manifest says ${manifest.counts.records}`)
  if (seen.tokens !== manifest.counts.tokens) report('COUNTS', `${seen.tokens} tokens, the manifest says ${manifest.counts.tokens}`)
  return seen.hashes.length
}

/** Faults of one kind that are worth naming one by one. */
const MOST = 5

class Rows {
  readonly hashes: Uint8Array[] = []
  tokens = 0
  #last: { domain: string; id: Uint8Array } | undefined
  readonly #removed: ReadonlySet<string>
  readonly #columns: readonly Column[]
  readonly #counts = new Map<string, number>()

  constructor(removed: ReadonlySet<string>, columns: readonly Column[]) {
    this.#columns = columns
    this.#removed = removed
  }

  *faults(cells: Cells): Generator<[code: string, message: string]> {
    for (const [code, message] of this.#all(cells)) {
      const count = (this.#counts.get(code) ?? 0) + 1
      this.#counts.set(code, count)
      if (count <= MOST) yield [code, message]
    }
  }

  *#all(cells: Cells): Generator<[code: string, message: string]> {
    const cell = (name: ColumnName) => cells[placeOfColumn(name)] ?? null
    const id = String(cell('id'))
    const domain = String(cell('domain'))
    this.tokens += Number(cell('n_tokens'))
    let bytes: Uint8Array
    try {
      bytes = parseCid(id).bytes
    } catch {
      yield ['BAD_ID', `${JSON.stringify(id.slice(0, 80))} is no CID`]
      return
    }
    if (this.#last !== undefined && !inOrder(this.#last, { domain, id: bytes }))
      yield ['ROW_ORDER', `${id} stands before what it should follow`]
    this.#last = { domain, id: bytes }
    if (this.#removed.has(id)) yield ['REMOVED_RECORD', `${id} is among the removals of this very release`]
    const text = cell('text')
    if (typeof text === 'string' && toHex(sha256(utf8(text))) !== cell('text_sha256'))
      yield ['TEXT_DIGEST', `the text of ${id} is not what its digest says`]
    let record: Uint8Array | undefined
    try {
      record = recordOf(cells, this.#columns)
    } catch {
      yield ['BAD_RECORD', `the columns of ${id} hold no record`]
      return
    }
    if (record !== undefined && !equalBytes(rawCid(record).bytes, bytes))
      yield ['RECORD_MISMATCH', `the columns of ${id} give another record`]
  }
}

/** Strictly ascending by host, then by the bytes of the id: so no id stands twice under one host either. */
const inOrder = (a: { domain: string; id: Uint8Array }, b: { domain: string; id: Uint8Array }): boolean =>
  a.domain === b.domain ? compareBytes(a.id, b.id) < 0 : a.domain < b.domain

async function removedIds(folder: string): Promise<Set<string>> {
  const ids = new Set<string>()
  for await (const line of createInterface({ input: createReadStream(inside(folder, 'removals.jsonl')) })) {
    if (line.trim() === '') continue
    const { record } = JSON.parse(line) as { record?: unknown }
    if (typeof record !== 'string') throw new TypeError('no record')
    ids.add(record)
  }
  return ids
}
