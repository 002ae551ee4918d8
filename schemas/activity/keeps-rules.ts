/** Whether an event says no more than the pool's policy lets it. Pure: every validator comes to the same word. */
import type { EventRules } from '../wire/index.ts'
import { coarsePlace } from './coarsen.ts'
import type { ActivityEvent } from './event.ts'

export type RuleFault = 'TYPE_NOT_TAKEN' | 'FIELD_NOT_TAKEN' | 'TIME_TOO_FINE' | 'PLACE_TOO_FINE'

/** The first rule that the event breaks. */
export function ruleFault({ type, time, object, context }: ActivityEvent, rules: EventRules): RuleFault | undefined {
  const { kind: _, ...said } = { ...object, ...(context !== undefined && { context }) }
  const { fields } = rules
  if (!rules.types.includes(type)) return 'TYPE_NOT_TAKEN'
  if (Object.keys(said).some((field) => !fields.some((one) => one === field))) return 'FIELD_NOT_TAKEN'
  if (rules.time === 'day' && time?.includes('T') === true) return 'TIME_TOO_FINE'
  const { place } = object
  const allowed = place && coarsePlace(place, rules.placeDecimals)
  return allowed?.latE7 === place?.latE7 && allowed?.lonE7 === place?.lonE7 ? undefined : 'PLACE_TOO_FINE'
}
