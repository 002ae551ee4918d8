/** What the dealers of a reshare gave one new member: whether it is of one sharing, and which of their papers is the newest. Pure. */
import { subDealingFault } from '../../dao/custody/index.ts'
import { cborCid, type CID, encode, equalBytes, type ReshareOrder, type SubShare, toHex } from '../../schemas/wire/index.ts'

/** The part of a dealer that holds the newest consent. */
export const newestPaper = (parts: readonly [SubShare, ...SubShare[]]): SubShare =>
  parts.reduce((newest, part) => (part.receipts.length > newest.receipts.length ? part : newest))

/** One part from each dealer, all of one sharing of one secret, each on its own polynomial. */
export function partsFault(parts: readonly SubShare[], order: ReshareOrder, cid: CID, x: number): string | undefined {
  const [first] = parts
  if (first === undefined || parts.length !== order.dealers.length) return 'WRONG_COUNT'
  if (!cborCid(first.manifest).equals(order.manifest)) return 'OTHER_MANIFEST'
  const froms = parts.map(({ from }) => from)
  if (new Set(froms).size !== froms.length || froms.some((from) => !order.dealers.includes(from))) return 'OTHER_DEALER'
  const { old, salt, dealt, manifest } = first
  const shared = encode({ old, salt, dealt, manifest })
  const { receipts } = newestPaper(parts as [SubShare, ...SubShare[]])
  for (const part of parts) {
    const theirs = encode({ old: part.old, salt: part.salt, dealt: part.dealt, manifest: part.manifest })
    if (!part.order.equals(cid) || part.x !== x || !equalBytes(theirs, shared)) return 'OTHER_SHARING'
    // a chain that came back to an older receipt would bring that consent back
    if (new Set(part.receipts.map(toHex)).size !== part.receipts.length) return 'OTHER_SHARING'
    // a dealer may have missed a renewal, and holds the chain up to there
    if (part.receipts.some((hash, i) => !equalBytes(hash, receipts[i] as Uint8Array))) return 'OTHER_SHARING'
    if (part.commitments.length !== order.to.k || part.old.length !== order.from.k) return 'OTHER_COMMITTEE'
    const fault = subDealingFault(part, old, x)
    if (fault !== undefined) return fault
  }
  return undefined
}
