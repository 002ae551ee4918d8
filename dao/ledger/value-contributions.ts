/** The value of every chunk of the contributions that an epoch counts for the first time. */
import { Lru } from '../../core/cache/index.ts'
import { type PoolIndex, toHex } from '../../schemas/wire/index.ts'
import { chunkValues, type RecordValue } from '../rewards/index.ts'
import { readPoolIndex } from './parsed-files.ts'
import type { EpochState, LedgerFiles, LedgerState, PoolContribution } from './types.ts'
import type { View } from './view.ts'

/** Entries before decide them, so every replica in a process shares them. */
const valuedEpochs = new Lru<string, Map<string, RecordValue[]>>(64)

/** Values by manifest, in commit order: of two that say the same, the first commit owns the novelty. */
export function valueContributions({ state, files, index }: View, epoch: EpochState): ReadonlyMap<string, RecordValue[]> {
  const fresh = epoch.batches.flatMap((key) => {
    const one = state.contributions.get(key)
    return one && one.values === null ? [{ key, one }] : []
  })
  if (fresh.length === 0) return new Map()
  return valuedEpochs.recall(toHex(state.tree.rootAt(index) ?? new Uint8Array()), () => {
    const known = new TokenBook()
    for (const one of state.contributions.values()) if (hasCounted(state, one)) known.add(tokensOf(files, one))
    const values = new Map<string, RecordValue[]>()
    for (const { key, one } of fresh) {
      const read = readPoolIndex(files, one.manifest.index)
      const poolIndex: PoolIndex = read.ok ? read.value : { v: 1, measures: '', rows: [], tokens: [] }
      const quota = state.contributors.get(one.contributor)?.quota ?? poolIndex.rows.length
      const all = chunkValues({ charter: state.charter, index: poolIndex, shared: known.mostShared(poolIndex.tokens) })
      // chunks beyond the quota are worth nothing, as a newcomer's records
      values.set(
        key,
        all.map((value, row) => (row < quota ? value : { ...value, value: 0 })),
      )
      known.add(poolIndex.tokens)
    }
    return values
  })
}

/** What an earlier epoch counted; one that was withdrawn before it could earn is forgotten, also as somebody's earlier copy. */
function hasCounted({ contributors }: LedgerState, one: PoolContribution): boolean {
  if (one.values === null || one.withdrawn === null) return one.values !== null
  const earned = contributors
    .get(one.contributor)
    ?.points.get(one.settled ?? 0)
    ?.batches.get(one.manifestCid.toString())
  return earned !== undefined && earned > 0n
}

function tokensOf(files: LedgerFiles, { manifest }: PoolContribution): readonly Uint8Array[] {
  const read = readPoolIndex(files, manifest.index)
  return read.ok ? read.value.tokens : []
}

/** Which earlier contributions have a token. */
class TokenBook {
  readonly #holders = new Map<string, number[]>()
  #count = 0

  add(tokens: readonly Uint8Array[]): void {
    const me = this.#count++
    for (const token of tokens) {
      const key = toHex(token)
      const holders = this.#holders.get(key)
      if (holders) holders.push(me)
      else this.#holders.set(key, [me])
    }
  }

  /** Most tokens shared with any single one; null where there are no tokens to compare. */
  mostShared(tokens: readonly Uint8Array[]): number | null {
    if (tokens.length === 0) return null
    const shared = new Map<number, number>()
    for (const token of tokens) for (const one of this.#holders.get(toHex(token)) ?? []) shared.set(one, (shared.get(one) ?? 0) + 1)
    return Math.max(0, ...shared.values())
  }
}
