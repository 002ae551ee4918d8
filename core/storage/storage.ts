/** Content-addressed blocks in two spaces. Public: served to anyone over bitswap. Private: read only through our own protocol, by allow-list. */
import type { Block, CID } from '../../schemas/wire/index.ts'

export type { Block } from '../../schemas/wire/index.ts'

/** Why a DAG is kept; short words, for people and for whoever must let it go again. */
export type PinMetadata = Record<string, string>
export interface Pin {
  root: CID
  metadata: PinMetadata
}

/**
 * "The DAG below a root" is everything reached over dag-pb, dag-cbor and raw links, except links under a `prev` or `previous` key:
 * those are history. So a batch is pinned, moved and exported by its manifest's CID, without the batches before it.
 */
export interface Space {
  /**
   * Checks that every block hashes to its CID before it stores any (throws RejectedMessageError CID_MISMATCH, TOO_LARGE); on disk when
   * it resolves. When the disk or the quota ends it (FatalError DISK_FULL, QUOTA_FULL), part of them may stay until `gc`.
   */
  put(blocks: Iterable<Block>): Promise<void>
  /**
   * For whoever stores a DAG piece by piece and can pin it only when it is whole: what is put through it stays until it is disposed, whatever is
   * collected or let go meanwhile. It ends with the process: after a crash these blocks are as loose as others.
   */
  hold(): Hold
  /** From this machine only; undefined when we lack it. */
  get(cid: CID): Promise<Uint8Array | undefined>
  has(cid: CID): Promise<boolean>
  /**
   * Keeps the whole DAG below `root` from garbage collection. Every block must be here already:
   * throws FatalError BLOCK_MISSING naming the CID. Idempotent (the newest metadata stays); re-checks that the pin took.
   */
  pin(root: CID, metadata?: PinMetadata): Promise<void>
  /** Does nothing when `root` is not pinned. The blocks stay until `gc`, or for good where another pin holds them. */
  unpin(root: CID): Promise<void>
  /** Whether `root` itself was pinned, with everything below it. */
  isPinned(root: CID): Promise<boolean>
  pins(): AsyncIterable<Pin>
  /** Drops unpinned blocks that nobody holds and that were put at least `graceMs` ago (default 0: all of them); gives how many bytes went. */
  gc(options?: { graceMs?: number }): Promise<number>
  usage(): Promise<Usage>
  /** CARv1 of the DAG below the root, depth first, each block once. Throws FatalError BLOCK_MISSING. */
  exportCar(root: CID): AsyncIterable<Uint8Array>
  /**
   * Verifies every block against its CID; gives the roots. Pins nothing.
   * Throws RejectedMessageError CID_MISMATCH, BAD_CAR or TOO_LARGE; blocks before the bad one may stay until `gc`.
   */
  importCar(bytes: AsyncIterable<Uint8Array>): Promise<CID[]>
}

export interface Hold extends Disposable {
  /** As `Space.put`. */
  put(blocks: Iterable<Block>): Promise<void>
}

export interface Usage {
  blocks: number
  bytes: number
}

export interface RetrieveOptions {
  signal: AbortSignal
  /** Peer ids to ask, the likeliest first; whoever is connected when absent. */
  peers?: string[]
  maxBytes?: number
}

export interface Storage {
  readonly public: OwnSpace
  readonly private: OwnSpace
  /** Moves a DAG from the private to the public space, pinned there (with its metadata) before it leaves here. Safe to repeat after a crash. */
  publish(root: CID): Promise<void>
  /**
   * Fetches a public DAG over bitswap from the given peers (or any connected), pins nothing. Tries the next peer when one stalls.
   * Throws RetryableError RETRIEVE_FAILED, on the signal at the latest; RejectedMessageError TOO_LARGE or NOT_A_NODE for a DAG that is not
   * what it should be. `maxBytes` bounds all blocks together.
   */
  retrieve(root: CID, options: RetrieveOptions): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What a space of ours can do besides, for `publish`. */
export interface OwnSpace extends Space {
  metadata(root: CID): Promise<PinMetadata | undefined>
  /** Unpins and deletes at once whatever no other pin, and no `hold`, keeps. */
  drop(root: CID): Promise<void>
}
