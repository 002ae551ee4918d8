/** Where an assembler reads sealed chunks: of whoever holds them, one holder after the other. */
import { FatalError, RejectedMessageError } from '../../core/errors/index.ts'
import { type CID, matchesCid } from '../../schemas/wire/index.ts'
import type { ReadChunks } from './open-contribution.ts'

export interface ChunkHolders {
  /** Accounts, the likeliest first. */
  holders: readonly string[]
  /** The blocks in order, undefined where this one lacks one or has no room left in its answer; rejects where nobody answers. */
  ask: (holder: string, cids: readonly CID[], signal?: AbortSignal) => Promise<(Uint8Array | null | undefined)[]>
  /** Before somebody who did not answer is asked once more. */
  reconnect: (holder: string) => Promise<void>
  signal?: AbortSignal
}

/**
 * Gives undefined only where every holder answered and none has it. Where some did not answer it throws RejectedMessageError HOLDERS_AWAY: one
 * contribution then waits for another release, under a name that tells it from what is gone. Throws FatalError HOLDERS_AWAY where no holder answers.
 */
export function chunkReader({ holders, ask, reconnect, signal }: ChunkHolders): ReadChunks {
  return async (cids, own) => {
    const signals = [signal, own].filter((one) => one !== undefined)
    const stop = signals.length === 2 ? AbortSignal.any(signals) : signals[0]
    const found: (Uint8Array | undefined)[] = cids.map(() => undefined)
    let answers = 0
    for (const holder of holders) {
      if (await hasAnswered(holder, cids, found, stop)) answers++
      if (!found.includes(undefined)) return found
    }
    if (answers === holders.length) return found
    const lacking = cids[found.indexOf(undefined)] as CID
    const message = `${holders.length - answers} of ${holders.length} holders of ${String(lacking)} do not answer; run this again when they do`
    throw answers === 0 ? new FatalError('HOLDERS_AWAY', message) : new RejectedMessageError('HOLDERS_AWAY', message)
  }

  /** Puts in what this holder has, asking again while an answer brings more: one answer has room for so many bytes. */
  async function hasAnswered(
    holder: string,
    cids: readonly CID[],
    found: (Uint8Array | undefined)[],
    stop?: AbortSignal,
  ): Promise<boolean> {
    for (;;) {
      const places = cids.flatMap((_, i) => (found[i] === undefined ? [i] : []))
      const blocks = await answered(
        holder,
        places.map((i) => cids[i] as CID),
        stop,
      )
      if (blocks === undefined) return false
      let more = 0
      for (const [at, i] of places.entries()) {
        const block = blocks[at]
        // whoever kept it may have kept something else
        if (block == null || !matchesCid(cids[i] as CID, block)) continue
        found[i] = block
        more++
      }
      if (more === 0 || more === places.length) return true
    }
  }

  async function answered(
    holder: string,
    cids: readonly CID[],
    stop?: AbortSignal,
  ): Promise<(Uint8Array | null | undefined)[] | undefined> {
    for (const isFirst of [true, false]) {
      try {
        if (!isFirst) await reconnect(holder)
        return await ask(holder, cids, stop)
      } catch {
        stop?.throwIfAborted()
      }
    }
    return undefined
  }
}
