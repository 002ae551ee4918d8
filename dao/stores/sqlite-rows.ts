/** What the ledger index answers: rows, pages of them, and the questions it takes. */

export interface Page<T> {
  rows: T[]
  /** Give it back for the rows that follow; null after the last. */
  cursor: string | null
}

export interface PageQuery {
  /** At most 1,000; 100 unless said. */
  limit?: number | undefined
  cursor?: string | undefined
}

export interface RecordRow {
  record: string
  manifest: string
  row: number
  contributor: string
  epoch: number
  host: string
  language: string
  tokens: number
  bytes: number
  quality: number
  /** Decimal. */
  value: string
  /** Lanes of 128 shared with something earlier. */
  novelty: number
}

export interface BatchRow {
  commitment: number
  manifest: string
  contributor: string
  epoch: number
  records: number
  schema: string
  pipeline: string
  settled: number | null
  voided: string | null
}

export interface RecordQuery extends PageQuery {
  record?: string
  host?: string
  language?: string
  contributor?: string
  epoch?: number
  minQuality?: number
}
