/** Takes this keyholder's share of a pool's key: which key, the ledger says; the operator only brings it. */
import type { Clock } from '../../core/effects/index.ts'
import { refusal, type Refusal, signObject, verifyObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type HeldPoolShare, poolShareFits } from '../../dao/custody/index.ts'
import { type CID, encode, MAX_POOL_KEY_PART_BYTES, poolKeyPart } from '../../schemas/wire/index.ts'
import type { DepositKeys } from './deposit-keys.ts'
import type { ShareTable } from './share-table.ts'
import { type PoolView } from '../../dao/pool-access/index.ts'

export interface PoolKeyDeskOptions {
  clock: Clock
  signer: Signer
  view: PoolView
  table: ShareTable
  keys: DepositKeys
}

export class PoolKeyDesk {
  readonly #options: PoolKeyDeskOptions

  constructor(options: PoolKeyDeskOptions) {
    this.#options = options
  }

  /** DAG-CBOR of the poolKeyAck, once the share is on disk. Throws what `DepositKeys.open` and the disk throw. */
  async take(sealed: Uint8Array): Promise<{ ok: true; ack: Uint8Array } | Refusal> {
    const { clock, signer, view, table, keys } = this.#options
    const read = verifyObject(poolKeyPart, await keys.open(sealed), 'pool-key-part', 'by', MAX_POOL_KEY_PART_BYTES)
    if (!read.ok) return read
    const { dao, by, key, x, share } = read.value
    if (by !== view.operator) return refusal('NOT_OPERATOR', 'shares of the pool’s key come from the operator')
    if (dao !== view.ledger) return refusal('OTHER_DAO', `this is a keyholder of ${view.ledger}`)
    // a policy names one key for good, so no other can take its place
    const named = view.poolKey(key)
    if (named === undefined) return refusal('NO_POLICY', 'no policy of this pool names that key')
    if (named.members[x - 1] !== signer.did) return refusal('OTHER_SEAT', `seat ${x} is not ours; see the key's members`)
    if (!poolShareFits(named, signer.did, { x, share })) return refusal('BAD_SHARE', 'the share does not lie on the committed polynomial')
    // of one key and seat only one share fits: what is held is this one
    if (table.poolShare(key) === undefined) await table.putPoolShare(key, { x, share })
    const at = Math.floor(clock.now() / 1000)
    return { ok: true, ack: encode(signObject('pool-key-ack', { v: 1, dao, key, x, by: signer.did, at }, signer)) }
  }

  /** The share with which tokens of that key are answered. */
  held(key: CID): HeldPoolShare | undefined {
    const named = this.#options.view.poolKey(key)
    const share = named && this.#options.table.poolShare(key)
    return share && { ...share, commitments: named.commitments }
  }
}
