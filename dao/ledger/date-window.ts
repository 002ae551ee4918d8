import type { BatchState, LedgerState } from './types.ts'

/** How far an honest clock may be from the witnesses', seconds. */
const CLOCK_TOLERANCE_SECONDS = 300

/** Unix seconds: a fetch lies in `(after, before]`; null where the log does not say yet, and then nothing is judged. */
export interface DateWindow {
  after: number | null
  before: number | null
}

/**
 * When the records of a batch may have been fetched (D4), by the median cosignature times of the notes in the log alone.
 * `after` is the time of the note that opened the gathering *before* the batch's own epoch, less the clock tolerance: pages fetched while
 * the earlier epoch was being tested, or sealed across the boundary, are honest; anything older is a replay. In the first epoch it is open.
 * `before` is the time of the note that ended the reveals of the batch's own epoch, plus the tolerance. That note covers the entry which
 * began the reveals, and every commit of the epoch precedes that entry, so no honest fetch can be later. Until that note exists it is open.
 * A batch that moves on keeps the window of the epoch in which it was gathered.
 */
export function dateWindow(state: LedgerState, batch: Pick<BatchState, 'gathered'>): DateWindow {
  const earlier = state.times.get(batch.gathered - 1)?.gather ?? 0
  const cut = state.times.get(batch.gathered)?.cut ?? 0
  return {
    after: earlier === 0 ? null : earlier - CLOCK_TOLERANCE_SECONDS,
    before: cut === 0 ? null : cut + CLOCK_TOLERANCE_SECONDS,
  }
}
