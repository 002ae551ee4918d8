/** The order of a release: what keyholders are shown, and what the assembler then keeps to. */
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type CompleteOrder, completeOrder, encode, equalBytes, MAX_ORDER_BYTES, shaped } from '../../schemas/wire/index.ts'
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
