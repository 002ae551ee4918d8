/** The public part of a pool's key, read without the curve: the fold has to, and so has whoever only looks. */
import { verifyObject } from '../../core/envelope/index.ts'
import { MAX_POOL_KEY_BYTES, type PoolKey, poolKey } from '../../schemas/wire/index.ts'
import { type ConsentProblem, problem } from './policy.ts'

/** Reads one from a stranger's bytes: shape, the signature of `operator` (of whoever it names as `by` when left out), as many commitments as it takes keyholders (`NOT_OPERATOR`, `BAD_KEY`). */
export function readPoolKey(bytes: Uint8Array, operator?: string): { ok: true; key: PoolKey } | ({ ok: false } & ConsentProblem) {
  const read = verifyObject(poolKey, bytes, 'pool-key', 'by', MAX_POOL_KEY_BYTES)
  if (!read.ok) return read
  const { by, k, commitments, members } = read.value
  if (operator !== undefined && by !== operator)
    return { ok: false, ...problem('NOT_OPERATOR', 'the pool’s key is not signed by the operator') }
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
