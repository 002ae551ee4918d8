/** Blocks from one peer into a space of this one. */
import { askAgain, blocksProtocol, type Mesh } from '../../core/mesh/index.ts'
import type { PinMetadata, Space } from '../../core/storage/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { type AskBlocks, fetchDag, type FetchOptions } from './fetch-dag.ts'

/** A batch or a contribution: 4,096 records of 1 MiB would be more, but no honest one comes near. */
const MAX_BYTES = 1 << 30

/** A peer as somebody to ask for blocks. */
export const askPeer =
  (mesh: Mesh, peer: string): AskBlocks =>
  async (cids, signal, bytes) =>
    (await askAgain(mesh, peer, blocksProtocol, { cids }, { signal, bytes })).blocks

export interface PullRoot extends Pick<FetchOptions, 'signal' | 'have'> {
  /** What the pin says. */
  metadata?: PinMetadata
}

/** Resolves when all below the root lies in the space, pinned; what is there already is not asked for. Throws what `fetchDag` does, FatalError DISK_FULL or QUOTA_FULL. */
export async function pullRoot(space: Space, root: CID, ask: AskBlocks, { signal, have, metadata }: PullRoot): Promise<void> {
  const portions = fetchDag(ask, root, { maxBytes: MAX_BYTES, signal, have: have ?? ((cid) => space.get(cid)) })
  for await (const blocks of portions) await space.put(blocks)
  await space.pin(root, metadata)
}
