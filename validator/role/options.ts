/** What a validator is given, and what it tells of its work. */
import type { Effects, Kv, Logger } from '../../core/effects/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { ResolveTxt, Web } from '../../core/web/index.ts'
import type { FileStore } from '../../dao/follower/index.ts'
import type { Charter, Report } from '../../schemas/wire/index.ts'
import type { PoolHome } from './keyholder-duty.ts'
import type { ValidatorKeys } from './seat.ts'

export interface ValidatorOptions extends Effects {
  mesh: Mesh
  storage: Storage
  files: FileStore
  kv: Kv
  keys: ValidatorKeys
  /** The web by the charter's rules; opened for the first test. */
  openWeb: (charter: Charter) => Promise<Web>
  /** Looks keys of mails up that the charter does not pin; without it such a mail attests nothing here. */
  resolveTxt?: ResolveTxt | undefined
  /** Where this validator does not go: a page there is left out of its test. */
  deny?: Deny | undefined
  logger: Logger
  dao: string[]
  /** See DaoLinkOptions. */
  mayDial?: ((address: string) => boolean) | undefined
  /** Ends the start as well as the work. */
  signal?: AbortSignal | undefined
  /** Product token that sites' rules are read for: the first word of the web's user agent. */
  agentToken: string
  /** Opens the place of key shares; a validator without one is nobody's keyholder. */
  pool?: (() => Promise<PoolHome>) | undefined
  operator: string
  asn?: number | null
  /** 32 secret bytes from the platform, for the hash chains. */
  secret: () => Uint8Array
  chainLength?: number
  pollMs?: number
  onProgress?: (progress: ValidatorProgress) => void
  /** Stands in place of honest testing: adversaries of the simulated world. */
  tamper?: (report: Report) => Report
}

/** A list that may change while it is asked. */
export interface Deny {
  refresh: () => Promise<void>
  /** The rule that keeps us from a URL. */
  denies: (url: string) => string | undefined
}

export interface ValidatorProgress {
  what: 'seated' | 'available' | 'beacon' | 'tested' | 'reported' | 'attested' | 'disputed'
  epoch: number
  count: number
}
