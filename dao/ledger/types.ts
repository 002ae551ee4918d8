/** The state that the fold of a log gives. Plain data; only `apply` changes it. */
import type { BatchManifest, Charter, Check, CID, Phase, Report, ValidatorStatement } from '../../schemas/wire/index.ts'

export type { BatchFiles } from '../batches/index.ts'

/** The ledger's files by CID: charters, manifests, indexes, sketches, reports, fraud proofs. Synchronous, because the fold is pure. */
export interface LedgerFiles {
  read(cid: CID): Uint8Array | undefined
}

export interface ValidatorState {
  statement: ValidatorStatement
  seatedAt: number
  active: boolean
  /** Last opened preimage of each chain (starts at the tips), 32 bytes. */
  beaconTip: Uint8Array
  sampleTip: Uint8Array
  strikes: number
}

/** Tally of one validator on one contributor: failed and all draws, decayed by 7/8 per epoch, in the fixed point of the incentives reference. */
export interface Tally {
  a: number
  b: number
  x: number
}

export interface ContributorState {
  account: string
  joinedAt: number
  /** Epoch in which it joined; it may hold leases from the next one. */
  joinedEpoch: number
  /** Authenticity multiplier, ppm. */
  credibility: number
  /** Epochs with a counted contribution. */
  epochs: number
  /** Set by a deterministic fraud of kind S3. */
  revoked: { index: number; check: Check } | null
  tallies: Map<string, Tally>
  /** Points per epoch: earned, cap (ppm) that later conduct put on them, and void reason. */
  points: Map<number, { points: bigint; cap: number; void: string | null }>
  nextSequence: number
  lastManifest: string | null
}

/** A revealed batch. `available` holds the validators that serve its manifest, index and sketches. */
export interface BatchState {
  manifestCid: CID
  manifest: BatchManifest
  contributor: string
  salt: Uint8Array
  /** Log indexes of commit and reveal; the commit's decides novelty. */
  commitIndex: number
  revealIndex: number
  /** Epoch it counts in; moves on once when not available before the cut. */
  epoch: number
  moved: boolean
  available: Set<string>
  /** S1 or S2 void, with the check that did it. */
  voided: { check: Check; index: number; by: string; row: number } | null
}

export interface RecordValue {
  /** Integer value v of incentives 3.1 before credibility. */
  value: number
  /** Most equal lanes with anything earlier, of 128. */
  novelty: number
}

/** What one committee member must test of one contributor: rows in draw order over the contributor's batches in commit order. */
export interface DrawOf {
  contributor: string
  picks: { manifest: CID; row: number }[]
}

export interface EpochState {
  number: number
  phase: Phase
  /** Log index of the entry that began the phase, and its median cosignature time (Unix seconds; 0 before any cosignature). */
  phaseIndex: number
  phaseTime: number
  startIndex: number
  /** Index of the phase entry that ended reveals; -1 before. */
  cut: number
  /** Commits without reveal: log index -> author and hash. Carried until revealed or void. */
  beaconReveals: Map<string, Uint8Array>
  /** Set when the beacon phase ended. */
  beacon: Uint8Array | null
  /** Batches that count, in commit order (commit index, then SHA-256(beacon ‖ commit hash)); set with the beacon. */
  batches: string[]
  /** Per manifest CID: value of each row; set with the beacon. */
  values: Map<string, RecordValue[]>
  /** Committee of each contributor, validators' accounts; set with the beacon. */
  committees: Map<string, string[]>
  reportCommits: Map<string, { index: number; hash: Uint8Array }>
  reports: Map<string, Report>
  close: { index: number; root: Uint8Array; author: string } | null
  attests: Map<string, Uint8Array>
}

/** One row of an epoch's table: what `epoch.close` commits to, as DAG-CBOR rows sorted by account bytes. Amounts are decimal strings. */
export interface TableRow {
  account: string
  role: 'contributor' | 'validator'
  records: number
  /** Sum of v, decimal. */
  value: string
  /** ppm after this epoch. */
  credibility: number
  draws: number
  fails: number
  /** Decimal. */
  points: string
  /** Why points are not value × credibility: `fraud D3`, `void S1`, `no quorum`; null otherwise. */
  note: string | null
}

export interface EpochResult {
  epoch: number
  cut: number
  closeIndex: number
  /** RFC 6962 root over the rows. */
  root: Uint8Array
  rows: TableRow[]
  beacon: Uint8Array
  batches: string[]
  /** Value of every row of those batches, carried over from the epoch: a release restricts points to the records it includes. */
  values: Map<string, RecordValue[]>
  /** Median cosignature time (Unix seconds) of the close phase's beginning: the only clock a release may read; 0 without cosignatures. */
  closedAt: number
  /** True once a quorum attested the same root. */
  final: boolean
  attestedBy: string[]
}

export interface LedgerState {
  id: string
  /** Entries applied. */
  size: number
  operator: string
  logKey: string
  charter: Charter
  charterCid: CID
  /** Charter versions waiting for their epoch. */
  pendingCharters: { charter: Charter; cid: CID; from: number }[]
  validators: Map<string, ValidatorState>
  contributors: Map<string, ContributorState>
  /** Next `n` per author. */
  authors: Map<string, number>
  /** Commit entries not yet revealed: log index -> who and what. */
  commits: Map<number, { author: string; hash: Uint8Array; epoch: number }>
  batches: Map<string, BatchState>
  epoch: EpochState | null
  results: EpochResult[]
  releases: { index: number; release: CID; name: string; throughEpoch: number; previous: CID | null; shares: Uint8Array; records: number }[]
  optouts: { index: number; domain: string; pattern: string | null; from: number; evidence: CID }[]
  frauds: { index: number; by: string; check: Check; manifest: CID; row: number; contributor: string; valid: boolean; reason: string }[]
  /** Entries that broke a rule: no-ops, kept here so that an audit names them. */
  invalid: { index: number; code: string; message: string }[]
}
