/** How the shares of the pool's contributions stand by the log alone: who of a committee has lost its seat. Whether the others answer, their owners ask. Pure. */
import { isLive } from './deliveries.ts'
import { seatedValidators } from './seats.ts'
import type { LedgerState, PoolContribution } from './types.ts'

export interface CustodyFact {
  one: PoolContribution
  /** Members that hold a seat. */
  live: string[]
}

/** Every contribution in the pool, in the order of their reveals. */
export function custodyOf(state: LedgerState): CustodyFact[] {
  const seated = new Set(seatedValidators(state).map(({ statement }) => statement.validator))
  return [...state.contributions.values()]
    .filter(isLive)
    .map((one) => ({ one, live: one.committee.members.filter((member) => seated.has(member)) }))
}

/** Changes of committee, for keyholders to follow. */
export function reshares(
  state: LedgerState,
): { manifest: PoolContribution['manifestCid']; generation: number; order: Uint8Array; ready: Uint8Array[] }[] {
  return [...state.contributions.values()].flatMap(({ manifestCid, generation, reshared }) =>
    reshared === null ? [] : [{ manifest: manifestCid, generation, ...reshared }],
  )
}
