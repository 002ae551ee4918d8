/**
 * How a test phase's time is shared out: among contributors, a few of whom are worked on at once, and within one contributor's share between
 * reading its records and fetching their pages again. Whoever is slow uses its own share up and nobody else's. Milliseconds.
 */

/** Contributors tested at the same time. */
export const CONTRIBUTORS_AT_ONCE = 8

/** The part of the phase that testing may take; the rest is for the report to be written, sent and ordered. In percent. */
const TESTING_PERCENT = 80
/** What a validator that comes late has all the same, in percent of the phase: better a report on what it reached than none. */
const LEAST_PERCENT = 10

/** What is left for testing when `elapsedMs` of a phase of at most `phaseMs` have passed. */
export function testingTime(phaseMs: number, elapsedMs: number): number {
  return Math.floor(Math.max((phaseMs * TESTING_PERCENT) / 100 - elapsedMs, (phaseMs * LEAST_PERCENT) / 100))
}

/** The share of a contributor whose turn it is now, with `waiting` of them not begun yet, itself among them: what others did not use is shared too. */
export function shareOf(leftMs: number, waiting: number): number {
  return Math.max(0, Math.floor(leftMs / Math.ceil(Math.max(1, waiting) / CONTRIBUTORS_AT_ONCE)))
}

export interface Patience {
  /** Until its records are read; those that are not by then count as served by nobody. */
  readingMs: number
  /** One question for blocks to one peer. */
  askMs: number
  /** One page, with all attempts and redirects. */
  pageMs: number
  /** One of these attempts. */
  attemptMs: number
  /** All waiting for a host's turn on behalf of one page. */
  waitMs: number
}

const MAX_ASK_MS = 60_000
const MAX_PAGE_MS = 120_000
const LEAST_MS = 250

/** How long each step of a contributor's test may take, given its share: no step can use up more than a part of it. */
export function patienceOf(shareMs: number): Patience {
  const part = (parts: number, most = Number.MAX_SAFE_INTEGER): number => Math.max(LEAST_MS, Math.min(most, Math.floor(shareMs / parts)))
  return {
    readingMs: part(2),
    askMs: part(8, MAX_ASK_MS),
    pageMs: part(4, MAX_PAGE_MS),
    attemptMs: part(8, MAX_PAGE_MS / 2),
    waitMs: part(4),
  }
}
