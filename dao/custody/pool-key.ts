/**
 * The pool's key: one secret for the life of a pool, dealt once. Its dealer is the operator, who could compute tokens until it forgets the secret;
 * THREATS says what that means.
 */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { MAX_POOL_KEY_BYTES, type PoolKey, poolKey, shaped } from '../../schemas/wire/index.ts'
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

/** Reads one from a stranger's bytes: shape, the operator's signature, this ledger (`OTHER_DAO`), as many commitments as it takes keyholders (`BAD_KEY`). */
export function readPoolKey(
  bytes: Uint8Array,
  { dao, operator }: { dao: string; operator: string },
): { ok: true; key: PoolKey } | { ok: false; code: string; message: string } {
  const read = verifyObject(poolKey, bytes, 'pool-key', 'by', MAX_POOL_KEY_BYTES)
  if (!read.ok) return read
  const { by, k, commitments, members } = read.value
  if (by !== operator) return { ok: false, code: 'NOT_OPERATOR', message: 'the pool’s key is not signed by the operator' }
  if (read.value.dao !== dao) return { ok: false, code: 'OTHER_DAO', message: `the key is of ${read.value.dao}` }
  if (commitments.length !== k || k > members.length || new Set(members).size !== members.length)
    return { ok: false, code: 'BAD_KEY', message: 'a key has k commitments, and k or more members' }
  return { ok: true, key: read.value }
}

/** Whether a member may take this share: it stands in its own place and lies on the committed polynomial. */
export const poolShareFits = (key: PoolKey, member: string, { x, share }: Pick<HeldPoolShare, 'x' | 'share'>): boolean =>
  key.members[x - 1] === member && shareFits(share, x, key.commitments)
