/** Where sealed chunks lie: with allow-listed peers, unless the policy that their owner agreed to says otherwise. */
import type { Storage } from '../../../core/storage/index.ts'
import { cborCid, type CID, type ConsentPolicy, encode, type PoolKey } from '../../../schemas/wire/index.ts'
import type { Sealed } from './seal-contribution.ts'

/** Keeps the contribution (manifest and chunks, with the policy it names, and what that one names) in the private space, or in the public one for a `publicStorage` policy. */
export async function pinContribution(
  storage: Storage,
  { cid, blocks }: Pick<Sealed, 'cid' | 'blocks'>,
  policy: { cid: CID; value: ConsentPolicy; bytes: Uint8Array; notice: Uint8Array; key?: PoolKey | undefined },
): Promise<void> {
  const space = policy.value.publicStorage ? storage.public : storage.private
  const key = policy.key && encode(policy.key)
  const named = [{ cid: policy.value.notice.cid, bytes: policy.notice }, ...(key ? [{ cid: cborCid(key), bytes: key }] : [])]
  await space.put([{ cid: policy.cid, bytes: policy.bytes }, ...named, ...blocks])
  await space.pin(cid, { what: 'pool' })
}
