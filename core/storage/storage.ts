/** Content-addressed blocks in two spaces. Public: served to anyone over bitswap. Private: read only through our own protocol, by allow-list. */
import type { CID } from '../../schemas/wire/index.ts'

export interface Block {
  cid: CID
  bytes: Uint8Array
}

export interface Space {
  /** Checks that bytes hash to the CID (throws RejectedMessageError CID_MISMATCH) and stores; on disk when it resolves. */
  put(blocks: Iterable<Block>): Promise<void>
  /** From this machine only; undefined when we lack it. */
  get(cid: CID): Promise<Uint8Array | undefined>
  has(cid: CID): Promise<boolean>
  /**
   * Keeps the whole DAG below `root` (dag-pb, dag-cbor, raw) from garbage collection. Every block must be here already:
   * throws FatalError BLOCK_MISSING naming the CID. Idempotent; re-checks that the pin took.
   */
  pin(root: CID): Promise<void>
  unpin(root: CID): Promise<void>
  isPinned(root: CID): Promise<boolean>
  pins(): AsyncIterable<CID>
  /** Drops unpinned blocks; gives how many bytes went. */
  gc(): Promise<number>
  usage(): Promise<{ blocks: number; bytes: number }>
  /** CARv1 of everything below the root, in depth-first order. */
  exportCar(root: CID): AsyncIterable<Uint8Array>
  /** Verifies every block against its CID; gives the roots. */
  importCar(bytes: AsyncIterable<Uint8Array>): Promise<CID[]>
}

export interface Storage {
  readonly public: Space
  readonly private: Space
  /** Moves a pinned DAG from the private to the public space, pinned there first. Safe to repeat after a crash. */
  publish(root: CID): Promise<void>
  /** Fetches a public DAG over bitswap from the given peers (or any), pins nothing. Throws RetryableError on the signal. */
  retrieve(root: CID, options: { signal: AbortSignal; peers?: string[] }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Bytes of a UnixFS file that lies whole in a space; throws FatalError BLOCK_MISSING. `maxBytes` bounds what is read. */
export type ReadFile = (space: Pick<Space, 'get'>, root: CID, maxBytes: number) => Promise<Uint8Array>
