/** What has vested: points that no later conduct can take back, and the batches that earned them. */
import type { Purpose } from '../../schemas/wire/index.ts'
import { isVested, paidPoints, splitLargestRemainder } from '../rewards/index.ts'
import { byAccount } from './seats.ts'
import { isFor } from './deliveries.ts'
import type { EpochPoints, LedgerState, PoolContribution } from './types.ts'

/** The last epoch whose table a quorum attested; 0 before the first. */
export function lastFinalEpoch(state: LedgerState): number {
  for (let i = state.results.length - 1; i >= 0; i--) if (state.results[i]?.final) return state.results[i]?.epoch ?? 0
  return 0
}

export const isUnvested = (state: LedgerState, points: EpochPoints): boolean => !isVested(points, lastFinalEpoch(state))

/** What conduct and fraud have left of an epoch's points so far: floor(points of standing batches × cap). What has vested stays so. */
export function leftOf(points: EpochPoints): bigint {
  const standing = [...points.batches.values()].reduce((sum, one) => sum + one, 0n)
  return paidPoints(standing, points)
}

export interface VestedPoints {
  account: string
  epoch: number
  /** floor(points × cap): what may be paid. */
  points: bigint
  /** The same per batch, by manifest CID; sums to `points`. */
  batches: Map<string, bigint>
}

/** Vested points of every contributor for epochs up to and including `throughEpoch`, sorted by epoch and account; nothing void, nothing empty. */
export function vested(state: LedgerState, throughEpoch: number): VestedPoints[] {
  const out: VestedPoints[] = []
  for (const { account, points } of state.contributors.values())
    for (const [epoch, earned] of points) {
      if (epoch > throughEpoch || isUnvested(state, earned)) continue
      const paid = leftOf(earned)
      if (paid === 0n) continue
      const batches = splitLargestRemainder(
        paid,
        [...earned.batches].map(([id, weight]) => ({ id, weight })),
      )
      out.push({ account, epoch, points: paid, batches })
    }
  return out.toSorted((a, b) => a.epoch - b.epoch || byAccount(a.account, b.account))
}

/**
 * Contributions that a release of the pool may ask keyholders for: vested through an epoch and still consented to for all of these purposes, as far
 * as the ledger says, in commit order. Whether a receipt covers a purpose, and is not over, only keyholders know.
 */
export function includedContributions(state: LedgerState, throughEpoch: number, purposes: readonly Purpose[] = []): PoolContribution[] {
  const keys = new Set(
    vested(state, throughEpoch).flatMap(({ batches }) => [...batches].flatMap(([key, points]) => (points > 0n ? [key] : []))),
  )
  return [...state.contributions.values()]
    .filter((one) => keys.has(one.manifestCid.toString()) && isFor(state, one, purposes))
    .toSorted((a, b) => a.commitIndex - b.commitIndex)
}

/** Manifest CIDs of batches that hold vested points through an epoch, in commit order: what a release may select from. */
export function includedBatches(state: LedgerState, throughEpoch: number): string[] {
  const keys = vested(state, throughEpoch).flatMap(({ batches }) => [...batches].flatMap(([key, points]) => (points > 0n ? [key] : [])))
  const commitOf = (key: string): number => state.batches.get(key)?.commitIndex ?? 0
  return keys
    .filter((key) => {
      const batch = state.batches.get(key)
      return batch !== undefined && batch.voided === null && batch.retracted === null
    })
    .toSorted((a, b) => commitOf(a) - commitOf(b))
}
