/** Asks once more where an answer does not come: what is lost on the way never does, and whoever waits a whole phase for it misses the phase. */
import type { z } from 'zod'
import { codeOf } from '../errors/index.ts'
import type { Mesh, Protocol } from './mesh.ts'

/** Shares of the protocol's time that the earlier attempts get; the last one gets all of it, because a slow line must get through too. */
const PARTS = [12, 4]
/** A line that carries less than this (2 Mbit/s) is slow: how long a larger message is waited for before it counts as lost. */
const BYTES_PER_MS = 256

export interface AskAgain {
  signal?: AbortSignal
  /** What may have to be carried, both ways together; 0 for messages of a few kilobytes. */
  bytes?: number
}

/**
 * As `mesh.ask`, for questions that may be served twice: up to three calls, of a twelfth and a quarter of `limits.timeoutMs` and the whole.
 * Only silence is asked again; a reset, a refusal and a bad reply are answers. Throws what the last call threw.
 */
export async function askAgain<Q extends z.ZodType, R extends z.ZodType>(
  mesh: Pick<Mesh, 'ask'>,
  peer: string,
  protocol: Protocol<Q, R>,
  query: z.infer<Q>,
  { signal, bytes = 0 }: AskAgain = {},
): Promise<z.infer<R>> {
  for (let attempt = 1; ; attempt++) {
    const timeoutMs = patienceMs(protocol, attempt, bytes)
    const isLast = timeoutMs === protocol.limits.timeoutMs
    try {
      return await mesh.ask(peer, protocol, query, { ...(signal && { signal }), timeoutMs })
    } catch (error) {
      if (isLast || codeOf(error) !== 'CALL_TIMEOUT') throw error
    }
  }
}

/** How long the `attempt`-th call (from 1) of a question is waited for, at most `limits.timeoutMs`: for who asks several peers in turn. */
export function patienceMs({ limits: { timeoutMs } }: Protocol, attempt: number, bytes = 0): number {
  const part = PARTS[attempt - 1]
  return part === undefined ? timeoutMs : Math.min(timeoutMs, Math.ceil(timeoutMs / part + bytes / BYTES_PER_MS))
}
