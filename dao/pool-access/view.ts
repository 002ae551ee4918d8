/** What keyholders, and owners under the veto, know of their ledger and their DAO, as questions. Answered from the folded state. */
import type { CID, ConsentPolicy, PoolKey } from '../../schemas/wire/index.ts'

export interface PoolView {
  /** Ledger id. */
  ledger: string
  /** Account of the DAO's operator. */
  operator: string
  /** The policy of this CID, where the charter names it or a charter before did. */
  policy(cid: CID): ConsentPolicy | undefined
  /** The key of this CID behind a pool's tokens, where such a policy names it. */
  poolKey(cid: CID): PoolKey | undefined
  /** Whether the ledger knows this account as one that joined. */
  hasJoined(account: string): boolean
  /** The beacon of an epoch whose contributions may be scored now; undefined before it is fixed and after the epoch is closed. */
  beacon(epoch: number): Uint8Array | undefined
  /** Whether this account is drawn to score contributions in that epoch. */
  mayScore(account: string, epoch: number, manifest: CID): boolean
  /** Whether this account joined to bring personal data. */
  isSubject(account: string): boolean
  /** Whether the log, as far as it is known here, has this contribution. */
  isRevealed(manifest: CID): boolean
  /** Whether the ledger seats this account as a validator. */
  isSeated(account: string): boolean
}
