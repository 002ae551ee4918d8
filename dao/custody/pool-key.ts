/**
 * The pool's key: one secret for the life of a pool, dealt once. Its dealer is the operator, who could compute tokens until it forgets the secret;
 * THREATS says what that means.
 */
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type PoolKey, poolKey, shaped } from '../../schemas/wire/index.ts'
import type { HeldPoolShare } from './pool-tokens.ts'
import { deal, shareFits } from './shares.ts'

/** The public part, signed, and one share for each member in order. The secret is not kept. */
export function dealPoolKey(
  { dao, k, members, at }: { dao: string; k: number; members: readonly string[]; at: number },
  operator: Signer,
): { key: PoolKey; shares: HeldPoolShare[] } {
  const { shares, commitments } = deal({ k, n: members.length })
  const key = shaped(poolKey, signObject('pool-key', { v: 1, dao, k, members: [...members], commitments, by: operator.did, at }, operator))
  return { key, shares: shares.map((share, i) => ({ x: i + 1, share, commitments })) }
}

/** Whether a member may take this share: it stands in its own place and lies on the committed polynomial. */
export const poolShareFits = (key: PoolKey, member: string, { x, share }: Pick<HeldPoolShare, 'x' | 'share'>): boolean =>
  key.members[x - 1] === member && shareFits(share, x, key.commitments)
