/**
 * Fresh shares of the same secret: k old members each share their own share, and each new member adds up what it got with the weights of
 * interpolation. Towards the same members this is a proactive refresh: shares stolen before it and after it do not fit together. Towards others it is a change of
 * committee. s is never rebuilt, and its commitment C0 stays.
 */
import { hkdfSync } from 'node:crypto'
import { ProofError } from '../../core/errors/index.ts'
import { concatBytes, equalBytes, u32, utf8 } from '../../schemas/wire/index.ts'
import { dealPolynomial, type Dealing, publicShare, shareFits } from './shares.ts'
import { Fn, lagrangeAtZero, Point, pointOf, scalarOf } from './group.ts'

/**
 * An old member deals its share to the n new ones. The polynomial follows from the share and the order's CID bytes, so that an order dealt twice, as
 * after a lost answer or a restart, is dealt the same: HKDF-SHA256 of the share, salt: the order, info "quern/sub-dealing/v1\0" ‖ u32be(j), 64 bytes
 * mod the group's order for coefficient j.
 */
export function dealSubShares(share: Uint8Array, { k, n, order }: { k: number; n: number; order: Uint8Array }): Dealing {
  const coefficients = Array.from({ length: k - 1 }, (_, i) => {
    const wide = Buffer.from(hkdfSync('sha256', share, order, concatBytes(utf8('quern/sub-dealing/v1\0'), u32(i + 1)), 64))
    return BigInt(`0x${wide.toString('hex')}`) % Fn.ORDER
  })
  return dealPolynomial([scalarOf(share), ...coefficients], n)
}

export interface SubDealing {
  /** Seat of the dealer in the old committee. */
  from: number
  /** What it dealt to us. */
  share: Uint8Array
  commitments: Uint8Array[]
}

/** Why a dealer's part is refused: OTHER_SHARE (not of what it holds) or BAD_SHARE (not on its own polynomial). */
export function subDealingFault({ from, share, commitments }: SubDealing, old: readonly Uint8Array[], x: number): string | undefined {
  const first = commitments[0]
  if (first === undefined || !equalBytes(first, publicShare(old, from))) return 'OTHER_SHARE'
  return shareFits(share, x, commitments) ? undefined : 'BAD_SHARE'
}

/**
 * The new share of seat `x`, from k dealings that have no fault. All new members must use the same dealers.
 * Throws ProofError NOT_THE_SECRET where the result is no sharing of the old secret: too few dealers, or a bug.
 */
export function joinSubShares(
  dealings: readonly SubDealing[],
  old: readonly Uint8Array[],
): { share: Uint8Array; commitments: Uint8Array[] } {
  const weights = lagrangeAtZero(dealings.map(({ from }) => from))
  const share = dealings.reduce((sum, dealing, i) => Fn.add(sum, Fn.mul(weights[i] as bigint, scalarOf(dealing.share))), 0n)
  const k = dealings[0]?.commitments.length ?? 0
  const commitments = Array.from({ length: k }, (_, j) =>
    dealings
      .reduce((sum, dealing, i) => sum.add(pointOf(dealing.commitments[j] as Uint8Array).multiplyUnsafe(weights[i] as bigint)), Point.ZERO)
      .toBytes(),
  )
  if (commitments[0] === undefined || !equalBytes(commitments[0], old[0] as Uint8Array))
    throw new ProofError('NOT_THE_SECRET', 'the dealt shares do not add up to the old secret')
  return { share: Fn.toBytes(share), commitments }
}
