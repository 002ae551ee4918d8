/**
 * Judges one opened chunk of a pool contribution. Pure: whoever opens the same chunk comes to the same word. What is said of it names the check and a
 * code, never a word of what is inside.
 */
import { measureEvents, readEvents, type ActivityEvent } from '../../schemas/activity/index.ts'
import { findSpans } from '../../schemas/redact/index.ts'
import { canonicalJson, type Check, type PoolIndexRow, type PoolManifest, WireError } from '../../schemas/wire/index.ts'
import { doubtOf } from './doubts.ts'

export interface ChunkToScore {
  /** What the chunk held: lines, unpacked. */
  plain: Uint8Array
  /** What the index says of it. */
  row: PoolIndexRow
  manifest: Pick<PoolManifest, 'from' | 'to'>
  /** The month in which it is looked at, `YYYY-MM`: nothing can have happened later. */
  now: string
  /** Ids of events in chunks of the same contribution that were judged before; those of this one are added. */
  seen: Set<string>
}

export type ChunkScore = { check: null } | { check: Check; code: string }

const ROW_FIELDS = ['events', 'tokens', 'quality', 'language', 'source', 'month'] as const

/**
 * D1: lines that are no events in canonical JSON (`NOT_TEXT NOT_EVENTS NOT_CANONICAL`), or other numbers than the row's (`ROW_EVENTS …`). D4
 * `DATE_OUTSIDE DATE_FUTURE`: outside the months offered, or yet to come. D6 `REPEATED`: an event said before. D7 `LEFT_…`: what redaction must have
 * replaced, by kind. T1: `REGULAR TWO_PLACES`, which nobody's life is; evidence and no proof.
 */
export function scorePoolChunk({ plain, row, manifest, now, seen }: ChunkToScore): ChunkScore {
  const text = textOf(plain)
  if (text === undefined) return { check: 'D1', code: 'NOT_TEXT' }
  const read = readEvents(text)
  if (!read.ok) return { check: 'D1', code: 'NOT_EVENTS' }
  const { events } = read
  if (spelt(events) !== text) return { check: 'D1', code: 'NOT_CANONICAL' }
  const measured = measureEvents(events)
  const wrong = ROW_FIELDS.find((field) => measured[field] !== row[field])
  if (wrong !== undefined) return { check: 'D1', code: `ROW_${wrong.toUpperCase()}` }
  return dateFault(events, manifest, now) ?? repeats(events, seen) ?? leftOver(events) ?? doubtful(events) ?? { check: null }
}

/** Undefined where no canonical JSON says it: half a character. */
function spelt(events: readonly ActivityEvent[]): string | undefined {
  try {
    return events.map((event) => `${canonicalJson(event)}\n`).join('')
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined
    throw thrown
  }
}

function textOf(plain: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    return undefined
  }
}

function dateFault(events: readonly ActivityEvent[], { from, to }: ChunkToScore['manifest'], now: string): ChunkScore | undefined {
  const months = events.flatMap(({ time }) => (time === undefined ? [] : [time.slice(0, 7)]))
  if (months.some((month) => month > now)) return { check: 'D4', code: 'DATE_FUTURE' }
  return months.some((month) => month < from || month > to) ? { check: 'D4', code: 'DATE_OUTSIDE' } : undefined
}

function repeats(events: readonly ActivityEvent[], seen: Set<string>): ChunkScore | undefined {
  let repeated = false
  for (const { id } of events) {
    repeated ||= seen.has(id)
    seen.add(id)
  }
  return repeated ? { check: 'D6', code: 'REPEATED' } : undefined
}

/** The rules that ran on its owner's device, over the fields they ran on: they leave nothing that they find again. */
function leftOver(events: readonly ActivityEvent[]): ChunkScore | undefined {
  for (const { object, context } of events)
    for (const text of [object.name, object.text, context]) {
      const [span] = text === undefined ? [] : findSpans(text)
      if (span !== undefined) return { check: 'D7', code: `LEFT_${span.kind.toUpperCase().replace('-', '_')}` }
    }
  return undefined
}

function doubtful(events: readonly ActivityEvent[]): ChunkScore | undefined {
  const doubt = doubtOf(events)
  return doubt === undefined ? undefined : { check: 'T1', code: doubt }
}
