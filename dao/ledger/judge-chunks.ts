/** What an epoch's reports say of one account's contributions to the pool: which nobody could open, and which chunks are worth nothing. */
import type { Check } from '../../schemas/wire/index.ts'
import type { EpochState, LedgerState } from './types.ts'

export interface ChunkVerdicts {
  /** Manifests of which most of those who reported could open nothing. */
  unopened: ReadonlySet<string>
  /** Rows that most of them failed, by manifest: all draw the same chunks, so a chunk has a majority of its own. */
  failed: ReadonlyMap<string, ReadonlySet<number>>
  /** Manifests of which most of those who opened any of it found that its mail is of the service and of the account that it names. */
  mailed: ReadonlySet<string>
  /** Of each manifest: how many reported on it and opened any of it, and how many of them found that. */
  mails: ReadonlyMap<string, { heard: number; said: number }>
}
const NOTHING: ChunkVerdicts = { unopened: new Set(), failed: new Map(), mailed: new Set(), mails: new Map() }

/** `weightOf`: what a validator's word weighs; what weighs nothing is not heard. Both are strict majorities by weight. */
export function judgeChunks(
  state: LedgerState,
  epoch: EpochState,
  { account, committee, weightOf }: { account: string; committee: readonly string[]; weightOf: (validator: string) => number },
): ChunkVerdicts {
  if (state.contributions.size === 0) return NOTHING
  const said = new Map<string, OfContribution>()
  for (const validator of committee) {
    const weight = weightOf(validator)
    const report = epoch.reports.get(validator)?.contributions.find(({ contributor }) => contributor === account)
    const attested = new Set(report?.attested?.map(String))
    const closed = new Map<string, boolean>()
    for (const { manifest, row, check } of report?.results ?? []) {
      const key = manifest.toString()
      if (!state.contributions.has(key)) continue
      const one = said.get(key) ?? { weight: 0, closed: 0, mailed: 0, heard: 0, said: 0, fails: new Map<number, number>() }
      said.set(key, one)
      if (!closed.has(key)) one.weight += weight
      closed.set(key, (closed.get(key) ?? true) && check === 'D2')
      if (check !== null) one.fails.set(row, (one.fails.get(row) ?? 0) + weight)
    }
    for (const [key, isClosed] of closed) {
      const one = said.get(key) as OfContribution
      if (isClosed) one.closed += weight
      else one.heard++
      // whom keyholders shut out could not look at the mail either, and says nothing of it
      if (isClosed || !attested.has(key)) continue
      one.mailed += weight
      one.said++
    }
  }
  const most = ({ weight }: OfContribution, part: number): boolean => part * 2 > weight
  return {
    unopened: new Set([...said].flatMap(([key, one]) => (most(one, one.closed) ? [key] : []))),
    mailed: new Set([...said].flatMap(([key, one]) => (one.mailed * 2 > one.weight - one.closed ? [key] : []))),
    mails: said,
    failed: new Map([...said].map(([key, one]) => [key, new Set([...one.fails].flatMap(([row, part]) => (most(one, part) ? [row] : [])))])),
  }
}

interface OfContribution {
  /** Weight of all who reported on it; of those who opened none of it; of those whom its mail convinced; of those who failed a row. */
  weight: number
  closed: number
  mailed: number
  /** How many of them opened any of it, and whom its mail convinced. */
  heard: number
  said: number
  fails: Map<number, number>
}

/**
 * Whether a result says something of the contributor. Keyholders stop at once when consent ends, and whoever finds most of a committee shut out
 * sees that: then D2 is nobody's fault, while what was found inside before stays found.
 */
export function says(state: LedgerState, { unopened }: ChunkVerdicts, key: string, check: Check | null): boolean {
  return check !== 'D2' || (state.contributions.get(key)?.withdrawn === null && !unopened.has(key))
}

/** Nothing was looked at: all that was drawn was left out. */
export const LEFT_OUT = 'left out'
/** Some of it was. */
export const PARTLY_LEFT_OUT = 'left out in part'

/**
 * Whether an epoch taught anything of a contributor: one of whom no draw is left, because it brought to the pool or because all was left out, stays
 * as it was. `note` is the table's.
 */
export const isHeard = (
  state: LedgerState,
  { keys, draws, note }: { keys: readonly string[]; draws: number; note: string | null },
): boolean => draws > 0 || (note !== LEFT_OUT && !keys.some((key) => state.contributions.has(key)))
