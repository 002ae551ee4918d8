import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { byAccount } from './seats.ts'
import type { EpochState, LedgerState } from './types.ts'

const DOMAIN = utf8('quern/beacon/v1\0')

/**
 * R = SHA-256("quern/beacon/v1\0" ‖ preimages sorted by validator account ‖ RFC 6962 root of the first cut+1 entries), over the preimages logged
 * so far in the epoch's beacon phase. Null before the cut; until the `test` entry one more preimage changes it.
 * The last to reveal has one bit of bias per preimage it withholds, and a withheld preimage is a strike (incentives reference 2.1).
 */
export function beaconOf(state: LedgerState, epoch: EpochState | null = state.epoch): Uint8Array | null {
  if (epoch === null || epoch.cut < 0) return null
  if (epoch.beacon !== null) return epoch.beacon
  const root = state.tree.rootAt(epoch.cut + 1)
  if (root === undefined) return null
  const preimages = [...epoch.beaconReveals].toSorted(([a], [b]) => byAccount(a, b)).map(([, preimage]) => preimage)
  return sha256(DOMAIN, ...preimages, root)
}
