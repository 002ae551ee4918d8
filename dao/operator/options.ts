/** What the DAO's service is given, and what it tells of its work. */
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { Payload } from '../../schemas/wire/index.ts'
import type { FileStore } from '../follower/index.ts'
import type { LogStore } from '../log/index.ts'
import type { OpenReshares } from '../pool-custody/index.ts'
import type { Operator } from './operator.ts'
import type { WaitingShares } from './pool-key-shares.ts'

export interface OperatorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  logStore: LogStore
  /** The operator's account, and the key of the log's first term. */
  signer: Signer
  logKey: Signer
  /** Canonical bytes of the genesis charter; only read when the log is empty. */
  charter: Uint8Array
  logger: Logger
  /** Cuts a release through the last epoch that has vested, after an epoch became final: its entry's payload, or undefined when there is nothing to release. */
  release?: CutRelease
  /** Shares of a pool's key that were dealt and wait for their keyholders; without it nothing is handed out. */
  waitingShares?: WaitingShares
  /** Where reshares wait for the log; without it, as with `shareDays` 0, shares are given to others by nobody but the operator's command. */
  reshares?: OpenReshares
  /** Age in days at which shares are dealt anew. Default 31. */
  shareDays?: number
  /** Moves the phases by itself; without it an operator's command does. Default true. */
  advance?: boolean
  pollMs?: number
  /** How long entries wait for company before they are integrated, in milliseconds. */
  intervalMs?: number
  onProgress?: (progress: OperatorProgress) => void
}

/** May take long, and is not waited for by anything else; ends early when `signal` does. */
export type CutRelease = (operator: Operator, throughEpoch: number, signal: AbortSignal) => Promise<Payload<'release'> | undefined>

export type OperatorProgress =
  | { what: 'phase'; epoch: number; phase: string }
  | { what: 'closed'; epoch: number }
  | { what: 'final'; epoch: number }
  | { what: 'released'; epoch: number; release: string }
  | { what: 'nothing-to-release'; epoch: number }
  | { what: 'seated' | 'joined'; account: string }
