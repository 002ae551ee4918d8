/** How an export is cut down before any of it is offered: what its owner wants, and what the pool's policy asks for. Pure. */
import { z } from 'zod'
import { EVENT_FIELDS, EVENT_TYPES, type EventRules, eventRules } from '../wire/index.ts'

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const { time, placeDecimals, types, fields } = eventRules.shape

/** Everything else is dropped on the device. */
export const poolRules = eventRules.extend({
  time: time.default('hour'),
  placeDecimals: placeDecimals.default(2),
  types: types.default([...EVENT_TYPES]),
  fields: fields.default([...EVENT_FIELDS]),
  /** First and last day that the owner offers. */
  from: day.nullable().default(null),
  to: day.nullable().default(null),
})
export type PoolRules = z.infer<typeof poolRules>

/** As fine as an event ever is: what policies without rules hold events to. */
export const FINEST_RULES: EventRules = { time: 'hour', placeDecimals: 2, types: [...EVENT_TYPES], fields: [...EVENT_FIELDS] }

/** What both allow, and no finer than either: somebody may offer less than the pool takes, never more. */
export function coarserOf(own: PoolRules, pool: EventRules = FINEST_RULES): PoolRules {
  return {
    ...own,
    time: own.time === 'day' ? 'day' : pool.time,
    placeDecimals: own.placeDecimals === null || pool.placeDecimals === null ? null : Math.min(own.placeDecimals, pool.placeDecimals),
    types: own.types.filter((one) => pool.types.includes(one)),
    fields: own.fields.filter((one) => pool.fields.includes(one)),
  }
}
