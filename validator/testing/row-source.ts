/** Where a contributor's leaves come from: itself, or whoever holds its batch. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { blocksProtocol, type Mesh, patienceMs } from '../../core/mesh/index.ts'
import type { AskBlocks } from '../../dao/batches/index.ts'
import { matchesCid } from '../../schemas/wire/index.ts'

export interface RowSourceOptions {
  mesh: Mesh
  /** Peer ids, the likeliest first. */
  peers: readonly string[]
  /** How long one question may take. */
  askMs: number
  clock: Clock
  logger: Logger
}

const ATTEMPTS = 3
const RETRY_MS = 500

/**
 * Blocks from the first peer, what it lacks from the next; asked again a few times, because a home line may drop for a moment. A peer that did
 * not answer is asked last from then on: one that stalls delays the first rows and not every one.
 */
export function rowSource({ mesh, peers, askMs, clock, logger }: RowSourceOptions): AskBlocks {
  const faults = new Map<string, number>()
  const faultsOf = (peer: string): number => faults.get(peer) ?? 0
  return async (cids, signal, most) => {
    const found: (Uint8Array | null)[] = cids.map(() => null)
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      for (const peer of peers.toSorted((a, b) => faultsOf(a) - faultsOf(b))) {
        const lacking = cids.flatMap((cid, i) => (found[i] === null ? [{ cid, i }] : []))
        if (lacking.length === 0) return found
        try {
          // each attempt is waited for longer: what was lost on the way never comes
          const timeoutMs = Math.min(askMs, patienceMs(blocksProtocol, attempt, most))
          const { blocks } = await mesh.ask(peer, blocksProtocol, { cids: lacking.map(({ cid }) => cid) }, { signal, timeoutMs })
          for (const [k, { cid, i }] of lacking.entries()) {
            const bytes = blocks[k]
            if (bytes && matchesCid(cid, bytes)) found[i] = bytes
          }
        } catch (error) {
          signal.throwIfAborted()
          faults.set(peer, faultsOf(peer) + 1)
          logger.debug('blocks-unreachable', { peer, code: codeOf(error) })
        }
      }
      if (!found.includes(null)) return found
      if (attempt < ATTEMPTS) await clock.sleep(RETRY_MS * attempt, signal)
    }
    return found
  }
}
