/** How a pool's shares stand, as a service that asks its keyholders sees it. Pure. */
import { custodyOf, type CustodyHealth, type LedgerState, isOld, resharesIn, seatedValidators, SHARE_DAYS } from '../ledger/index.ts'

export interface CustodyStanding {
  keyholders: {
    account: string
    seated: boolean
    /** Of how many contributions it holds shares. */
    contributions: number
    /** Unix seconds since when it has not answered; null where it does, or not for long enough to be told. */
    silentSince: number | null
  }[]
  /** By how many of their keyholders are seated and not silent. */
  contributions: Record<CustodyHealth, number>
  /** Contributions whose shares were dealt longer ago than they should. */
  old: number
  /** Changes of committee, and fresh shares, in the log. */
  reshares: number
}

/** `silent`: since when, by account, in Unix seconds; so is `now`. */
export function standingOf(state: LedgerState, silent: ReadonlyMap<string, number>, now: number, days = SHARE_DAYS): CustodyStanding {
  const facts = custodyOf(state, new Set(silent.keys()))
  const held = new Map<string, number>()
  for (const { one } of facts) for (const member of one.committee.members) held.set(member, (held.get(member) ?? 0) + 1)
  const seatHolders = new Set(seatedValidators(state).map(({ statement }) => statement.validator))
  const contributions = { sound: 0, alarm: 0, lost: 0 }
  for (const { health } of facts) contributions[health]++
  return {
    keyholders: [...held].map(([account, count]) => ({
      account,
      seated: seatHolders.has(account),
      contributions: count,
      silentSince: silent.get(account) ?? null,
    })),
    contributions,
    old: facts.filter((fact) => isOld(fact, now, days)).length,
    reshares: resharesIn(state),
  }
}
