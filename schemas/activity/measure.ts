/**
 * What a chunk of events measures, and which bands a contribution's sketch has: pure, integers and checked-in tables only, the same on every
 * engine. Whatever changes a number here is a new version of the measures.
 */
import { detectLanguage, shingleHashes, sketchOf, tokenize } from '../measures/index.ts'
import { canonicalJson, POOL_BANDS, PPM, type PoolIndexRow, sha256, utf8 } from '../wire/index.ts'
import { type ActivityEvent, activityEvent } from './event.ts'

/** What `measures` of a pool index says where `measureChunk` made it; the newest. */
export const ACTIVITY_MEASURES = 'activity@1/2'
/** All versions that are made and judged here, newest first. The first of them gave exact numbers. */
const EXACT = 'activity@1/1'
export const KNOWN_MEASURES: readonly string[] = [ACTIVITY_MEASURES, EXACT]
/** The first text of so many characters is what the language is told from. */
const LANGUAGE_UNITS = 4096

export type ReadEvents = { ok: true; events: ActivityEvent[] } | { ok: false; line: number; message: string }

/** The events of a chunk: one JSON object in each line, the last line ended as well. */
export function readEvents(text: string): ReadEvents {
  if (!text.endsWith('\n')) return { ok: false, line: 0, message: 'the last line has no end' }
  const events: ActivityEvent[] = []
  for (const [line, json] of text.slice(0, -1).split('\n').entries()) {
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      return { ok: false, line, message: 'not JSON' }
    }
    const event = activityEvent.safeParse(value)
    if (!event.success) return { ok: false, line, message: `not an event: ${event.error.issues[0]?.path.join('.') ?? ''}` }
    events.push(event.data)
  }
  return { ok: true, events }
}

/**
 * The row that is public of a chunk: as `measureEvents`, with tokens rounded to two binary digits and quality to twentieths, because a chunk may be a
 * single event, and whoever has the event would know whose it is by its length. Version 1 told the numbers as they are. Throws RangeError without events, and for a version that is not known.
 */
export function measureChunk(events: readonly ActivityEvent[], measures: string = ACTIVITY_MEASURES): PoolIndexRow {
  // another version's numbers would be told from these by nobody
  if (!KNOWN_MEASURES.includes(measures)) throw new RangeError(`${measures} is not known here`)
  const row = measureEvents(events)
  return measures === EXACT ? row : { ...row, tokens: twoDigits(row.tokens), quality: row.quality - (row.quality % (PPM / 20)) }
}

/** To the nearest of 0, 1, 2, 3, 4, 6, 8, 12, 16, 24 and on; up where two are as near. */
function twoDigits(count: number): number {
  if (count < 4) return count
  const step = 1 << (30 - Math.clz32(count))
  const up = count + (step >> 1)
  return up - (up % step)
}

/**
 * What the events of one chunk measure. `tokens`: words of names, texts and contexts, and one for each other fact (link, duration, measure, place). `quality`:
 * the mean of how many events have a time, how many say anything, and how many say what no other of the chunk says. The most frequent source
 * and month; of equals the first in order of letters. Throws RangeError without events.
 */
export function measureEvents(events: readonly ActivityEvent[]): PoolIndexRow {
  if (events.length === 0) throw new RangeError('a chunk has events')
  const said = new Set<string>()
  let [tokens, dated, telling, words] = [0, 0, 0, '']
  for (const event of events) {
    const text = wordsOf(event)
    const facts = factsOf(event)
    tokens += tokenize(text).count + facts
    if (event.time !== undefined) dated++
    if (text !== '' || facts > 0) telling++
    said.add(contentOf(event))
    if (words.length < LANGUAGE_UNITS) words += `${text}\n`
  }
  return {
    events: events.length,
    tokens,
    quality: Number((BigInt(dated + telling + said.size) * BigInt(PPM)) / BigInt(3 * events.length)),
    language: detectLanguage(words.slice(0, LANGUAGE_UNITS)),
    source: mostFrequent(events.map(({ source }) => source)) as string,
    month: mostFrequent(events.flatMap(({ time }) => (time === undefined ? [] : [time.slice(0, 7)]))) ?? null,
  }
}

/**
 * The sixteen bands of a contribution's sketch, 32 bytes each: SHA-256("quern/pool-band/v1\0" ‖ band ‖ eight lanes). Two exports that share
 * most of what they say share bands, in whatever order and under whatever pseudonyms and ids. Nothing of them may be public before a pool's
 * keyholders have answered for it: whoever knows an export knows its bands.
 */
export function bandsOf(events: Iterable<ActivityEvent>): Uint8Array[] {
  const parts: Int32Array[] = []
  for (const event of events) {
    const text = wordsOf(event)
    // what has no words (a step count, a place) is told apart by its time and its value together: in shingles of five tokens these two
    // never meet, and everybody who counted through the same hours would be the same person
    parts.push(text === '' ? wholeShingle(contentOf(event)) : shingleHashes(tokenize(`${event.object.kind} ${text}`)))
  }
  const shingles = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    shingles.set(part, at)
    at += part.length
  }
  const sketch = sketchOf(shingles)
  const size = sketch.byteLength / POOL_BANDS
  return Array.from({ length: POOL_BANDS }, (_, band) =>
    sha256(utf8('quern/pool-band/v1\0'), Uint8Array.of(band), sketch.subarray(band * size, (band + 1) * size)),
  )
}

const wordsOf = ({ object, context }: ActivityEvent): string => [object.name, object.text, context].filter(Boolean).join('\n')

/** One shingle for the whole of a text: the first four bytes of its SHA-256, little-endian. */
const wholeShingle = (text: string): Int32Array => Int32Array.of(new DataView(sha256(utf8(text)).buffer).getInt32(0, true))

const factsOf = ({ object: { url, durationS, measure, place } }: ActivityEvent): number =>
  [url, durationS, measure, place].filter((fact) => fact !== undefined).length

/** Everything that an event says but its id: two with the same are one thing said twice. */
function contentOf({ id: _id, ...rest }: ActivityEvent): string {
  // without fields that are there and undefined, as canonical JSON has none
  return canonicalJson(JSON.parse(JSON.stringify(rest)))
}

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0]
}
