/**
 * Judges one opened chunk of a pool contribution. Pure: whoever opens the same chunk comes to the same word. What is said of it names the check and a
 * code, never a word of what is inside.
 */
import { type ActivityEvent, measureChunk, readEvents, ruleFault } from '../../schemas/activity/index.ts'
import { findSpans } from '../../schemas/redact/index.ts'
import { canonicalJson, type Check, type EventRules, type PoolIndexRow, type PoolManifest, WireError } from '../../schemas/wire/index.ts'

export interface ChunkToScore {
  /** What the chunk held: lines, unpacked. */
  plain: Uint8Array
  /** What the index says of it. */
  row: PoolIndexRow
  /** What the index was measured with; the newest where it is not said. */
  measures?: string
  manifest: Pick<PoolManifest, 'from' | 'to'>
  /** What the policy that the manifest names lets events say. */
  rules: EventRules
  /** `latestMonth` of when it is looked at: nothing can have happened later. */
  now: string
  /** Ids of events in chunks of the same contribution that were judged before; those of this one are added. */
  seen: Set<string>
}

export type ChunkScore = { check: null } | { check: Check; code: string }

const ROW_FIELDS = ['events', 'tokens', 'quality', 'language', 'source', 'month'] as const

/**
 * D1: lines that are no events in canonical JSON (`NOT_TEXT NOT_EVENTS NOT_CANONICAL`), or other numbers than the row's (`ROW_EVENTS …`). D4
 * `DATE_OUTSIDE DATE_FUTURE`: outside the months offered, or yet to come. D6 `REPEATED`: an event said before. D7 `TYPE_NOT_TAKEN FIELD_NOT_TAKEN
 * TIME_TOO_FINE PLACE_TOO_FINE`: more than the pool's policy lets events say, or finer; `LEFT_EMAIL LEFT_CARD LEFT_IBAN`: what redaction must have
 * replaced, in fields of ASCII alone.
 */
export function scorePoolChunk({ plain, row, measures, manifest, rules, now, seen }: ChunkToScore): ChunkScore {
  const text = textOf(plain)
  if (text === undefined) return { check: 'D1', code: 'NOT_TEXT' }
  const read = readEvents(text)
  if (!read.ok) return { check: 'D1', code: 'NOT_EVENTS' }
  const { events } = read
  if (spelt(events) !== text) return { check: 'D1', code: 'NOT_CANONICAL' }
  const measured = measureChunk(events, measures)
  const wrong = ROW_FIELDS.find((field) => measured[field] !== row[field])
  if (wrong !== undefined) return { check: 'D1', code: `ROW_${wrong.toUpperCase()}` }
  return dateFault(events, manifest, now) ?? repeats(events, seen) ?? beyondRules(events, rules) ?? leftOver(events) ?? { check: null }
}

const DAY_MS = 86_400_000
/** The last month, `YYYY-MM`, that an event may lie in: clocks and zones are a day apart at most, as where events are made. */
export const latestMonth = (nowMs: number): string => new Date(nowMs + DAY_MS).toISOString().slice(0, 7)

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

function beyondRules(events: readonly ActivityEvent[], rules: EventRules): ChunkScore | undefined {
  for (const event of events) {
    const code = ruleFault(event, rules)
    if (code !== undefined) return { check: 'D7', code }
  }
  return undefined
}

/** Told by their form or check digit. Telephone plans and words around a number change with versions, and who sealed last month is judged today. */
const CERTAIN = new Set(['email', 'card', 'iban'])
/** What is a letter differs between engines; in these characters it does not. */
const ASCII = /^[\t\n\r -~]*$/

/** What the rules on its owner's device must have replaced, as far as every validator finds the same. */
function leftOver(events: readonly ActivityEvent[]): ChunkScore | undefined {
  for (const { object, context } of events)
    for (const text of [object.name, object.text, context]) {
      const span = text === undefined || !ASCII.test(text) ? undefined : findSpans(text).find(({ kind }) => CERTAIN.has(kind))
      if (span !== undefined) return { check: 'D7', code: `LEFT_${span.kind.toUpperCase()}` }
    }
  return undefined
}
