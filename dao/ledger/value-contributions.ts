/** The value of every chunk of the contributions that an epoch counts for the first time. */
import { Lru } from '../../schemas/cache/index.ts'
import { type PoolIndex, toHex } from '../../schemas/wire/index.ts'
import { chunkValues, mulDiv, type RecordValue, RowValues } from '../rewards/index.ts'
import { readPoolIndex } from './parsed-files.ts'
import { hasEarned, TokenBook } from './token-book.ts'
import type { EpochState, LedgerState, PoolContribution } from './types.ts'
import type { View } from './view.ts'

/** Entries before decide them, so every replica in a process shares them. */
const valuedEpochs = new Lru<string, Map<string, RowValues>>(64)

/** Values by manifest, in commit order: of two that say the same, the first commit owns the novelty. */
export function valueContributions({ state, files, index }: View, epoch: EpochState): ReadonlyMap<string, RowValues> {
  const fresh = epoch.batches.flatMap((key) => {
    const one = state.contributions.get(key)
    return one && one.values === null ? [{ key, one }] : []
  })
  if (fresh.length === 0) return new Map()
  return valuedEpochs.recall(toHex(state.tree.rootAt(index) ?? new Uint8Array()), () => {
    const book = new TokenBook(state)
    const paidThrough = lastPaidMonths(state)
    return new Map(
      fresh.map(({ key, one }) => {
        const read = readPoolIndex(files, one.manifest.index)
        const poolIndex: PoolIndex = read.ok ? read.value : { v: 1, measures: '', rows: [], tokens: [], key: null }
        const values = chunkValues({
          charter: state.charter,
          index: poolIndex,
          shared: book.mostShared(one),
          hasMail: one.account !== null,
        })
        return [key, new RowValues(withinQuota(state, one, poolIndex, notPaidBefore(paidThrough.get(one.contributor), poolIndex, values)))]
      }),
    )
  })
}

/** Events beyond a newcomer's quota are worth nothing, as records; of the chunk that crosses it a part counts. */
function withinQuota({ contributors }: LedgerState, one: PoolContribution, { rows }: PoolIndex, values: RecordValue[]): RecordValue[] {
  const quota = contributors.get(one.contributor)?.quota ?? null
  if (quota === null) return values
  let left = quota
  return values.map((value, row) => {
    const events = rows[row]?.events ?? 0
    const counted = Math.min(left, events)
    left -= counted
    return counted === events ? value : part(value, counted, events)
  })
}

/** ⌊v · a / b⌋ of both that a chunk may be worth. */
const part = ({ value, attested, ...rest }: RecordValue, a: number, b: number): RecordValue => ({
  ...rest,
  value: mulDiv(value, a, b),
  ...(attested !== undefined && { attested: mulDiv(attested, a, b) }),
})

/**
 * Offered again, by tokens of its own making or with none, the same years would be paid again: of a subject that earned, only months after all
 * that its earlier contributions were offered as.
 */
function notPaidBefore(through: string | undefined, { rows }: PoolIndex, values: RecordValue[]): RecordValue[] {
  if (through === undefined) return values
  return values.map((value, row) => ((rows[row]?.month ?? '') > through ? value : part(value, 0, 1)))
}

/** The last month of what each subject earned for, looked up once: for each of many subjects all of them would be the square. */
function lastPaidMonths(state: LedgerState): Map<string, string> {
  const through = new Map<string, string>()
  for (const one of state.contributions.values())
    if (one.manifest.to > (through.get(one.contributor) ?? '') && hasEarned(state, one)) through.set(one.contributor, one.manifest.to)
  return through
}
