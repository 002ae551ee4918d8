import type { Charter, CID } from '../../schemas/wire/index.ts'

/** One record that a release may hold: what the ledger's files say of it, before anyone read the record itself. */
export interface ReleaseRow {
  manifest: CID
  /** Row of the batch's index. */
  row: number
  record: CID
  contributor: string
  epoch: number
  /** Log index of the batch's commit: what comes first, by this and then by row, owns the content. */
  commitIndex: number
  /** `name@version` of the record's schema, and `schema/pipeline` that made it. */
  schema: string
  pipeline: string
  host: string
  language: string
  /** Uncompressed bytes of the record. */
  bytes: number
  tokens: number
  /** ppm. */
  quality: number
  /** Integer value of incentives 3.1, which shares are counted in. */
  value: number
  contentDigest: Uint8Array
  /** UnixFS root of the batch's evidence.warc.gz, and where this fetch lies in it. */
  evidence: CID
  evidenceOffset: number
  evidenceBytes: number
}

/** Why a record that once earned vested points is not, or no longer, in a release. */
export const REMOVAL_REASONS = [
  'opt-out',
  'void',
  'permission',
  'exact-duplicate',
  'near-duplicate',
  'quality',
  'language',
  'host-cap',
  'contributor-cap',
] as const
export type RemovalReason = (typeof REMOVAL_REASONS)[number]

/** A tombstone: a consumer of any earlier release checks its record ids against these. */
export interface Removal {
  record: CID
  host: string
  reason: Extract<RemovalReason, 'opt-out' | 'void'>
  /** Log index of the entry that took the record out. */
  index: number
}

/** Points of one account, restricted to what the release includes. */
export interface ShareWeight {
  account: string
  role: 'contributor' | 'validator'
  points: bigint
  records: number
  tokens: number
}

/** What a release will hold, and everything about it that the ledger alone decides. */
export interface Selection {
  ledger: string
  name: string
  /** Entries of the log that were read: the same size gives the same release. */
  size: number
  charter: Charter
  charterCid: CID
  /** Vested epochs in it, ascending. */
  epochs: number[]
  throughEpoch: number
  /** Unix seconds by the log's cosignatures (or, in a log without any, of the last fetch): the release's date. */
  at: number
  previous: CID | null
  /** Sorted by host, then by record CID bytes. */
  rows: ReleaseRow[]
  removals: Removal[]
  /** Records looked at, and how many left for which reason. */
  considered: number
  left: Record<RemovalReason, number>
  weights: ShareWeight[]
}
