/**
 * Host leases (DESIGN 4.1): per host and epoch the two contributors that hash lowest crawl it, and together they are one polite crawler.
 * They divide its URLs by a hash bit; every sixteenth URL belongs to both, as a cross-check.
 */
import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { byHash } from './lowest-hash.ts'

export const LEASE_HOLDERS = 2
/** One URL in this many is fetched by both holders. */
export const LEASE_OVERLAP = 16

/** The `count` accounts with the lowest SHA-256("quern/lease/v1\0" ‖ previous beacon ‖ host ‖ 0x00 ‖ account); `host` in lower case. */
export function leaseHolders(previousBeacon: Uint8Array, host: string, contributors: readonly string[], count = LEASE_HOLDERS): string[] {
  const prefix = [utf8('quern/lease/v1\0'), previousBeacon, utf8(host), Uint8Array.of(0)]
  return byHash(contributors, (account) => account, ...prefix).slice(0, count)
}

/** Both holders of a host among contributors that joined before the last cut; fewer when there are fewer. */
export function leases({ beacon, host, contributors }: { beacon: Uint8Array; host: string; contributors: readonly string[] }): string[] {
  return leaseHolders(beacon, host, contributors, LEASE_HOLDERS)
}

/** Whether a record of this host counts in full for `account`: it holds the lease, or nobody does (an epoch without earlier members). */
export function onLease(holders: readonly string[], account: string): boolean {
  return holders.length === 0 || holders.includes(account)
}

/** Whether `account` is to fetch `url`. Two holders: the low bit of SHA-256("quern/lease-url/v1\0" ‖ url) names one, four more bits 0 name both. */
export function assigned({ url, holders, account }: { url: string; host?: string; holders: readonly string[]; account: string }): boolean {
  const mine = holders.indexOf(account)
  if (holders.length < LEASE_HOLDERS) return onLease(holders, account)
  if (mine < 0) return false
  const digest = sha256(utf8('quern/lease-url/v1\0'), utf8(url))
  const overlap = ((digest[1] ?? 0) & (LEASE_OVERLAP - 1)) === 0
  return overlap || ((digest[0] ?? 0) & 1) === mine
}
