/**
 * A cache of the fold that answers questions: whose batches, what records. It decides nothing, and can be deleted at any time:
 * `catchUp` brings any index, empty or stale, to where the state is.
 */
import { rmSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { InvalidInputError } from '../../core/errors/index.ts'
import { type BatchState, type LedgerFiles, type LedgerState, readBatch } from '../ledger/index.ts'
import { cursorOfKey, keyOfCursor, whereOf } from './sqlite-paging.ts'
import type { BatchRow, Page, PageQuery, RecordQuery, RecordRow } from './sqlite-rows.ts'
import { INDEX_VERSION, TABLES } from './sqlite-schema.ts'

/** Opens, or makes, the index at `path` (`:memory:` for none). One that is damaged, or of another version, is emptied first. */
export function openSqliteIndex(path: string): LedgerIndex {
  try {
    return new LedgerIndex(path)
  } catch (thrown) {
    if (path === ':memory:' || (thrown as { code?: string }).code !== 'ERR_SQLITE_ERROR') throw thrown
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true })
    return new LedgerIndex(path)
  }
}

export class LedgerIndex implements Disposable {
  readonly #db: DatabaseSync

  constructor(path: string) {
    this.#db = new DatabaseSync(path)
    // a cache may lose its last moments in a crash: the fold gives them back
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456')
    const { user_version: version } = this.#db.prepare('PRAGMA user_version').get() as { user_version: number }
    if (version !== INDEX_VERSION) this.#reset()
  }

  /** Entries that the index covers. */
  get size(): number {
    return Number(this.#meta('size') ?? 0)
  }

  /**
   * Takes over everything that is new in the state since the last call, in one transaction. `files` are the ledger's, for the rows of
   * batches that were settled. An index of another ledger, or one that is ahead of the state, starts again from nothing.
   * Throws FatalError FILE_MISSING; nothing is half taken over.
   */
  catchUp(state: LedgerState, files: LedgerFiles): void {
    const isOther = this.#meta('ledger') !== undefined && this.#meta('ledger') !== state.id
    if (isOther || this.size > state.size) this.#reset()
    if (this.size === state.size) return
    this.#inTransaction(() => {
      this.#addEpochs(state, files)
      this.#addBatches(state, this.size)
      this.#setMeta('ledger', state.id)
      this.#setMeta('size', String(state.size))
    })
  }

  batches({ contributor, epoch, ...page }: PageQuery & { contributor?: string; epoch?: number } = {}): Page<BatchRow> {
    return this.#page<BatchRow>('batches', 'commitment', page, { 'contributor = ?': contributor, 'epoch = ?': epoch })
  }

  /** Records of settled batches, in the order in which they were committed. */
  records({ limit, cursor, ...query }: RecordQuery = {}): Page<RecordRow> {
    return this.#page<RecordRow>(
      'records',
      'id',
      { limit, cursor },
      {
        'record = ?': query.record,
        'host = ?': query.host,
        'language = ?': query.language,
        'contributor = ?': query.contributor,
        'epoch = ?': query.epoch,
        'quality >= ?': query.minQuality,
      },
    )
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  #addEpochs(state: LedgerState, files: LedgerFiles): void {
    const known = new Set(this.#all<{ epoch: number }>('SELECT epoch FROM epochs', []).map((row) => row.epoch))
    const insert = this.#db.prepare('INSERT INTO epochs VALUES (?)')
    for (const { epoch, batches } of state.results) {
      if (known.has(epoch)) continue
      insert.run(epoch)
      for (const key of batches) this.#addRecords(state, files, key, epoch)
    }
  }

  #addRecords(state: LedgerState, files: LedgerFiles, key: string, epoch: number): void {
    const batch = state.batches.get(key)
    const values = state.results.find((result) => result.epoch === epoch)?.values.get(key)
    const read = batch && readBatch(files, batch)
    if (!batch || !read?.ok) return
    const insert = this.#db.prepare(`INSERT INTO records
      (record, manifest, row, contributor, epoch, host, language, tokens, bytes, quality, value, novelty) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
    for (const [i, row] of read.rows.entries()) {
      const { value, novelty } = values?.at(i) ?? { value: 0, novelty: 0 }
      const { host, language, tokens, bytes, quality } = row
      insert.run(row.record.toString(), key, i, batch.contributor, epoch, host, language, tokens, bytes, quality, String(value), novelty)
    }
  }

  /** New batches, those that were not settled yet, and those that a fraud proof touched. */
  #addBatches(state: LedgerState, from: number): void {
    const keys = new Set(this.#all<{ manifest: string }>('SELECT manifest FROM batches WHERE isOpen = 1', []).map((row) => row.manifest))
    for (const fraud of state.frauds) if (fraud.index >= from) keys.add(fraud.manifest.toString())
    for (const [key, batch] of state.batches) if (batch.revealIndex >= from) keys.add(key)
    const upsert = this.#db.prepare('INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
    for (const key of keys) {
      const batch = state.batches.get(key)
      if (!batch) continue
      const { commitIndex, contributor, epoch, manifest, settled, voided } = batch
      const { count, schema, pipeline } = manifest
      upsert.run(commitIndex, key, contributor, epoch, count, schema, pipeline, settled, voided?.check ?? null, isOpen(batch) ? 1 : 0)
    }
  }

  #page<T>(table: string, key: string, { limit = 100, cursor }: PageQuery, filters: Record<string, SQLInputValue | undefined>): Page<T> {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > 1000) throw new InvalidInputError('BAD_LIMIT', 'a page has 1 to 1000 rows')
    const after = cursor === undefined ? undefined : keyOfCursor(cursor)
    const { where, values } = whereOf({ ...filters, [`${key} > ?`]: after })
    const rows = this.#all<T & Record<string, SQLInputValue>>(`SELECT * FROM ${table} ${where} ORDER BY ${key} LIMIT ?`, [
      ...values,
      limit + 1,
    ])
    const last = rows.length > limit ? rows[limit - 1] : undefined
    return { rows: rows.slice(0, limit), cursor: last === undefined ? null : cursorOfKey(last[key] as string | number) }
  }

  #all<T>(sql: string, values: SQLInputValue[]): T[] {
    return this.#db.prepare(sql).all(...values) as unknown as T[]
  }

  #meta(key: string): string | undefined {
    return (this.#db.prepare('SELECT value FROM meta WHERE key = ?').get(key) as { value: string } | undefined)?.value
  }

  #setMeta(key: string, value: string): void {
    this.#db.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(key, value)
  }

  #inTransaction(work: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#db.exec('COMMIT')
    } catch (thrown) {
      this.#db.exec('ROLLBACK')
      throw thrown
    }
  }

  #reset(): void {
    const tables = this.#all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", [])
    this.#inTransaction(() => {
      for (const { name } of tables) this.#db.exec(`DROP TABLE "${name.replaceAll('"', '""')}"`)
      this.#db.exec(TABLES)
      this.#db.exec(`PRAGMA user_version = ${INDEX_VERSION}`)
    })
  }
}

const isOpen = (batch: BatchState): boolean => batch.settled === null && !batch.dropped && batch.retracted === null
