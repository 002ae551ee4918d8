/** What a contributor is given, and what it tells of its work. */
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { DaoLink, FileStore, Outbox } from '../../dao/follower/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import type { BatchBook } from './batch-book.ts'
import type { Gather } from './gather.ts'

export interface ContributorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  signer: Signer
  logger: Logger
  /** Multiaddrs of the DAO. */
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  /** Ends the start as well as the work. */
  signal?: AbortSignal | undefined
  gather: Gather
  contact?: string | null
  /** How often the log is asked for news besides gossip. */
  pollMs?: number
  onProgress?: (progress: ContributorProgress) => void
}

export interface ContributorProgress {
  /** `nothing-gathered`: of this epoch nothing will come. */
  what: 'joined' | 'gathering' | 'nothing-gathered' | 'sealed' | 'committed' | 'revealed' | 'published' | 'receipt'
  epoch: number
  records: number
}

/** What every deed of a contributor works with. State is the follower's, batches are the book's, what waits to be logged is the outbox's. */
export interface Bench {
  options: ContributorOptions
  /** Our account. */
  me: string
  /** Ends the role. */
  signal: AbortSignal
  link: DaoLink
  outbox: Outbox
  book: BatchBook
  /** As folded now. */
  state: () => LedgerState
  /** Takes another step soon. */
  wake: () => void
  say: (what: ContributorProgress['what'], epoch: number, records: number) => void
}
