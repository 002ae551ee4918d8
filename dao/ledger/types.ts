/** The state that the fold of a log gives. Plain data; only `apply` changes it. */
import type {
  BatchManifest,
  Charter,
  Check,
  CID,
  EntryType,
  Phase,
  PoolManifest,
  Purpose,
  Report,
  ValidatorStatement,
} from '../../schemas/wire/index.ts'
import type { Bases, HostBook, LeftOut, RecordValue, RowValues, Tally, Vesting } from '../rewards/index.ts'
import type { RootHistory } from './root-history.ts'
import type { LoggedWithdrawals } from './withdrawals.ts'

export type { RecordValue, Tally }
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
  /** Epochs in which it broke a duty, in a row or not; `charter.validatorRules.strikes` of them suspend it. */
  strikes: number
}

export interface ContributorState {
  account: string
  /** Brings its own data to the personal pool: it holds no leases and reveals no batches; whoever is not reveals no contributions. */
  isSubject: boolean
  joinedAt: number
  /** Epoch in which it joined; it may hold leases from the next one. */
  joinedEpoch: number
  /** Authenticity multiplier, ppm. */
  credibility: number
  /** Epochs with a counted contribution. */
  epochs: number
  /** Records per epoch that count; null where the charter has no quota. */
  quota: number | null
  /** Set by a deterministic fraud of kind S3. */
  revoked: { index: number; check: Check } | null
  /** By validator. */
  tallies: ReadonlyMap<string, Tally>
  points: Map<number, EpochPoints>
  /** Smallest sequence that the next batch may carry. */
  nextSequence: number
  lastManifest: string | null
  /** The contribution to the pool that it revealed last: the only one of its own that can be live. */
  slot: string | null
}

/** What one contributor earned in one epoch, and what became of it. */
export interface EpochPoints extends Vesting {
  points: bigint
  /** What stands of them per batch, by manifest CID: sums to `points` until a batch is voided. */
  batches: ReadonlyMap<string, bigint>
}

/** What somebody brought and an epoch may count: a batch of web records, or a contribution to the personal pool. */
export interface Delivery {
  manifestCid: CID
  contributor: string
  salt: Uint8Array
  /** Log indexes of commit and reveal; the commit's decides novelty. */
  commitIndex: number
  revealIndex: number
  /** Epoch it counts in; moves on once when not available before the cut, and while too few reports came. */
  epoch: number
  /** Epoch in which it was gathered: its leases and dates are judged by this one for ever. */
  gathered: number
  /** It was not available before a cut once. */
  moved: boolean
  /** How often its contributor's epoch was put off for want of reports. */
  deferrals: number
  /** Validators that serve it: of a batch manifest, index and sketches; of a contribution its ciphertext, with a share of its secret. */
  available: Set<string>
  /** S1 or S2 void, with the check that did it. */
  voided: { check: Check; index: number; by: string; row: number } | null
  /** Log index of the author's own retraction before the beacon. */
  retracted: number | null
  /** It missed two cuts: it counts nowhere. */
  dropped: boolean
  /** Values fixed at the `test` entry of the first epoch that counted it; a deferral carries them along. */
  values: RowValues | null
  /** Host of every row, kept from the index at that entry; null for a contribution, whose rows are chunks. */
  hosts: string[] | null
  /** Epoch whose table settled it. */
  settled: number | null
}

/** A revealed batch. */
export interface BatchState extends Delivery {
  manifest: BatchManifest
}

