/** Fetches sealed chunks from whoever holds them: the DAO's service and the keyholders, by the allow-list that knows us. */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { askAgain, blocksProtocol, deadlineOf, type Mesh } from '../../core/mesh/index.ts'
import { MAX_SEALED_BYTES } from '../../dao/custody/index.ts'
import { type CID, matchesCid } from '../../schemas/wire/index.ts'

/** Chunks in one question: an answer carries 11 MiB. */
const AT_ONCE = 8

export interface ReadChunks {
  mesh: Pick<Mesh, 'ask'>
  /** Peer ids, asked one after the other. */
  peers: readonly string[]
  clock: Clock
  logger: Logger
  /** What there is for all of them. Each has an even part of what those before it left. */
  shareMs: number
  signal: AbortSignal
}

const PART_USED = { code: 'PART_USED', message: "this peer's part of the time is used up" }

/** Bytes by CID; what nobody gave is not there. */
export async function readChunks(cids: readonly CID[], options: ReadChunks): Promise<Map<string, Uint8Array>> {
  const { peers, clock, shareMs, signal } = options
  const found = new Map<string, Uint8Array>()
  const until = clock.now() + shareMs
  for (const [i, peer] of peers.entries()) {
    const lacking = cids.filter((cid) => !found.has(cid.toString()))
    if (lacking.length === 0 || signal.aborted) break
    using part = deadlineOf(clock, Math.max(0, Math.floor((until - clock.now()) / (peers.length - i))), PART_USED, [signal])
    await readFrom(peer, lacking, { ...options, signal: part.signal, found })
  }
  return found
}

async function readFrom(
  peer: string,
  cids: readonly CID[],
  { mesh, logger, signal, found }: ReadChunks & { found: Map<string, Uint8Array> },
): Promise<void> {
  try {
    for (let at = 0; at < cids.length && !signal.aborted; at += AT_ONCE) {
      const wanted = cids.slice(at, at + AT_ONCE)
      const { blocks } = await askAgain(mesh, peer, blocksProtocol, { cids: wanted }, { signal, bytes: wanted.length * MAX_SEALED_BYTES })
      for (const [i, cid] of wanted.entries()) {
        const bytes = blocks[i]
        if (bytes && bytes.byteLength <= MAX_SEALED_BYTES && matchesCid(cid, bytes)) found.set(cid.toString(), bytes)
      }
    }
  } catch (error) {
    logger.debug('chunks-unreachable', { peer, code: codeOf(error) })
  }
}
