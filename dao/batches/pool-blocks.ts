/** A pool contribution as it lies with keyholders and the DAO: manifest, sealed chunks, and the ledger files these name, in the private space. */
import type { Clock } from '../../core/effects/index.ts'
import { deadlineOf, type Mesh } from '../../core/mesh/index.ts'
import type { Storage } from '../../core/storage/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { askPeer, pullRoot } from './pull-root.ts'

/** One try at one source; what came by then stays and is not asked for again. */
const SOURCE_MS = 120_000
const TOO_SLOW = { code: 'TOO_SLOW', message: 'the contribution did not come in the time there is for one source' }

export interface PullPool {
  mesh: Mesh
  storage: Storage
  clock: Clock
  signal: AbortSignal
  /** Ledger files that are here already: policy, notice, index. */
  file: (cid: CID) => Uint8Array | undefined
}

/** Resolves when all of it is pinned here. Throws what `fetchDag` does, RetryableError TOO_SLOW, and FatalError DISK_FULL or QUOTA_FULL. */
export async function pullContribution(manifest: CID, source: string, { mesh, storage, clock, signal, file }: PullPool): Promise<void> {
  const space = storage.private
  if (await space.isPinned(manifest)) return
  using time = deadlineOf(clock, SOURCE_MS, TOO_SLOW, [signal])
  const have = async (cid: CID): Promise<Uint8Array | undefined> => file(cid) ?? (await space.get(cid))
  await pullRoot(space, manifest, askPeer(mesh, source), { signal: time.signal, have, metadata: { what: 'pool' } })
}

/** After a withdrawal: unreadable bytes are nobody's to keep either. What else is being pulled just then stays. */
export async function dropContribution(manifest: CID, { storage }: Pick<PullPool, 'storage'>): Promise<void> {
  await storage.private.drop(manifest)
}