/** A revealed contribution to the personal pool: its rows are its chunks, its account its subject. */
export interface PoolContribution extends Delivery {
  /** Without the chunks, of which there may be a hundred and more: `readPoolManifest` has them. */
  manifest: Omit<PoolManifest, 'chunks'>
  chunks: number
  /** Who holds shares, and how many are needed to read: by its policy, until a `custody.reshare` says otherwise. */
  committee: { k: number; members: string[] }
  /** How often its shares were dealt anew, and the newest order with what the members of the new committee signed. */
  generation: number
  reshared: { order: Uint8Array; ready: Uint8Array[] } | null
  /** When its shares were dealt, Unix seconds: by the phase of its reveal, then by the newest order; 0 where no cosignature had told the time. */
  dealtAt: number
  /** From its policy: purposes it cannot do without. */
  required: Purpose[]
  /** Of its index, one after the other: 32 bytes each. */
  tokens: Uint8Array
  /** Of its index: the account that its mail was sent to; null without a mail. */
  account: Uint8Array | null
  /** Whether its testers found that its mail attests it, and nobody else's was before; null until it is settled. A light fold takes it from the table's note. */
  attested: boolean | null
  /** Log index of the withdrawal that ended it. Which optional purposes it lost besides, `withdrawals` of the state says. */
  withdrawn: number | null
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
  /** Validators seated at the cut, by account: they alone sit in committees and attest. Empty before. */
  roster: string[]
  /** Beacon preimages opened in this epoch, by validator. */
  beaconReveals: Map<string, Uint8Array>
  /** R, 32 bytes; set at the `test` entry. */
  beacon: Uint8Array | null
  /** Batches and contributions that count, in commit order (log index of the commit); set at the cut. */
  batches: string[]
  /** Per manifest CID: value of each row; set with the beacon. */
  values: Map<string, RowValues>
  /** Committee of each contributor, validators' accounts; set with the beacon. */
  committees: ReadonlyMap<string, string[]>
  /** X_h of this epoch's newly valued records, by host key. */
  hostMass: ReadonlyMap<string, bigint>
  reportCommits: Map<string, { index: number; hash: Uint8Array }>
  reports: Map<string, Report>
  /** Reports that name other records than their author had to draw, and why they count for nothing. */
  voidReports: Map<string, string>
  /** Contributors whose batches move on for want of reports; set at the close. */
  deferred: Set<string>
  /** How each contributor's row came about, by account; set at the close. */
  reasons: ReadonlyMap<string, OutcomeReasons>
  /** The table as this fold computed it, at the `close` phase entry; null before, and always in a light fold. */
  table: EpochTable | null
  close: { index: number; root: Uint8Array; author: string } | null
  attests: Map<string, Uint8Array>
}

/** The numbers behind one contributor's row (incentives reference 3.2); rates in ppm. */
export interface OutcomeReasons {
  committee: string[]
  /** Own fail rate of every validator that reported, after the host cap. */
  rates: { validator: string; rate: number; draws: number }[]
  /** Medians of this epoch's rates and of the tallied ones, expected rate, draws behind the median, what lies beyond the dead zone. */
  freshMed: number
  med: number
  b: number
  n: number
  e: number
  before: number
  /** Host key -> ppm that its records keep. */
  hostCuts: [host: string, keeps: number][]
  /** What validators left out. */
  leftOut: LeftOut
  fails: { validator: string; manifest: CID; row: number; check: Check }[]
  apart: string[]
  /** Of contributions with a mail: how many of those who reported on it found it good, and whether it counts. */
  mails: { manifest: CID; said: number; heard: number; counts: boolean }[]
}

/** When an epoch's gathering began and when its reveals ended, Unix seconds by median cosignature; 0 where no note said it. */
export interface EpochTimes {
  gather: number
  cut: number
}

/** Who may hold host leases in an epoch: fixed when it began. */
export interface LeaseSet {
  /** R_{e-1}; 32 zero bytes in the first epoch. */
  seed: Uint8Array
  /** Sorted by account bytes. */
  accounts: string[]
}

export interface EpochTable {
  rows: TableRow[]
  /** DAG-CBOR of the rows: the file that `epoch.close` names. */
  bytes: Uint8Array
  cid: CID
  /** RFC 6962 root, leaf i = DAG-CBOR of row i. */
  root: Uint8Array
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
  /** Why points are not value × credibility: `fraud D3`, `void S1`, `no quorum`; `attested`, where nothing of that is, and a mail counts; else null. */
  note: string | null
}

