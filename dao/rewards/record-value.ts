/**
 * The value of every record of an epoch (incentives reference 3.1): integers from the batches' indexes and sketches alone, floor after each factor,
 * the same on every node.
 */
import { type Charter, type IndexRow, SKETCH_BYTES } from '../../schemas/wire/index.ts'
import { type HostBook, isEstablished } from './host-book.ts'
import { hostKey } from './host-key.ts'
import { mulDiv, mulDivBig, PPM } from './integers.ts'
import { LEASE_OVERLAP, onLease } from './leases.ts'
import type { NoveltyIndex } from './novelty-index.ts'

export type ValueRow = Pick<IndexRow, 'tokens' | 'quality' | 'language' | 'host' | 'contentDigest'>

export interface BatchToValue {
  contributor: string
  rows: readonly ValueRow[]
  /** sketches.bin: 512 bytes per row. */
  sketches: Uint8Array
  /** Whole hours from the fetch to the cut. */
  ageHours: number
}

export interface RecordValue {
  /** v, before credibility. */
  value: number
  /** Most equal lanes, of 128, with anything earlier. */
  novelty: number
  /** v of a chunk whose contribution brings a mail, where its testers find that the mail attests it. */
  attested?: number
}

export interface ValuesOfEpoch {
  /** Beside `batches`: one value per row. */
  values: RecordValue[][]
  /** X_h by host key: what the epoch's records of a host weigh before G. */
  hostMass: Map<string, bigint>
}

export type HoldersOf = (host: string, batch: BatchToValue) => readonly string[]

export interface EpochToValue {
  charter: Charter
  /** Every counted batch of the epoch, in commit order: the first commit owns the novelty. */
  batches: readonly BatchToValue[]
  /** Everything counted in earlier epochs; this epoch's records are added to it. */
  novelty: NoveltyIndex
  hosts: HostBook
  /**
   * Lease holders of a row's host (accounts) in the epoch its batch was gathered for, which an epoch that counts it later does not change;
   * unused where the charter has no leases.
   */
  holders: HoldersOf
}

/**
 * Values all batches of an epoch at once, because G shares what a host may earn pro rata over everybody's records of it: neither order nor
 * identity matters. Throws RangeError when a batch's sketches are not 512 bytes per row.
 */
export function recordValues({ charter, batches, novelty, hosts, holders }: EpochToValue): ValuesOfEpoch {
  const leases = charter.epoch.leases === 'none' ? () => [] : holders
  const lanes = new LaneCounter(novelty, leases)
  const demand = demandOf(charter)
  const hostMass = new Map<string, bigint>()
  let mass = 0n
  let valued = 0n
  const values = batches.map((batch) => {
    if (batch.sketches.byteLength !== batch.rows.length * SKETCH_BYTES) throw new RangeError('sketches.bin holds 512 bytes per row')
    const equalLanes = lanes.of(batch)
    return batch.rows.map((row, i): RecordValue => {
      const host = hostKey(row.host)
      const most = equalLanes[i] ?? 0
      const value = massOf(row, charter, {
        novelty: noveltyPpm(most, charter),
        demand: demand(row),
        freshness: freshnessPpm(batch.ageHours, charter),
        host: isEstablished(hosts.get(host), charter) ? PPM : charter.value.hostNewPpm,
        lease: onLease(leases(row.host, batch), batch.contributor) ? PPM : charter.value.offLeasePpm,
      })
      if (value > 0) {
        hostMass.set(host, (hostMass.get(host) ?? 0n) + BigInt(value))
        mass += BigInt(value)
        valued++
      }
      return { value, novelty: most }
    })
  })
  // A without a past: so many records of the epoch's mean mass
  const allowance = valued === 0n ? 0n : mulDivBig(mass, 1n, valued) * BigInt(charter.value.hostRecords)
  applyHostCurve(batches, values, hostMass, (host) => larger(allowance, 2n * (hosts.get(host)?.ema ?? 0n)))
  return { values, hostMass }
}

interface Factors {
  novelty: number
  demand: number
  freshness: number
  host: number
  lease: number
}

/** v = T·Q·U·D·F·H·O, floor after each, ppm. */
export function massOf(row: Pick<ValueRow, 'tokens' | 'quality'>, { value: rules }: Charter, factors: Factors): number {
  if (row.tokens < rules.minTokens) return 0
  let v = 1000 * Math.min(row.tokens, rules.maxTokens)
  for (const factor of [row.quality, factors.novelty, factors.demand, factors.freshness, factors.host, factors.lease])
    v = mulDiv(v, factor, PPM)
  return v
}

