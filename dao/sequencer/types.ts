/** What the sequencer takes and gives. */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { LogReader, LogStore, WitnessClient } from '../log/index.ts'

export type Admission = { ok: true } | { ok: false; code: string; message: string }

export type Submission =
  /** Durable at this index; a quorum's cosignature follows. */
  { status: 'receipt'; leafHash: Uint8Array; index: number } | { status: 'refused'; code: string; message: string }

/** Entries that became durable together. */
export interface Integrated {
  from: number
  entries: Uint8Array[]
  leafHashes: Uint8Array[]
  size: number
  root: Uint8Array
}

export interface SequencerOptions {
  ledgerId: string
  term: number
  logKey: Pick<Signer, 'publicKey' | 'sign'>
  store: LogStore
  kv: Kv
  clock: Clock
  /** Called exactly once per appended entry, in log order, and for every refused one: applies the entry to the sequencer's own fold or says why not. */
  admit: (entry: Uint8Array) => Admission
  /** Hears every entry that is in the log already, from index `from` on, before anything is admitted. */
  replay?: { from: number; apply: (entry: Uint8Array, index: number) => void }
  onIntegrated?: (batch: Integrated) => void
  /** Who is asked to cosign; read anew for every round. */
  witnesses: () => readonly WitnessClient[]
  /** Cosignatures that a checkpoint needs before it is published; 0 publishes alone. */
  quorum: () => number
  /** A newly published checkpoint, cosigned by a quorum. */
  publish: (note: string) => void
  logger: Logger
  /** Entries integrated at once, at most. Default 256. */
  batchEntries?: number
  /** How long entries wait for company, in milliseconds. Default 0: what arrives while a batch is written forms the next one. */
  intervalMs?: number
  /** Ask for fresh cosignatures when nothing was published for so long; 0 (default): never. Phases end by cosignature time. */
  heartbeatMs?: number
  retryMs?: number
}

export interface Sequencer {
  readonly origin: string
  /** Entries that are durable and signed. */
  readonly size: number
  readonly reader: LogReader
  /** Idempotent. Rejects with RetryableError QUEUE_FULL or SEQUENCER_CLOSED. */
  submit(entry: Uint8Array): Promise<Submission>
  /** The newest published checkpoint with its cosignatures. */
  checkpoint(): string | undefined
  /** The first published checkpoint of at least this size. */
  published(size: number, signal?: AbortSignal): Promise<string>
  /** Looks again at `witnesses` and `quorum`: call it when a validator comes or goes. */
  nudge(): void
  /** Integrates what was admitted, then stops. */
  [Symbol.asyncDispose](): Promise<void>
}
