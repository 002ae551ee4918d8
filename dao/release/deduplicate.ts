import { toHex } from '../../schemas/wire/index.ts'
import { NoveltyIndex } from '../rewards/index.ts'
import type { Candidate } from './collect.ts'

/**
 * One row per content, and per neighbourhood of contents: rows come in commit order, so what stays was committed first.
 * Near is what the ledger calls near: `noveltyFrom` equal lanes of 128.
 */
export function deduplicate(rows: readonly Candidate[], noveltyFrom: number): { fit: Candidate[]; near: Set<Candidate>; exact: number } {
  const seen = new Set<string>()
  const sketches = new NoveltyIndex()
  const near = new Set<Candidate>()
  const fit: Candidate[] = []
  for (const row of rows) {
    const keys = [toHex(row.contentDigest), row.record.toString()]
    if (keys.some((key) => seen.has(key))) continue
    if (sketches.maxEqualLanes(row.sketch, row.contentDigest) >= noveltyFrom) {
      near.add(row)
      continue
    }
    for (const key of keys) seen.add(key)
    sketches.add(row.sketch, row.contentDigest)
    fit.push(row)
  }
  return { fit, near, exact: rows.length - fit.length - near.size }
}
