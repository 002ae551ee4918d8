import type { Clock, Logger } from '../../../core/effects/index.ts'
import type { Storage } from '../../../core/storage/index.ts'
import type { LedgerFiles, LedgerState } from '../../ledger/index.ts'
import type { LedgerIndex } from '../../stores/index.ts'
import type { CustodyStanding } from '../../pool-custody/index.ts'
import type { LogReader, TileSource } from '../../log/index.ts'
import type { OptOutAnswer } from '../../optouts/index.ts'
import type { CID } from '../../../schemas/wire/index.ts'

/** What the HTTP interface shows; it holds no state of its own and changes none, but for handing in entries. */
export interface ApiOptions {
  /** The fold so far; undefined before genesis. */
  state: () => LedgerState | undefined
  /** The log of a term: its files as C2SP lays them out, and a reader of its entries. */
  log: (term: number) => { files: TileSource; reader: LogReader } | undefined
  term: () => number
  files: LedgerFiles
  /** Folder with one folder per release, named by its root CID. */
  releases: string
  storage: Pick<Storage, 'public'>
  /** The SQL cache of the fold, for `/v1/records` and `/v1/batches`; 404 without. */
  index?: Pick<LedgerIndex, 'records' | 'batches'>
  /** `/metrics`; 404 without. */
  metrics?: { contentType: string; render(): Promise<string> }
  /** Takes an entry with the ledger files that only its author has; 404 without (a mirror). */
  submit?: (entry: Uint8Array, files: Uint8Array[]) => Promise<Submitted>
  /** Looks for a domain's opt-out and logs it; 404 without (a mirror). */
  optOut?: (domain: string) => Promise<OptOutAnswer>
  /** What is public of a personal pool: release manifests and tags of withdrawals by CID, and the operator's signed withdrawal feed, all DAG-CBOR; 404 without (a mirror). */
  pool?: {
    manifest: (release: CID) => Promise<Uint8Array | undefined>
    tags: (release: CID) => Promise<Uint8Array | undefined>
    feed: () => Promise<Uint8Array>
    /** What its trainer is to delete, sealed to it; one of the same size where that is nothing. */
    notices?: (release: CID) => Promise<Uint8Array | undefined>
  }
  /** How the pool's shares stand as this service sees its keyholders; 404 without (a mirror). */
  custody?: () => CustodyStanding
  /** Multiaddrs of the service's peer. */
  addresses?: () => string[]
  clock: Clock
  logger: Logger
  limits?: Partial<ApiLimits>
}

export type Submitted =
  /** DAG-CBOR of a submitReceipt. */
  { status: 'receipt'; receipt: Uint8Array } | { status: 'refused'; code: string; message: string } | { status: 'elsewhere' }

export interface ApiLimits {
  /** Questions to DuckDB under way at once; more are told to come again. */
  queries: number
  queryMs: number
  /** Bytes of a submitted entry with its files. */
  submitBytes: number
}

export const defaultLimits: ApiLimits = { queries: 2, queryMs: 15_000, submitBytes: 18 << 20 }
