/** The pool's tokens for what is about to be sealed, or none: an offer goes on without them, and counts less. */
import type { Clock, Logger } from '../../../core/effects/index.ts'
import { codeOf, QuernError } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { askForTokens } from '../../../dao/custody/index.ts'
import type { PoolKey } from '../../../schemas/wire/index.ts'

/** Between questions, in milliseconds: keyholders are asked for some twenty seconds beside what their answers take. */
const AGAIN_MS = [500, 1000, 2000, 4000, 4000, 8000]

export interface Tokens {
  /** In order of the bands; none where fewer than k keyholders gave their part. */
  tokens: Uint8Array[]
  /** Why those whose part is missing did not give it, by account. */
  faults: Record<string, string>
}

/** Call it once the account has joined: keyholders answer nobody else. Rejects with the signal's reason. */
export async function poolTokens(asking: {
  mesh: Mesh
  clock: Clock
  /** The subject. */
  signer: Signer
  logger: Logger
  key: PoolKey
  bands: readonly Uint8Array[]
  signal: AbortSignal
}): Promise<Tokens> {
  try {
    const { tokens, faults } = await askForTokens({ ...asking, again: AGAIN_MS })
    return { tokens, faults: Object.fromEntries(faults) }
  } catch (error) {
    asking.signal.throwIfAborted()
    if (!(error instanceof QuernError) || error.code !== 'NOT_ENOUGH_KEYHOLDERS') throw error
    asking.logger.warn('no-tokens', { code: codeOf(error) })
    return { tokens: [], faults: error.detail['faults'] as Record<string, string> }
  }
}
