/** One thing that the owner of an export did: the record of personal pools, `activity@1`. */
import { z } from 'zod'
import { EVENT_TYPES, POOL_SOURCES } from '../wire/index.ts'

export { EVENT_TYPES }
export type EventType = (typeof EVENT_TYPES)[number]

export const SOURCES = POOL_SOURCES
export type Source = (typeof SOURCES)[number]

export const MAX_NAME_UNITS = 512
export const MAX_EVENT_TEXT_UNITS = 65_536

/** `2024-03-09T14:00:00Z` by the hour, `2024-03-09` by the day: never finer. */
const coarseTime = z.string().regex(/^\d{4}-\d\d-\d\d(?:T\d\d:00:00Z)?$/)
/** ASCII, host in lower case (names of other scripts as punycode): a URL parser's tables differ between engines, and every engine must read the same. */
export const EVENT_URL =
  /^https?:\/\/(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?(?:\/[\u0021\u0022\u0024-\u003e\u0040-\u007e]*)?$/
const word = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/)

export const activityEvent = z.strictObject({
  /** 16 bytes as hex, keyed by the contribution's secret: equal within one contribution only. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  type: z.enum(EVENT_TYPES),
  time: coarseTime.optional(),
  actor: z.literal('self'),
  object: z.strictObject({
    /** video, page, query, post, track, note … */
    kind: word,
    name: z.string().min(1).max(MAX_NAME_UNITS).optional(),
    text: z.string().min(1).max(MAX_EVENT_TEXT_UNITS).optional(),
    /** Without user, query and fragment. */
    url: z.string().max(2048).regex(EVENT_URL).optional(),
    durationS: z.int().min(0).max(10_000_000).optional(),
    /** A decimal number as text: nothing that is signed has floats. */
    measure: z
      .strictObject({ name: z.string().min(1).max(80), value: z.string().regex(/^-?\d{1,15}(?:\.\d{1,6})?$/), unit: z.string().max(24) })
      .optional(),
    place: z
      .strictObject({ latE7: z.int().min(-900_000_000).max(900_000_000), lonE7: z.int().min(-1_800_000_000).max(1_800_000_000) })
      .optional(),
  }),
  /** Where it happened: a channel, a community, a product. */
  context: z.string().min(1).max(MAX_NAME_UNITS).optional(),
  source: z.enum(SOURCES),
  lang: z
    .string()
    .regex(/^[a-z]{2,3}$/)
    .optional(),
})
export type ActivityEvent = z.infer<typeof activityEvent>

/** The schema as a charter names it. */
export const activity = { id: 'activity', version: 1, record: activityEvent } as const
