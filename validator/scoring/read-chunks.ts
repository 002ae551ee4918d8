/** Fetches sealed chunks from whoever holds them: the DAO's service and the keyholders, by the allow-list that knows us. */
import type { Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { askAgain, blocksProtocol, type Mesh } from '../../core/mesh/index.ts'
import { MAX_SEALED_BYTES } from '../../dao/custody/index.ts'
import { type CID, matchesCid } from '../../schemas/wire/index.ts'

/** Chunks in one question: an answer carries 11 MiB. */
const AT_ONCE = 8

export interface ReadChunks {
  mesh: Pick<Mesh, 'ask'>
  /** Peer ids, asked one after the other. */
  peers: readonly string[]
  logger: Logger
  signal: AbortSignal
}

/** Bytes by CID; what nobody gave is not there. */
export async function readChunks(cids: readonly CID[], { mesh, peers, logger, signal }: ReadChunks): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const peer of peers) {
    const lacking = cids.filter((cid) => !found.has(cid.toString()))
    for (let at = 0; at < lacking.length && !signal.aborted; at += AT_ONCE) {
      const wanted = lacking.slice(at, at + AT_ONCE)
      try {
        const { blocks } = await askAgain(mesh, peer, blocksProtocol, { cids: wanted }, { signal, bytes: wanted.length * MAX_SEALED_BYTES })
        for (const [i, cid] of wanted.entries()) {
          const bytes = blocks[i]
          if (bytes && bytes.byteLength <= MAX_SEALED_BYTES && matchesCid(cid, bytes)) found.set(cid.toString(), bytes)
        }
      } catch (error) {
        logger.debug('chunks-unreachable', { peer, code: codeOf(error) })
        break
      }
    }
  }
  return found
}
