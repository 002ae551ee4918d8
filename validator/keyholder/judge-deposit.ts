/** Whether a deposit is taken: consent, custody and arithmetic, in the order of what they cost. Pure. */
import { type Refusal, refusal } from '../../core/envelope/index.ts'
import { checkConsent, type Tombstones } from '../../dao/consent/index.ts'
import { dealtHash, keyCommit, shareFits } from '../../dao/custody/index.ts'
import { aggregatorsOf, faultOfShare } from '../../dao/pool-statistics/index.ts'
import {
  type CID,
  cborCid,
  type Deposit,
  equalBytes,
  MAX_POOL_MANIFEST_BYTES,
  parse,
  type PoolManifest,
  poolManifest,
  WireError,
} from '../../schemas/wire/index.ts'
import { type PoolView } from '../../dao/pool-access/index.ts'

export interface DepositFacts {
  deposit: Deposit
  view: PoolView
  tombstones: Tombstones
  /** Our account. */
  self: string
  /** Unix seconds. */
  now: number
}

export type DepositVerdict = { ok: true; cid: CID; manifest: PoolManifest; receipt: Uint8Array; expires: number } | Refusal

export function judgeDeposit({ deposit, view, tombstones, self, now }: DepositFacts): DepositVerdict {
  let manifest: PoolManifest
  try {
    manifest = parse(poolManifest, deposit.manifest, MAX_POOL_MANIFEST_BYTES)
  } catch (thrown) {
    if (thrown instanceof WireError) return refusal(thrown.code, thrown.message)
    throw thrown
  }
  // whoever holds a share fetches the sealed chunks too: not for strangers. A log that we have not read to its end may name them later
  if (!view.isSubject(manifest.subject))
    return refusal('NOT_JOINED', `${manifest.subject} has not joined to bring personal data; join first`)
  const policy = view.policy(manifest.policy)
  const consent = checkConsent({
    jws: deposit.receipt,
    salt: deposit.salt,
    dao: view.ledger,
    operator: view.operator,
    policy: policy === undefined ? null : { cid: manifest.policy, value: policy },
    manifest,
    tombstones,
    now,
  })
  if (!consent.ok) return refusal(consent.code, consent.message)
  const { k, members } = consent.policy.committee
  if (members[deposit.x - 1] !== self) return refusal('OTHER_SEAT', `seat ${deposit.x} is not ours; see the policy's committee`)
  if (deposit.commitments.length !== k) return refusal('OTHER_COMMITTEE', `the policy asks for ${k} commitments`)
  const [first] = deposit.commitments as [Uint8Array]
  if (!equalBytes(keyCommit(first, dealtHash(deposit.commitments), deposit.salt), manifest.keyCommit))
    return refusal('KEY_COMMIT', 'the commitments are not those of the manifest')
  if (!shareFits(deposit.share, deposit.x, deposit.commitments))
    return refusal('BAD_SHARE', 'the share does not lie on the committed polynomial')
  if (deposit.counts !== undefined) {
    if (aggregatorsOf(consent.policy)?.includes(self) !== true)
      return refusal('NOT_AGGREGATOR', 'the first three keyholders of the policy sum what people count, and nobody else takes a part of it')
    const wrong = faultOfShare(deposit.counts)
    if (wrong !== undefined) return refusal('BAD_COUNTS', wrong)
  }
  const { receipt, hash } = consent
  return { ok: true, cid: cborCid(deposit.manifest), manifest, receipt: hash, expires: receipt.expires }
}
