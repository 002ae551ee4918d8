/** Which records a validator has to test: public once its sampling preimage is open, secret before. */
import { Lru } from '../../schemas/cache/index.ts'
import { type Report, sha256, toHex } from '../../schemas/wire/index.ts'
import { drawIndexes, drawSeed, sampledChunks } from '../rewards/index.ts'
import { byAccount } from './seats.ts'
import type { DrawOf, EpochState, LedgerState } from './types.ts'

/** Pure in seed, count and the masses' digest. */
const drawn = new Lru<string, number[]>(65_536)

/**
 * What `validator` draws with `preimage` (the sampling preimage of this epoch, 32 bytes): for each contributor in whose committee it sits, by
 * account, rows in draw order over that contributor's counted batches in commit order. Empty before the `test` phase.
 * seed = SHA-256("quern/sample/v1\0" ‖ R ‖ preimage ‖ root32); masses are the record values (incentives reference 2.2).
 */
export function drawsFor(state: LedgerState, validator: string, preimage: Uint8Array): DrawOf[] {
  const { epoch } = state
  if (epoch === null || epoch.beacon === null) return []
  const beacon = epoch.beacon
  const assigned = [...epoch.committees].filter(([, committee]) => committee.includes(validator)).map(([contributor]) => contributor)
  return assigned.toSorted(byAccount).map((contributor) => {
    const urn = urnOf(state, epoch, contributor)
    const seed = drawSeed(beacon, preimage, urn.root32)
    const count = state.charter.testing.draws
    const indexes = drawn.recall(`${toHex(seed)}/${count}/${urn.digest}`, () => drawIndexes(seed, urn.masses, count))
    // chunks first: they are few, and what is cut off goes untested
    const picks = [...chunkPicks(state, epoch, beacon, contributor), ...indexes.map((index) => urn.pick(index))]
    return { contributor, picks: picks.slice(0, MOST_PICKS) }
  })
}

/** Of one contributor, as many as a report takes. */
const MOST_PICKS = 1024

/** Of a pool contribution its committee opens the same chunks: those the beacon draws, and keyholders give no others. */
function chunkPicks(state: LedgerState, epoch: EpochState, beacon: Uint8Array, contributor: string): DrawOf['picks'] {
  return epoch.batches.flatMap((key) => {
    const one = state.contributions.get(key)
    if (one?.contributor !== contributor) return []
    return sampledChunks(beacon, one.manifestCid, one.chunks).map((row) => ({ manifest: one.manifestCid, row }))
  })
}

interface Urn {
  root32: Uint8Array
  masses: number[]
  digest: string
  pick(index: number): { manifest: DrawOf['picks'][number]['manifest']; row: number }
}

const urns = new WeakMap<EpochState, Map<string, Urn>>()

/** The masses of one contributor, made once per epoch. */
function urnOf(state: LedgerState, epoch: EpochState, contributor: string): Urn {
  const made = urns.get(epoch) ?? new Map<string, Urn>()
  urns.set(epoch, made)
  const known = made.get(contributor)
  if (known) return known
  const batches = epoch.batches.flatMap((key) => {
    const batch = state.batches.get(key)
    return batch?.contributor === contributor ? [{ manifest: batch.manifestCid, values: epoch.values.get(key) ?? [] }] : []
  })
  const digests = batches.map(({ manifest }) => manifest.multihash.digest)
  const masses = batches.flatMap(({ values }) => values.map(({ value }) => value))
  const urn: Urn = {
    root32: digests.length === 1 ? (digests[0] as Uint8Array) : sha256(...digests),
    masses,
    digest: toHex(sha256(new Uint8Array(Float64Array.from(masses).buffer))),
    pick(index) {
      let row = index
      for (const { manifest, values } of batches) {
        if (row < values.length) return { manifest, row }
        row -= values.length
      }
      throw new RangeError(`draw ${index} lies outside the batches`)
    },
  }
  made.set(contributor, urn)
  return urn
}

/** Why a report is not about exactly the records its author had to draw; undefined when it is. Contributors may come in any order. */
export function sameDraws(report: Report, draws: readonly DrawOf[]): string | undefined {
  if (report.contributions.length !== draws.length)
    return `it covers ${report.contributions.length} contributors instead of ${draws.length}`
  const said = new Map(report.contributions.map((contribution) => [contribution.contributor, contribution]))
  for (const { contributor, picks } of draws) {
    const { results, attested = [] } = said.get(contributor) ?? {}
    if (results?.length !== picks.length) return `it has ${results?.length ?? 0} results for ${contributor} instead of ${picks.length}`
    for (const [i, pick] of picks.entries()) {
      const result = results[i]
      if (!result || result.row !== pick.row || !result.manifest.equals(pick.manifest))
        return `result ${i} for ${contributor} is about a record it did not draw`
      if ((result.pass === false) !== (result.check !== null))
        return `result ${i} for ${contributor} names a check without failing it, or fails without one`
    }
    if (!attested.every((cid) => picks.some(({ manifest }) => manifest.equals(cid))))
      return `it finds a contribution of ${contributor} attested that it did not draw`
  }
  return undefined
}