export interface EpochResult {
  epoch: number
  cut: number
  /** Median cosignature time (Unix seconds) of the cut, after which its beacon could be known; 0 without cosignatures. */
  cutAt: number
  closeIndex: number
  /** RFC 6962 root over the rows. */
  root: Uint8Array
  /** The table's file: DAG-CBOR of the rows. */
  table: CID
  rows: TableRow[]
  beacon: Uint8Array
  batches: string[]
  /** Value of every row of those batches, carried over from the epoch: a release restricts points to the records it includes. */
  values: Map<string, RowValues>
  /** Median cosignature time (Unix seconds) of the close phase's beginning: the only clock a release may read; 0 without cosignatures. */
  closedAt: number
  /** True once a quorum attested the same root. */
  final: boolean
  /** By contributor: how its row came about. Empty in a light fold. */
  reasons: ReadonlyMap<string, OutcomeReasons>
  attestedBy: string[]
  /** Validators whose word counts for this epoch, and how many equal ones make it final. */
  roster: string[]
  quorum: number
}

export interface LedgerState {
  id: string
  /** A light fold follows phases, rosters and batches and computes no values. */
  light: boolean
  /** Roots at every size of the whole history, terms one after the other. */
  tree: RootHistory
  /** Roots of the running term's own log: what its checkpoints state. The same tree in term 0. */
  termTree: RootHistory
  term: number
  /** Index of the running term's first entry. */
  termStart: number
  /** Who appends: the operator in term 0, later the validator whose term it is. */
  sequencer: string
  /** Entries applied. */
  size: number
  operator: string
  /** Verifier key of the running term's log. */
  logKey: string
  charter: Charter
  charterCid: CID
  /** Every version that was in force, oldest first, with the epoch it counted from. */
  charters: { charter: Charter; cid: CID; from: number }[]
  /** Charter versions waiting for their epoch. */
  pendingCharters: { charter: Charter; cid: CID; from: number }[]
  validators: Map<string, ValidatorState>
  contributors: Map<string, ContributorState>
  /** Next `n` per author. */
  authors: Map<string, number>
  /** Commit entries not yet revealed: log index -> who and what. */
  commits: Map<number, { author: string; hash: Uint8Array; epoch: number }>
  batches: Map<string, BatchState>
  /** Contributions to the personal pool by manifest; web releases never look here. */
  contributions: Map<string, PoolContribution>
  epoch: EpochState | null
  times: Map<number, EpochTimes>
  /** What earlier epochs say of hosts, and the expected fail rate of each host class. */
  hosts: HostBook
  bases: Bases
  leases: Map<number, LeaseSet>
  results: EpochResult[]
  releases: { index: number; release: CID; name: string; throughEpoch: number; previous: CID | null; shares: Uint8Array; records: number }[]
  /** Releases of personal pools, by the CID of their public manifest. */
  poolReleases: LedgerState['releases']
  /** Counts of the pool that were published, in order: the round they are of, and their file. */
  poolStatistics: { index: number; round: CID; statistics: CID }[]
  /** What was spent of budgets, in order: of statistics the ε, in millionths. */
  spent: { index: number; by: string; budget: string; amount: string }[]
  optouts: { index: number; domain: string; pattern: string | null; from: number; evidence: CID }[]
  frauds: { index: number; by: string; check: Check; manifest: CID; row: number; contributor: string; valid: boolean; reason: string }[]
  revenues: { index: number; release: CID; rail: string; asset: string; amount: string; reference: string; root: Uint8Array | null }[]
  /** Statements that the fold keeps and does not judge: appeals, complaints, disputes, withdrawals, anchors, spent budgets. */
  statements: { index: number; type: EntryType; author: string; epoch: number | null }[]
  /** Whose consent ended, wholly or for some purposes. */
  withdrawals: LoggedWithdrawals
  /** Entries that broke a rule: no-ops, kept here so that an audit names them. */
  invalid: { index: number; code: string; message: string }[]
}
