/** Which hosts a validator asks again in an epoch whether they still want to be read: a lottery, so that a host is asked little and by no chosen one. */
import type { EpochState, LedgerState } from '../../dao/ledger/index.ts'
import { coversHost } from '../../dao/optouts/index.ts'
import { compareBytes, sha256, utf8 } from '../../schemas/wire/index.ts'

/** Validators that ask one host again in an epoch. */
const ASKED_BY = 2
/** Hosts that one validator asks in an epoch; of more, other ones in every epoch. */
export const MAX_HOSTS_PER_ROUND = 1000

/**
 * Hosts with a record that a release may still take, that fall to `me` by the two lowest SHA-256("quern/recheck/v1\0" ‖ beacon ‖ host ‖ 0x00 ‖
 * account) of the roster. Hosts that opted out of everything are not asked any more.
 */
export function recheckedHosts(state: LedgerState, epoch: Pick<EpochState, 'roster' | 'beacon'>, me: string): string[] {
  const gone = state.optouts.flatMap(({ domain, pattern }) => (pattern === null ? [domain] : []))
  const hosts = new Set<string>()
  for (const batch of state.batches.values()) {
    if (batch.voided !== null || batch.retracted !== null) continue
    for (const host of new Set(batch.hosts ?? [])) hosts.add(host)
  }
  const lots: { host: string; lot: Uint8Array }[] = []
  for (const host of hosts) {
    const prefix = [utf8('quern/recheck/v1\0'), epoch.beacon ?? new Uint8Array(32), utf8(host), Uint8Array.of(0)]
    const lotOf = (account: string): Uint8Array => sha256(...prefix, utf8(account))
    const mine = lotOf(me)
    const before = epoch.roster.filter((account) => account !== me && compareBytes(lotOf(account), mine) < 0)
    if (before.length < ASKED_BY && !gone.some((domain) => coversHost(domain, host))) lots.push({ host, lot: mine })
  }
  return lots
    .toSorted((a, b) => compareBytes(a.lot, b.lot))
    .slice(0, MAX_HOSTS_PER_ROUND)
    .map(({ host }) => host)
}
