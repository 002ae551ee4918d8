/** From a draft to an event: rules, names, identifiers, addresses, time and place. Whatever leaves the device has been through here. */
import { hash } from 'node:crypto'
import { detectLanguage } from '../measures/index.ts'
import { cleanText, type Detector, findSpans, findWith, type NameIndex, type Span } from '../redact/index.ts'
import { coarsePlace, coarseTime } from './coarsen.ts'
import type { Draft, DropReason } from './draft.ts'
import { type ActivityEvent, activityEvent, EVENT_URL, MAX_EVENT_TEXT_UNITS, MAX_NAME_UNITS, type Source } from './event.ts'
import { isMap } from './guarded-hosts.ts'
import type { PeopleBook } from './people.ts'
import type { PoolRules } from './rules.ts'
import type { SeenIds } from './seen-ids.ts'
import { stripUrl, stripUrlsIn } from './strip-url.ts'

export interface Finishing {
  source: Source
  rules: PoolRules
  people: PeopleBook
  names: NameIndex
  detectors: readonly Detector[]
  /** The contribution's secret, as hex. */
  key: string
  /** Nothing happened after this. */
  nowMs: number
  /** Counts what was replaced, by kind. */
  replaced: Map<string, number>
  /** Short texts come again and again: channels, products, places. Bounded. */
  memory: Map<string, readonly Span[]>
  /** An export says some things twice. */
  seen: SeenIds
}

/** Services older than the web have no exports. */
const EARLIEST_MS = Date.UTC(1990, 0, 1)
const DAY_MS = 86_400_000
/** Below this a language is a guess. */
const LEAST_FOR_LANGUAGE = 40

/** The event, or why there is none. With detectors, ask `finishWith`. */
export function finish(draft: Draft, context: Finishing, find: Find = (text) => remembered(text, context)): ActivityEvent | DropReason {
  const { rules, key, seen, source } = context
  if (!rules.types.includes(draft.type)) return 'not-in-rules'
  const { timeMs } = draft
  if (timeMs !== undefined && !(timeMs >= EARLIEST_MS && timeMs <= context.nowMs + DAY_MS)) return 'bad-time'
  if (timeMs === undefined ? rules.from !== null || rules.to !== null : isOutside(timeMs, rules)) return 'not-in-rules'
  const id = idOf(cutPlace(draft, rules), source, key)
  if (!seen.add(id)) return 'duplicate'
  const take = (field: PoolRules['fields'][number]): boolean => rules.fields.includes(field)
  const object: ActivityEvent['object'] = { kind: draft.kind }
  const person = draft.person === undefined ? undefined : context.people.pseudonymOf(draft.person)
  if (draft.person !== undefined) {
    count(context, 'person')
    if (person !== undefined && take('name')) object.name = person
  } else if (take('name') && !isMap(draft.url)) {
    // a map's page is called after the place it shows
    const name = cleaned(draft.name, MAX_NAME_UNITS, context, find)
    if (name !== undefined) object.name = name
  }
  if (take('text')) {
    const text = cleaned(draft.text, MAX_EVENT_TEXT_UNITS, context, find)
    if (text !== undefined) object.text = text
  }
  if (take('url') && draft.url !== undefined) {
    const stripped = stripUrl(draft.url, context.names)
    if (stripped?.url !== draft.url) count(context, 'url')
    for (const { kind } of stripped?.spans ?? []) count(context, kind)
    if (stripped && EVENT_URL.test(stripped.url)) object.url = stripped.url
  }
  if (take('durationS') && draft.durationS !== undefined && Number.isSafeInteger(draft.durationS) && draft.durationS >= 0)
    object.durationS = Math.min(draft.durationS, 10_000_000)
  if (take('measure') && draft.measure !== undefined) object.measure = draft.measure
  const place = take('place') && draft.place ? coarsePlace(draft.place, rules.placeDecimals) : undefined
  if (place) object.place = place
  // what says nothing but that something happened at some time is no use to anybody
  if (Object.keys(object).length === 1) return 'empty'
  const where = take('context') ? contextOf(draft, context, find) : undefined
  const lang = object.text !== undefined && object.text.length >= LEAST_FOR_LANGUAGE ? detectLanguage(object.text) : undefined
  const event: ActivityEvent = {
    id,
    type: draft.type,
    ...(timeMs === undefined ? {} : { time: coarseTime(timeMs, rules.time) }),
    actor: 'self',
    object,
    ...(where === undefined ? {} : { context: where }),
    source,
    ...(lang !== undefined && /^[a-z]{2,3}$/.test(lang) && lang !== 'und' ? { lang } : {}),
  }
  // the one gate: a parser's mistake stays on the device
  return activityEvent.safeParse(event).success ? event : 'empty'
}

