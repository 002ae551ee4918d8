/** What the role of somebody who offers takes, and what it tells. */
import type { Effects, Kv, Logger } from '../../../core/effects/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import type { Storage } from '../../../core/storage/index.ts'
import type { FileStore } from '../../../dao/follower/index.ts'
import type { OwnersVeto } from './owner-desk.ts'

export interface PoolNodeOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  /** The subject key of this DAO. */
  signer: Signer
  logger: Logger
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  signal?: AbortSignal | undefined
  onProgress?: (progress: PoolProgress) => void
  /** Answers for contributions under the owner's veto; without it they open for nobody. */
  veto?: OwnersVeto
}

export interface PoolProgress {
  what: 'joined' | 'depositing' | 'deposited' | 'committed' | 'revealed' | 'refused'
  /** Of a deposit: keyholders that hold their part. */
  held: number
  of: number
  /** Why others do not, by account. */
  faults: Record<string, string>
}

/** What asking again does not change. */
export interface OfferRefusal {
  /** Account of the keyholder that says so; null: the log. */
  keyholder: string | null
  code: string
  message: string
}