/** U from the most equal lanes of 128: whole at 38 and below, nothing at 90 and above (charter defaults). */
export function noveltyPpm(equalLanes: number, { value: { noveltyFrom, noveltySpan } }: Pick<Charter, 'value'>): number {
  return equalLanes >= noveltyFrom ? 0 : Math.min(PPM, mulDiv(noveltyFrom - equalLanes, PPM, noveltySpan))
}

/** F: falls in a line to one half at `freshnessHours`, then nothing. */
export function freshnessPpm(ageHours: number, { value: { freshnessHours } }: Pick<Charter, 'value'>): number {
  return ageHours > freshnessHours ? 0 : PPM - mulDiv(ageHours, PPM, 2 * freshnessHours)
}

/** G: what `x` of mass on one host earns where `a` earns in full. Slope 1 to a, 1/2 to 4a, 1/4 to 16a, then flat: at most 5.5 a. */
export function hostG(x: bigint, a: bigint): bigint {
  const upTo = (limit: bigint): bigint => (x < limit ? x : limit)
  let g = upTo(a)
  if (x > a) g += (upTo(4n * a) - a) >> 1n
  if (x > 4n * a) g += (upTo(16n * a) - 4n * a) >> 2n
  return g
}

function applyHostCurve(
  batches: readonly BatchToValue[],
  values: RecordValue[][],
  hostMass: ReadonlyMap<string, bigint>,
  allowanceOf: (host: string) => bigint,
): void {
  const curve = new Map([...hostMass].map(([host, x]) => [host, { x, g: hostG(x, allowanceOf(host)) }]))
  batches.forEach(({ rows }, b) =>
    rows.forEach((row, i) => {
      const record = values[b]?.[i]
      const host = curve.get(hostKey(row.host))
      // most hosts stay below A, where G(x) = x and the factor is one
      if (record && host && host.g !== host.x) record.value = Number(mulDivBig(BigInt(record.value), host.g, host.x))
    }),
  )
}

/** D: the first rule that fits language and host (the host itself or one above it) decides; else the default. */
function demandOf({ demand }: Charter): (row: ValueRow) => number {
  const known = new Map<string, number>()
  return ({ language, host }) => {
    const key = `${language} ${host}`
    let ppm = known.get(key)
    if (ppm === undefined) {
      const rule = demand.rules.find(
        (r) => (r.language === null || r.language === language) && (r.host === null || host === r.host || host.endsWith(`.${r.host}`)),
      )
      ppm = rule?.ppm ?? demand.defaultPpm
      known.set(key, ppm)
    }
    return ppm
  }
}

/**
 * Most equal lanes of every row with anything earlier. Both holders of a lease fetch one URL in sixteen on purpose, and that cross-check is worth
 * full value to both: so many rows per host and holder, and one more, do not count the other holder's records of the same host and epoch as
 * earlier. A budget and not the URLs themselves, because two identities of one person could otherwise aim every page at the overlap.
 */
class LaneCounter {
  readonly #novelty: NoveltyIndex
  readonly #holders: HoldersOf
  /** `host account` -> its group in the index, and cross-checks left. */
  readonly #shares = new Map<string, { group: number; left: number; rows: number }>()

  constructor(novelty: NoveltyIndex, holders: HoldersOf) {
    this.#novelty = novelty
    this.#holders = holders
  }

  of(batch: BatchToValue): number[] {
    const { contributor, rows, sketches } = batch
    return rows.map((row, i) => {
      const sketch = sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES)
      const holders = this.#holders(row.host, batch)
      if (holders.length < 2 || !holders.includes(contributor)) return this.#novelty.observe(sketch, row.contentDigest)
      const mine = this.#share(row.host, contributor)
      if (mine.rows++ % LEASE_OVERLAP === 0) mine.left++
      const other = this.#shares.get(`${row.host} ${holders.find((account) => account !== contributor)}`)
      const all = other && mine.left > 0 ? this.#novelty.maxEqualLanes(sketch, row.contentDigest) : undefined
      if (all === undefined || other === undefined) return this.#novelty.observe(sketch, row.contentDigest, mine.group)
      const without = this.#novelty.maxEqualLanes(sketch, row.contentDigest, other.group)
      this.#novelty.add(sketch, row.contentDigest, mine.group)
      if (without < all) mine.left--
      return without
    })
  }

  #share(host: string, account: string): { group: number; left: number; rows: number } {
    const key = `${host} ${account}`
    let share = this.#shares.get(key)
    if (share === undefined) this.#shares.set(key, (share = { group: this.#novelty.newGroup(), left: 0, rows: 0 }))
    return share
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
