/** The public part of a pool's key, read without the curve: the fold has to, and so has whoever only looks. */
import { verifyObject } from '../../core/envelope/index.ts'
import { MAX_POOL_KEY_BYTES, type PoolKey, poolKey } from '../../schemas/wire/index.ts'
import { type ConsentProblem, problem } from './policy.ts'

/**
 * Reads one from a stranger's bytes: shape and signature, as many commitments as it takes keyholders (`BAD_KEY`); with `wanted` also that this
 * operator signed it (`NOT_OPERATOR`) for this ledger (`OTHER_DAO`).
 */
export function readPoolKey(
  bytes: Uint8Array,
  wanted?: { dao: string; operator: string },
): { ok: true; key: PoolKey } | ({ ok: false } & ConsentProblem) {
  const read = verifyObject(poolKey, bytes, 'pool-key', 'by', MAX_POOL_KEY_BYTES)
  if (!read.ok) return read
  const { by, k, commitments, members } = read.value
  if (wanted !== undefined && by !== wanted.operator)
    return { ok: false, ...problem('NOT_OPERATOR', 'the pool’s key is not signed by the operator') }
  if (wanted !== undefined && read.value.dao !== wanted.dao)
    return { ok: false, ...problem('OTHER_DAO', `the key is of ${read.value.dao}`) }
  if (commitments.length !== k || k > members.length || new Set(members).size !== members.length)
    return { ok: false, ...problem('BAD_KEY', 'a key has k commitments, and k or more members') }
  return { ok: true, key: read.value }
}

/** Whether a key is of this DAO and this committee, seat for seat. */
export const isKeyOf = ({ dao, k, members }: PoolKey, ledger: string, committee: { k: number; members: readonly string[] }): boolean =>
  dao === ledger &&
  k === committee.k &&
  members.length === committee.members.length &&
  members.every((one, i) => one === committee.members[i])
