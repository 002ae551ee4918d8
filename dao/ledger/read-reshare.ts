/** Orders to give shares to another committee, and what its members signed: read by the fold, which believes them, and by keyholders, who follow them. Pure. */
import { verifyObject } from '../../core/envelope/index.ts'
import { cborCid, type CID, equalBytes, type ReshareOrder, reshareOrder, reshareReady } from '../../schemas/wire/index.ts'
import { type Refusal, refuse } from './view.ts'

/** A signed order and the name that everything about it carries. */
export interface NamedOrder {
  order: ReshareOrder
  cid: CID
}

/** Reads an order and judges what it alone can show; the codes of `verifyObject`, ORDER_NOT_OURS, BAD_ORDER. */
export function readReshareOrder(
  bytes: Uint8Array,
  { ledger, operator }: { ledger: string; operator: string },
): ({ ok: true } & NamedOrder) | ({ ok: false } & Refusal) {
  const read = verifyObject(reshareOrder, bytes, 'reshare-order', 'by', 8192)
  if (!read.ok) return read
  const order = read.value
  if (order.by !== operator || order.dao !== ledger)
    return { ok: false, ...refuse('ORDER_NOT_OURS', "not an order of this DAO's operator") }
  const { k, members } = order.to
  if (new Set(members).size !== members.length || k > members.length || order.dealers.length !== order.from.k)
    return { ok: false, ...refuse('BAD_ORDER', 'members once each, k of them at most, and k dealers') }
  return { ok: true, order, cid: cborCid(bytes) }
}

/** The hash of the new commitments that every new member signed for its seat; undefined where they did not, or not the same. */
export function agreedSharing(ready: readonly Uint8Array[], { order, cid }: NamedOrder): Uint8Array | undefined {
  const said = ready.map((bytes) => verifyObject(reshareReady, bytes, 'reshare-ready', 'by', 1024))
  const first = said[0]
  if (first?.ok !== true || ready.length !== order.to.members.length) return undefined
  const { commitments } = first.value
  const agree = order.to.members.every((member, i) => {
    const one = said.find((read) => read.ok && read.value.by === member)
    if (one?.ok !== true) return false
    return one.value.x === i + 1 && one.value.order.equals(cid) && equalBytes(one.value.commitments, commitments)
  })
  return agree ? commitments : undefined
}
