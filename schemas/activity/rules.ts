import { z } from 'zod'
import { EVENT_TYPES } from './event.ts'

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)

/** What a pool takes, and how fine: the charter's side of the minimisation. Everything else is dropped on the device. */
export const poolRules = z.strictObject({
  /** Times are cut to the hour or the day. */
  time: z.enum(['hour', 'day']).default('hour'),
  /** Decimals of a degree: 2 is about a kilometre; null drops places. */
  placeDecimals: z.int().min(0).max(2).nullable().default(2),
  types: z
    .array(z.enum(EVENT_TYPES))
    .min(1)
    .default([...EVENT_TYPES]),
  /** Fields of `object` that stay; `kind` always does. */
  fields: z
    .array(z.enum(['name', 'text', 'url', 'durationS', 'measure', 'place']))
    .default(['name', 'text', 'url', 'durationS', 'measure', 'place']),
  /** First and last day. */
  from: day.nullable().default(null),
  to: day.nullable().default(null),
})
export type PoolRules = z.infer<typeof poolRules>
