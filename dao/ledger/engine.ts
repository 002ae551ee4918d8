/**
 * The fold's memory of everything ever counted, which decides novelty. It belongs to one replica; results are shared between all replicas of a
 * process by the root of the log they follow from: entries and the files they name decide them, and nothing else does.
 */
import { Lru } from '../../schemas/cache/index.ts'
import { type Check, type CID, sha256Hex, SKETCH_BYTES, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type BatchToValue, type HoldersOf, leaseHolders, NoveltyIndex, recordValues, RowValues } from '../rewards/index.ts'
import { readBatch } from './read-batch.ts'
import type { BatchState, EpochState, LedgerState } from './types.ts'
import type { View } from './view.ts'

export interface ValuedBatch {
  key: string
  values: RowValues
  hosts: string[]
  /** The check that the index or sketches fail as files; the batch is void then. */
  broken: Check | null
}

export interface ValuedEpoch {
  batches: ValuedBatch[]
  hostMass: ReadonlyMap<string, bigint>
}

/** Rows of a batch that entered the novelty index: those within its contributor's quota. */
interface Counted {
  manifest: CID
  rows: number
}

const valuedEpochs = new Lru<string, { valued: ValuedEpoch; counted: Counted[] }>(64)

export class Engine {
  #novelty = new NoveltyIndex()
  /** All that was ever counted, in order; the index holds the first `#indexed` of it. */
  readonly #counted: Counted[] = []
  #indexed = 0

  /** Values of the batches that this epoch counts for the first time. Changes nothing but this engine. */
  valueEpoch(view: View, epoch: EpochState): ValuedEpoch {
    const key = toHex(view.state.tree.rootAt(view.index) ?? new Uint8Array())
    let result = valuedEpochs.get(key)
    if (result === undefined) {
      this.#catchUp(view)
      result = this.#compute(view, epoch)
      valuedEpochs.set(key, result)
      this.#indexed = this.#counted.length + result.counted.length
    }
    this.#counted.push(...result.counted)
    return result.valued
  }

  #compute(view: View, epoch: EpochState): { valued: ValuedEpoch; counted: Counted[] } {
    const { state, files } = view
    const fresh = epoch.batches.flatMap((key) => {
      const batch = state.batches.get(key)
      return batch && batch.values === null ? [{ key, batch, read: readBatch(files, batch) }] : []
    })
    const quotas = new Map<string, number>()
    const valuing = fresh.flatMap(({ key, batch, read }) => {
      if (!read.ok) return []
      const left = quotas.get(batch.contributor) ?? state.contributors.get(batch.contributor)?.quota ?? read.rows.length
      const rows = Math.min(read.rows.length, left)
      if (state.contributors.get(batch.contributor)?.quota !== null) quotas.set(batch.contributor, left - rows)
      const toValue: BatchToValue = {
        contributor: batch.contributor,
        rows: read.rows.slice(0, rows),
        sketches: read.sketches.subarray(0, rows * SKETCH_BYTES),
        ageHours: ageHours(state, epoch, batch),
      }
      return [{ key, manifest: batch.manifestCid, gathered: batch.gathered, toValue }]
    })
    const { values, hostMass } = recordValues({
      charter: state.charter,
      batches: valuing.map(({ toValue }) => toValue),
      novelty: this.#novelty,
      hosts: state.hosts,
      holders: holdersOf(state, valuing),
    })
    const valuesOf = new Map(valuing.map(({ key }, i) => [key, values[i] ?? []]))
    const batches = fresh.map(({ key, batch, read }): ValuedBatch => {
      const valued = valuesOf.get(key) ?? []
      // rows beyond the quota, or of a broken batch, are worth nothing
      const all = Array.from({ length: batch.manifest.count }, (_, row) => valued[row] ?? { value: 0, novelty: 0 })
      return {
        key,
        values: new RowValues(all),
        hosts: read.ok ? read.rows.map((row) => row.host) : [],
        broken: read.ok ? null : read.check,
      }
    })
    return {
      valued: { batches, hostMass },
      counted: valuing.map(({ manifest, toValue }) => ({ manifest, rows: toValue.rows.length })),
    }
  }

  /** Brings the index up to everything counted; behind only when another replica's results were taken over. */
  #catchUp({ state, files }: View): void {
    for (; this.#indexed < this.#counted.length; this.#indexed++) {
      const { manifest, rows } = this.#counted[this.#indexed] as Counted
      const batch = state.batches.get(manifest.toString())
      const read = batch && readBatch(files, batch)
      if (!read?.ok) continue
      for (let row = 0; row < rows; row++)
        this.#novelty.add(
          read.sketches.subarray(row * SKETCH_BYTES, (row + 1) * SKETCH_BYTES),
          (read.rows[row] as { contentDigest: Uint8Array }).contentDigest,
        )
    }
  }
}

/** Whole hours from the batch's first fetch to the cut; 0 where the log has no clock yet. */
function ageHours(state: LedgerState, epoch: EpochState, batch: BatchState): number {
  const seconds = (state.times.get(epoch.number)?.cut ?? 0) - batch.manifest.from
  return Math.max(0, (seconds - (seconds % 3600)) / 3600)
}

/** Each batch is judged by the leases of the epoch it was gathered for: one that moved on was crawled under those. */
function holdersOf(state: LedgerState, batches: readonly { gathered: number; toValue: BatchToValue }[]): HoldersOf {
  const finders = new Map([...new Set(batches.map(({ gathered }) => gathered))].map((epoch) => [epoch, holdersIn(state, epoch)]))
  const finderOf = new Map(batches.map(({ gathered, toValue }) => [toValue, finders.get(gathered)]))
  return (host, batch) => finderOf.get(batch)?.(host) ?? []
}

/** Hosts asked for, by the lease set: every replica of a process asks for the same ones. */
const knownHolders = new Lru<string, Map<string, readonly string[]>>(16)
/** One set remembers so many hosts; the rest are hashed each time. */
const MOST_HOSTS = 65_536

/** The lease holders of a host in an epoch, each host hashed once. */
export function holdersIn(state: LedgerState, epoch: number): (host: string) => readonly string[] {
  const set = state.leases.get(epoch)
  if (set === undefined) return () => []
  const { seed, accounts } = set
  const known = knownHolders.recall(sha256Hex(seed, utf8(accounts.join('\n'))), () => new Map<string, readonly string[]>())
  return (host) => {
    let holders = known.get(host)
    if (holders === undefined) {
      holders = leaseHolders(seed, host, accounts)
      if (known.size < MOST_HOSTS) known.set(host, holders)
    }
    return holders
  }
}
