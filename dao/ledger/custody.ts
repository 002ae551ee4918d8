/** How the shares of the pool's contributions stand by the log: who of a committee has lost its seat. Whether the others answer is told by who asks them. Pure. */
import { isLive } from './deliveries.ts'
import { seatedValidators } from './seats.ts'
import type { LedgerState, PoolContribution } from './types.ts'

/** A share that is stolen is of use until the next dealing: so old a dealing may be before the next one is due, in days. */
export const SHARE_DAYS = 31
const DAY_SECONDS = 86_400

export type CustodyHealth = 'sound' | 'alarm' | 'lost'

/** `live` of n keyholders answer. Alarm: one more loss but one would close it, reshare now. Lost: fewer than k; its owner may offer it again. */
export function custodyHealth({ k, live }: { k: number; live: number }): CustodyHealth {
  if (live < k) return 'lost'
  return live <= k + 1 ? 'alarm' : 'sound'
}

export interface CustodyFact {
  one: PoolContribution
  /** Members that hold a seat, and are not known to be silent. */
  live: string[]
  /** As if all of these answered. */
  health: CustodyHealth
}

/** Every contribution in the pool, in the order of their reveals. `silent`: accounts that keep their seat and are counted as gone all the same. */
export function custodyOf(state: LedgerState, silent?: ReadonlySet<string>): CustodyFact[] {
  return [...state.contributions.values()].filter(isLive).map(judged(state, silent))
}

/** Of one contribution; undefined where it is not in the pool (any more). */
export function custodyOfOne(state: LedgerState, manifest: PoolContribution['manifestCid']): CustodyFact | undefined {
  const one = state.contributions.get(manifest.toString())
  return one !== undefined && isLive(one) ? judged(state)(one) : undefined
}

function judged(state: LedgerState, silent?: ReadonlySet<string>): (one: PoolContribution) => CustodyFact {
  const seated = new Set(seatedValidators(state).map(({ statement }) => statement.validator))
  return (one) => {
    const live = one.committee.members.filter((member) => seated.has(member) && silent?.has(member) !== true)
    return { one, live, health: custodyHealth({ k: one.committee.k, live: live.length }) }
  }
}

/** Whether shares were dealt so many days ago, or more. What was revealed before the log had times is as old as nobody knows, and left alone. */
export function isOld({ one: { dealtAt } }: CustodyFact, now: number, days = SHARE_DAYS): boolean {
  return dealtAt > 0 && now - dealtAt > days * DAY_SECONDS
}

/** How often shares of what is or was in the pool changed hands or were dealt anew: who has seen more of the log counts more. */
export const resharesIn = (state: LedgerState): number =>
  [...state.contributions.values()].reduce((sum, { generation }) => sum + generation, 0)

/** Changes of committee, for keyholders to follow. */
export function reshares(
  state: LedgerState,
): { manifest: PoolContribution['manifestCid']; generation: number; order: Uint8Array; ready: Uint8Array[] }[] {
  return [...state.contributions.values()].flatMap(({ manifestCid, generation, reshared }) =>
    reshared === null ? [] : [{ manifest: manifestCid, generation, ...reshared }],
  )
}
