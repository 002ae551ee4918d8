/** Where an assembler reads sealed chunks: of whoever holds them, one after the other. */
import { FatalError, RejectedMessageError } from '../../core/errors/index.ts'
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
 * Gives undefined only where every holder answered and none has it. Where some did not answer it throws RejectedMessageError HOLDERS_AWAY: one
 * contribution then waits for another release, under a name that tells it from what is gone. Throws FatalError HOLDERS_AWAY where no holder answers.
 */
export function chunkReader({ holders, ask, reconnect, signal }: ChunkHolders): ReadChunk {
  return async (cid) => {
    let answers = 0
    for (const holder of holders) {
      const given = await answered(holder, cid)
      if (given !== undefined) answers++
      // whoever kept it may have kept something else
      if (given?.block !== undefined && matchesCid(cid, given.block)) return given.block
    }
    if (answers === holders.length) return undefined
    const message = `${holders.length - answers} of ${holders.length} holders of ${String(cid)} do not answer; run this again when they do`
    throw answers === 0 ? new FatalError('HOLDERS_AWAY', message) : new RejectedMessageError('HOLDERS_AWAY', message)
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
