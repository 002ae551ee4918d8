/** How the shares of the pool's contributions stand by the log alone: who of a committee has lost its seat. Whether the others answer, their owners ask. Pure. */
import { isLive } from './deliveries.ts'
import { seatedValidators } from './seats.ts'
import type { LedgerState, PoolContribution } from './types.ts'

export type CustodyHealth = 'sound' | 'alarm' | 'lost'

/** `live` of n keyholders answer. Alarm: one more loss but one would close it, reshare now. Lost: fewer than k; its owner may offer it again. */
export function custodyHealth({ k, live }: { k: number; live: number }): CustodyHealth {
  if (live < k) return 'lost'
  return live <= k + 1 ? 'alarm' : 'sound'
}

export interface CustodyFact {
  one: PoolContribution
  /** Members that hold a seat. */
  live: string[]
  /** As if all of these answered. */
  health: CustodyHealth
}

/** Every contribution in the pool, in the order of their reveals. */
export function custodyOf(state: LedgerState): CustodyFact[] {
  const seated = new Set(seatedValidators(state).map(({ statement }) => statement.validator))
  return [...state.contributions.values()].filter(isLive).map((one) => {
    const live = one.committee.members.filter((member) => seated.has(member))
    return { one, live, health: custodyHealth({ k: one.committee.k, live: live.length }) }
  })
}

/** Changes of committee, for keyholders to follow. */
export function reshares(
  state: LedgerState,
): { manifest: PoolContribution['manifestCid']; generation: number; order: Uint8Array; ready: Uint8Array[] }[] {
  return [...state.contributions.values()].flatMap(({ manifestCid, generation, reshared }) =>
    reshared === null ? [] : [{ manifest: manifestCid, generation, ...reshared }],
  )
}
