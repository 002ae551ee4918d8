/** The orders of a release: what keyholders are shown, and what the assembler then keeps to. One order names so many contributions, a release takes several. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  cborCid,
  type CID,
  type CompleteOrder,
  completeOrder,
  encode,
  equalBytes,
  MAX_MEMBERS,
  MAX_ORDER_BYTES,
  shaped,
} from '../../schemas/wire/index.ts'
import { canaryCommit, canaryKeyOf } from './derive.ts'
import { describeLicence } from './licence.ts'

export interface OrderDraft extends Omit<CompleteOrder, 'v' | 'by' | 's' | 'licence' | 'canaries'> {
  deleteWithinDays: number
  canaries: number
  /** 32 bytes that the operator keeps: with them, and the names in the order, canaries are made again. */
  canaryKey: Uint8Array
}

/** The signed order, its licence and the hash of its canaries' key in it. Throws InvalidInputError BAD_ORDER, WireError BAD_SHAPE. */
export function signOrder({ deleteWithinDays, canaries, canaryKey, ...draft }: OrderDraft, operator: Signer): Uint8Array {
  const { dao, name, trainer, purposes } = draft
  const licence = describeLicence({ dao, name, operator: operator.did, trainer, purposes, deleteWithinDays })
  const names = draft.manifests.map(String)
  if (new Set(names).size !== names.length || new Set(purposes).size !== purposes.length)
    throw new InvalidInputError('BAD_ORDER', 'an order names each contribution and each purpose once')
  const terms = { count: canaries, commit: canaryCommit(canaryKeyOf(canaryKey, { dao, name, trainer })) }
  const order = { v: 1, ...draft, licence: licence.cid, canaries: terms, by: operator.did }
  const bytes = encode(shaped(completeOrder, signObject('release-order', order, operator)))
  if (bytes.byteLength > MAX_ORDER_BYTES)
    throw new InvalidInputError('BAD_ORDER', `an order has at most ${MAX_ORDER_BYTES} bytes; make two releases`)
  return bytes
}

/** As many as one order names. */
const IN_ONE_ORDER = 1024

/** An order as `readOrder` took it, and its bytes. */
export interface ReadOrder {
  value: CompleteOrder
  bytes: Uint8Array
}

/** As many orders of the same terms as the contributions need. Throws InvalidInputError TOO_MANY_CONTRIBUTIONS and what `signOrder` throws. */
export function signOrders(draft: OrderDraft, operator: Signer, inOne = IN_ONE_ORDER): Uint8Array[] {
  const { manifests } = draft
  if (manifests.length > MAX_MEMBERS)
    throw new InvalidInputError(
      'TOO_MANY_CONTRIBUTIONS',
      `one release takes ${MAX_MEMBERS} contributions, and ${manifests.length} are asked for`,
    )
  if (new Set(manifests.map(String)).size !== manifests.length)
    throw new InvalidInputError('BAD_ORDER', 'the orders of a release name each contribution once')
  const count = Math.max(1, Math.ceil(manifests.length / inOne))
  return Array.from({ length: count }, (_, i) => signOrder({ ...draft, manifests: manifests.slice(i * inOne, (i + 1) * inOne) }, operator))
}

/**
 * The terms that the orders of one release share, with the contributions of all of them. Throws InvalidInputError BAD_ORDER where they differ in
 * anything else, or name a contribution twice.
 */
export function oneOrder(orders: readonly ReadOrder[]): CompleteOrder {
  const [first] = orders
  if (first === undefined) throw new InvalidInputError('BAD_ORDER', 'a release is made by an order')
  const termsOf = ({ s: _s, manifests: _manifests, ...terms }: CompleteOrder): Uint8Array => encode(terms)
  const manifests = orders.flatMap(({ value }) => value.manifests)
  const isOne = orders.every(({ value }) => equalBytes(termsOf(value), termsOf(first.value)))
  if (!isOne || new Set(manifests.map(String)).size !== manifests.length)
    throw new InvalidInputError('BAD_ORDER', 'the orders of one release have the same terms, and name each contribution once')
  return { ...first.value, manifests }
}

/** What a manifest says of them: the CID of the one, or that of the list of their CIDs. */
export function ordersCid(orders: readonly ReadOrder[]): CID {
  const cids = orders.map(({ bytes }) => cborCid(bytes))
  return cids.length === 1 ? (cids[0] as CID) : cborCid(encode(cids))
}

/**
 * Reads an order before anything is made of it. Throws InvalidInputError: the codes of `verifyObject`, ORDER_NOT_OURS, ORDER_OF_ANOTHER,
 * ORDER_EXPIRED, OTHER_LICENCE or OTHER_CANARIES.
 */
export function readOrder(
  bytes: Uint8Array,
  given: { dao: string; operator: string; assembler: string; now: number; deleteWithinDays: number; canaryKey: Uint8Array },
): CompleteOrder {
  const read = verifyObject(completeOrder, bytes, 'release-order', 'by', MAX_ORDER_BYTES)
  if (!read.ok) throw new InvalidInputError(read.code, read.message)
  const order = read.value
  const refuse = (code: string, message: string): never => {
    throw new InvalidInputError(code, message)
  }
  if (order.by !== given.operator || order.dao !== given.dao) refuse('ORDER_NOT_OURS', "the order is not of this DAO's operator")
  if (order.assembler !== given.assembler) refuse('ORDER_OF_ANOTHER', `the order names ${order.assembler} as assembler`)
  if (given.now >= order.expires) refuse('ORDER_EXPIRED', 'the order has expired; sign another')
  const { name, trainer, purposes, dao } = order
  const licence = describeLicence({ dao, name, operator: order.by, trainer, purposes, deleteWithinDays: given.deleteWithinDays })
  if (!licence.cid.equals(order.licence)) refuse('OTHER_LICENCE', 'the order names another licence than its terms give')
  if (!equalBytes(order.canaries.commit, canaryCommit(canaryKeyOf(given.canaryKey, order))))
    refuse('OTHER_CANARIES', 'the order speaks of canaries of another key')
  return order
}
