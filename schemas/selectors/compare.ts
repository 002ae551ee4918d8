/**
 * How far a record of a DAO's own schema agrees with what another honest fetch gives (check T1). Prices, stock and places in a list change
 * between two fetches, so what counts is how many of the fields that were there are still there.
 */
import { compareWebPages, type SameContentThresholds } from '../web-page/index.ts'
import { PPM, type SelectorSchema } from '../wire/index.ts'
import type { FieldValue, SelectorRecord } from './extract.ts'

/**
 * Whether one of the records `refetched` says the same as `committed`: as many of its fields as `sentencePpm` asks are equal, those of words
 * in the way that texts are. Shares are of the committed record, so padding it does not help.
 */
export function isSameRecord(
  schema: SelectorSchema,
  committed: SelectorRecord,
  refetched: readonly SelectorRecord[],
  thresholds: SameContentThresholds,
): boolean {
  return refetched.some((again) => {
    let there = 0
    let equal = 0
    for (const { name, type } of schema.fields) {
      const [ours, theirs] = [committed[name] ?? null, again[name] ?? null]
      if (ours === null || (Array.isArray(ours) && ours.length === 0)) continue
      there++
      if (isEqual(ours, theirs) || ((type === 'string' || type === 'text') && isSameText(ours, theirs, thresholds))) equal++
    }
    return there > 0 && Math.floor((equal * PPM) / there) >= thresholds.sentencePpm
  })
}

const isEqual = (a: FieldValue, b: FieldValue): boolean => JSON.stringify(a) === JSON.stringify(b)

function isSameText(a: FieldValue, b: FieldValue, thresholds: SameContentThresholds): boolean {
  const textOf = (value: FieldValue) => ({ title: null, text: [value ?? ''].flat().join('\n') })
  return compareWebPages(textOf(a), textOf(b), thresholds).same
}
