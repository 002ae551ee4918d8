/** What an audit is given and what it says. */
import type { CID } from '../../schemas/wire/index.ts'
import type { LedgerState } from '../ledger/index.ts'
import type { TileSource } from '../log/index.ts'

export interface AuditOptions {
  /** The log's files: `checkpoint`, `tile/…`; of a ledger that was taken over, the logs of all its terms in order. */
  log: TileSource | readonly TileSource[]
  /** The ledger's files by CID, from anywhere: every one is held against its CID here. */
  files: { read(cid: CID): Uint8Array | undefined | Promise<Uint8Array | undefined> }
  /** Which ledger it must be; absent: whichever the log says. */
  ledgerId?: string
}

export interface AuditProblem {
  /** In words. */
  what: string
  /** Path of the file, `entry N` or `epoch N`. */
  where: string
  code: string
}

export interface AuditedEpoch {
  epoch: number
  /** Root that the log states. */
  root: Uint8Array
  /** Root that this replay computed; null when it could not. */
  computed: Uint8Array | null
  matches: boolean
  /** A quorum attested it. */
  final: boolean
}

export interface AuditReport {
  /** Nothing is wrong and nothing is missing. */
  ok: boolean
  ledger: string
  size: number
  /** Tiles, bundles and ledger files that were read and verified. */
  verified: number
  epochs: AuditedEpoch[]
  problems: AuditProblem[]
  /**
   * Index and sketches of revealed batches that are not here and that no number has needed: batches that did not count yet, or never did.
   * The DAO pulls them after the reveal. No problem: where a batch counts, its files are a problem when they are missing.
   */
  pending: { where: string; entry: number }[]
  /** Entries that broke a rule: no-ops, and no problem of the log. */
  invalid: { index: number; code: string; message: string }[]
  /** State of the replay up to where it could go. */
  state: LedgerState
}
