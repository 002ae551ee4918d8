/** Where an assembler reads sealed chunks: of whoever holds them, one after the other. */
import { FatalError } from '../../core/errors/index.ts'
import { type CID, matchesCid } from '../../schemas/wire/index.ts'
import type { ReadChunk } from './open-contribution.ts'

export interface ChunkHolders {
  /** Accounts, the likeliest first. */
  holders: readonly string[]
  /** The block, undefined where this one lacks it; rejects where nobody answers. */
  ask: (holder: string, cid: CID) => Promise<Uint8Array | undefined>
  /** Before somebody who did not answer is asked once more. */
  reconnect: (holder: string) => Promise<void>
  signal?: AbortSignal
}

/**
 * Gives undefined only where somebody answered and nobody has it: whoever left is left out for that, and nobody may be left out because of a line
 * that was down for a moment. Throws FatalError HOLDERS_AWAY where no holder answers.
 */
export function chunkReader({ holders, ask, reconnect, signal }: ChunkHolders): ReadChunk {
  return async (cid) => {
    let hasAnswer = false
    for (const holder of holders) {
      const given = await answered(holder, cid)
      hasAnswer ||= given !== undefined
      // whoever kept it may have kept something else
      if (given?.block !== undefined && matchesCid(cid, given.block)) return given.block
    }
    if (hasAnswer) return undefined
    throw new FatalError(
      'HOLDERS_AWAY',
      `neither the service nor a keyholder answers when asked for ${String(cid)}; run this again when they do`,
    )
  }

  async function answered(holder: string, cid: CID): Promise<{ block: Uint8Array | undefined } | undefined> {
    for (const isFirst of [true, false]) {
      try {
        if (!isFirst) await reconnect(holder)
        return { block: await ask(holder, cid) }
      } catch {
        signal?.throwIfAborted()
      }
    }
    return undefined
  }
}