/** Where it happened: an account by its pseudonym, anything else as text may leave. */
function contextOf(draft: Draft, context: Finishing, find: Find): string | undefined {
  if (draft.contextPerson === undefined) return cleaned(draft.context, MAX_NAME_UNITS, context, find)
  count(context, 'person')
  return context.people.pseudonymOf(draft.contextPerson)
}

/** Control characters, marks of direction, byte order marks. */
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g

/** Text as it may leave: in one Unicode form, addresses stripped, names and identifiers replaced. */
function cleaned(raw: string | undefined, most: number, context: Finishing, find: Find): string | undefined {
  if (raw === undefined) return undefined
  const bare = bareText(raw, most)
  if (bare.text === '') return undefined
  if (bare.changed > 0) count(context, 'url', bare.changed)
  return cleanText(bare.text, {
    spans: find(bare.text),
    shorten: (text) => cut(text, most),
    count: (kind) => count(context, kind),
  })
}

/** What is looked at: seen characters only, addresses stripped. */
function bareText(raw: string, most: number): { text: string; changed: number } {
  return stripUrlsIn(cut(raw, most).toWellFormed().replace(UNSEEN, '').trim())
}

const MOST_REMEMBERED = 4096

function remembered(text: string, { memory, names }: Finishing): readonly Span[] {
  if (text.length > 64) return findSpans(text, names)
  const known = memory.get(text)
  if (known !== undefined) return known
  if (memory.size >= MOST_REMEMBERED) memory.clear()
  const spans = findSpans(text, names)
  memory.set(text, spans)
  return spans
}

type Find = (text: string) => readonly Span[]

/** The same with other people's detectors, which may take their time: they are asked first, row by row. */
export async function finishWith(draft: Draft, context: Finishing): Promise<ActivityEvent | DropReason> {
  const known = new Map<string, readonly Span[]>()
  for (const [raw, most] of [
    [draft.name, MAX_NAME_UNITS],
    [draft.text, MAX_EVENT_TEXT_UNITS],
    [draft.context, MAX_NAME_UNITS],
  ] as const) {
    if (raw === undefined) continue
    const { text } = bareText(raw, most)
    known.set(text, await findWith(text, context.detectors, context.names))
  }
  return finish(draft, context, (text) => known.get(text) ?? findSpans(text, context.names))
}

/** At a space, before anything is looked for: half a number would be found by no rule. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const space = text.lastIndexOf(' ', most)
  return text
    .slice(0, space > most / 2 ? space : most - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')
}

const count = ({ replaced }: Finishing, kind: string, by = 1): void => {
  replaced.set(kind, (replaced.get(kind) ?? 0) + by)
}

function isOutside(timeMs: number, { from, to }: PoolRules): boolean {
  return (from !== null && timeMs < Date.parse(from)) || (to !== null && timeMs >= Date.parse(to) + DAY_MS)
}

/** A phone notes where it is every few minutes: of one hour at one place, one event is left. */
function cutPlace(draft: Draft, { time, placeDecimals }: PoolRules): Draft {
  if (draft.place === undefined || draft.timeMs === undefined) return draft
  const unit = time === 'day' ? DAY_MS : 3_600_000
  return { ...draft, timeMs: Math.floor(draft.timeMs / unit) * unit, place: coarsePlace(draft.place, placeDecimals), durationS: undefined }
}

/** Of what the export said, before anything was cut: the same row in two files is one event. */
function idOf({ type, timeMs, kind, name, text, url, person, measure, place, durationS }: Draft, source: Source, key: string): string {
  const said = JSON.stringify([
    source,
    type,
    timeMs === undefined ? null : Math.floor(timeMs / 1000),
    kind,
    text === undefined ? (url ?? name ?? null) : null,
    text ?? null,
    person ?? null,
    measure ?? null,
    place ?? null,
    durationS ?? null,
  ])
  // a secret, a domain and the row, of which half is shown: nothing can be appended to it
  return hash('sha256', `quern/activity-id/v1\0${key}\0${said}`, 'hex').slice(0, 32)
}
