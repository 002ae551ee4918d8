/** What the `test` entry fixes: the beacon, the value of every record, and who tests whom. */
import { Lru } from '../../schemas/cache/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { committeeOf, NO_VALUES, type Seat, type Standing } from '../rewards/index.ts'
import { beaconOf } from './beacon.ts'
import { deliveryOf } from './deliveries.ts'
import type { EpochState, LedgerState } from './types.ts'
import { valueContributions } from './value-contributions.ts'
import type { View } from './view.ts'

/** A contributor put off this often is tested by every validator. */
export const MAX_DEFERRALS = 3

export function valueEpoch(view: View, epoch: EpochState): void {
  const { state, engine } = view
  const valued = state.light ? null : engine.valueEpoch(view, epoch)
  if (valued) {
    for (const { key, values, hosts, broken } of valued.batches) {
      const batch = state.batches.get(key)
      if (!batch) continue
      batch.values = values
      batch.hosts = hosts
      if (broken) batch.voided = { check: broken, index: view.index, by: '', row: 0 }
    }
    epoch.hostMass = valued.hostMass
    for (const [key, values] of valueContributions(view, epoch)) {
      const contribution = state.contributions.get(key)
      if (contribution) contribution.values = values
    }
  }
  for (const key of epoch.batches) epoch.values.set(key, deliveryOf(state, key)?.values ?? NO_VALUES)
  const beacon = beaconOf(state, epoch) ?? new Uint8Array(32)
  epoch.beacon = beacon
  const key = `${toHex(state.tree.rootAt(view.index) ?? beacon)}/${state.light}`
  epoch.committees = drawn.recall(
    key,
    () => new Map(contributorsOf(state, epoch).map((contributor) => [contributor, committeeFor(state, epoch, beacon, contributor)])),
  )
}

/** Committees follow from the log before the entry, so every replica in a process shares them. */
const drawn = new Lru<string, ReadonlyMap<string, string[]>>(64)

/** Contributors with a counted batch, in commit order. */
export function contributorsOf(state: LedgerState, epoch: EpochState): string[] {
  return [...new Set(epoch.batches.flatMap((key) => deliveryOf(state, key)?.contributor ?? []))]
}

/** How often these batches' contributor was put off at most. */
export function deferralsOf(state: LedgerState, epoch: EpochState, contributor: string): number {
  let most = 0
  for (const key of epoch.batches) {
    const batch = deliveryOf(state, key)
    if (batch?.contributor === contributor) most = Math.max(most, batch.deferrals)
  }
  return most
}

function committeeFor(state: LedgerState, epoch: EpochState, beacon: Uint8Array, contributor: string): string[] {
  const seats: Seat[] = epoch.roster.flatMap((account) => {
    const seat = state.validators.get(account)
    // also one removed since the cut: whoever knows the beacon must not choose who tests
    return seat ? [{ account, operator: seat.statement.operator, asn: seat.statement.asn }] : []
  })
  const { testing, validators } = state.charter
  if (deferralsOf(state, epoch, contributor) >= MAX_DEFERRALS)
    return seats.map((seat) => seat.account).filter((account) => account !== contributor)
  const self = state.validators.get(contributor)?.statement
  const facts: Standing = { operator: self?.operator ?? null, asn: self?.asn ?? null }
  return committeeOf(beacon, contributor, seats, testing.committee, validators.independence, facts)
}
