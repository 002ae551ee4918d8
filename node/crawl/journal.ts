/** The crawl's diary: one JSON line per URL that was asked for or refused, with the reason. */

export interface JournalRow {
  /** Unix milliseconds at the start. */
  time: number
  url: string
  host: string
  /** Null where nothing was asked. */
  status: number | null
  /** Stable code, upper case: KEPT, ROBOTS_DISALLOWED, TRAINING_DENIED, TIMEOUT… */
  outcome: string
  /** Body bytes as received. */
  bytes: number
  ms: number
  depth: number
  /** A rule, a line, a count: never page content. */
  detail?: string
}

// control characters of both ranges, bidirectional overrides, line separators: a terminal or an editor would obey them
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/g
const MAX_DETAIL = 256

/** One line, without the newline, that is safe to print: URLs and details come from strangers. */
export function journalLine(row: JournalRow): string {
  const { time, detail, ...rest } = row
  const line = { time: new Date(time).toISOString(), ...rest, ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL) }) }
  return JSON.stringify(line).replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
