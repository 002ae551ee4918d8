import { findSpans } from './find-spans.ts'
import { placeholder, replaceSpans, type Span } from './span.ts'

/** Two are enough for nearly everything. */
const ROUNDS = 6

export interface CleanText {
  /** What was found in the text as it is, in order, none overlapping. */
  spans: readonly Span[]
  /** Applied after each replacement, since a placeholder may be longer than what it stands for. */
  shorten?: (text: string) => string
  /** Told of whatever is replaced. */
  count?: (kind: string) => void
}

/**
 * The text with `spans` replaced, and then with whatever is found in what is left, until nothing is: without its neighbour something may look
 * like what it did not look like before. Undefined where that does not end; then nothing of the text may go out. Rules only: no names are
 * looked for again.
 */
export function cleanText(text: string, { spans, shorten = (same) => same, count }: CleanText): string | undefined {
  let [left, found] = [text, spans]
  for (let round = 0; round < ROUNDS; round++) {
    for (const { kind } of found) count?.(kind)
    left = shorten(replaceSpans(left, found, placeholder))
    found = findSpans(left)
    if (found.length === 0) return left
  }
  return undefined
}
