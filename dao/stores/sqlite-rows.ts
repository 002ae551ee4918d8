/** What the ledger index answers: rows, pages of them, and the questions it takes. */

export interface Page<T> {
  rows: T[]
  /** Give it back for the rows that follow; null after the last. */
  cursor: string | null
}

export interface PageQuery {
  /** At most 1,000; 100 unless said. */
  limit?: number
  cursor?: string | undefined
}

export interface EntryRow {
  position: number
  type: string
  author: string
  n: number
  bytes: number
  /** Code of the rule that it broke; null for a legal entry. */
  invalid: string | null
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

export interface ShareRow {
  epoch: number
  account: string
  role: 'contributor' | 'validator'
  records: number
  value: string
  credibility: number
  draws: number
  fails: number
  points: string
  note: string | null
}

export interface EpochRow {
  epoch: number
  cut: number
  closed: number
  root: string
  final: number
  attested: number
}

export interface ContributorRow {
  account: string
  joined: number
  credibility: number
  epochs: number
  revoked: string | null
}

export interface RecordQuery extends PageQuery {
  record?: string
  host?: string
  language?: string
  contributor?: string
  manifest?: string
  epoch?: number
  minQuality?: number
  minTokens?: number
  /** Only records worth something. */
  paid?: boolean
}
