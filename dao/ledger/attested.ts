/** Which contributions of an epoch are attested: by their testers' word on the mails, and one account for one of them. */
import { exportMailTermsOf, poolTermsOf, toHex } from '../../schemas/wire/index.ts'
import { isLive } from './deliveries.ts'
import type { ChunkVerdicts } from './judge-chunks.ts'
import { hasEarned } from './token-book.ts'
import type { EpochState, LedgerState } from './types.ts'

/**
 * Manifests of the epoch whose mails most testers found good, and whose accounts no other subject holds: one that was attested, as long as that
 * contribution lives, and also after its end where it earned.
 */
export function claimsIn(state: LedgerState, epoch: EpochState, verdicts: ReadonlyMap<string, ChunkVerdicts>): ReadonlySet<string> {
  // a charter that took mails when they were revealed may take none by now
  if (exportMailTermsOf(poolTermsOf(state.charter)) === undefined) return new Set()
  const holders = new Map<string, string>()
  for (const one of state.contributions.values())
    if (one.attested === true && one.account !== null && (isLive(one) || hasEarned(state, one)))
      holders.set(toHex(one.account), one.contributor)
  const claims = epoch.batches.filter((key) => {
    const one = state.contributions.get(key)
    if (!one?.account || !isLive(one) || verdicts.get(one.contributor)?.mailed.has(key) !== true) return false
    return (holders.get(toHex(one.account)) ?? one.contributor) === one.contributor
  })
  return new Set(claims)
}

/** Of these claims, in commit order, the first of each account that earns by it: what is worth nothing, or is not settled yet, takes nobody's place. */
export function attestedOf(
  { contributions }: LedgerState,
  claims: ReadonlySet<string>,
  earns: (contributor: string, manifest: string) => boolean,
): ReadonlySet<string> {
  const holders = new Map<string, string>()
  return new Set(
    [...claims].filter((key) => {
      const one = contributions.get(key)
      if (!one?.account || !earns(one.contributor, key)) return false
      const account = toHex(one.account)
      const holder = holders.get(account) ?? one.contributor
      holders.set(account, holder)
      return holder === one.contributor
    }),
  )
}
