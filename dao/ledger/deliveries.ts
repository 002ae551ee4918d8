/** Batches and pool contributions go one way through the ledger; here are the questions that are the same for both. */
import type { Purpose } from '../../schemas/wire/index.ts'
import type { BatchState, LedgerState, PoolContribution, Delivery } from './types.ts'

/** A batch or a contribution, by its manifest. */
export function deliveryOf(state: LedgerState, key: string): BatchState | PoolContribution | undefined {
  return state.batches.get(key) ?? state.contributions.get(key)
}

/** All that was ever revealed: batches, then contributions, each in the order of their reveals. */
export function* deliveries(state: LedgerState): Generator<BatchState | PoolContribution> {
  yield* state.batches.values()
  yield* state.contributions.values()
}

export const isContribution = (one: BatchState | PoolContribution): one is PoolContribution => 'withdrawn' in one

/** Log index of the withdrawal that ended a contribution; null for whatever was not withdrawn. */
export const withdrawnAt = (one: BatchState | PoolContribution): number | null => (isContribution(one) ? one.withdrawn : null)

/** Records or events in it. */
export const recordsIn = (one: BatchState | PoolContribution): number => (isContribution(one) ? one.manifest.records : one.manifest.count)

/** Not void, not taken back, not withdrawn: it may earn. */
export const mayEarn = (one: BatchState | PoolContribution): boolean =>
  one.voided === null && one.retracted === null && withdrawnAt(one) === null

/** Still in the pool: it holds its subject's one slot, and later releases may ask for it. */
export const isLive = (one: PoolContribution): boolean => mayEarn(one) && !one.dropped

/** Whether it is in the pool, and its subject withdrew none of these purposes of it. */
export function isFor(state: LedgerState, one: PoolContribution, purposes: readonly Purpose[]): boolean {
  if (!isLive(one)) return false
  const gone = state.withdrawals.purposesGone(one)
  return !purposes.some((purpose) => gone.has(purpose))
}

/** The way of a delivery begins with its reveal. */
export function revealed(
  facts: Pick<Delivery, 'manifestCid' | 'contributor' | 'salt' | 'commitIndex' | 'revealIndex' | 'epoch'>,
): Delivery {
  return {
    ...facts,
    gathered: facts.epoch,
    moved: false,
    deferrals: 0,
    available: new Set(),
    voided: null,
    retracted: null,
    dropped: false,
    values: null,
    hosts: null,
    settled: null,
  }
}
