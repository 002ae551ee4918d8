/** What looks made up, or like the doings of two: integers, and bounds far from what honest exports show. Weak by nature, and said to be. */
import type { ActivityEvent } from '../../schemas/activity/index.ts'

/** Fewer events at exact steps may be somebody's habit. */
const LEAST_REGULAR = 32
/** Ten degrees of latitude are 1,110 km: more than an airliner flies in an hour. */
const FAR_E7 = 100_000_000
/** Places of one hour that far apart may be a mistake of a phone; so many hours are two phones. */
const LEAST_HOURS = 3

export type Doubt = 'REGULAR' | 'TWO_PLACES'

/** Undefined for what may be anybody's. */
export function doubtOf(events: readonly ActivityEvent[]): Doubt | undefined {
  if (isRegular(events)) return 'REGULAR'
  return isInTwoPlaces(events) ? 'TWO_PLACES' : undefined
}

/** All of one kind, each exactly so many hours after the one before. Machines measure like that, people do not listen, read or write so. */
function isRegular(events: readonly ActivityEvent[]): boolean {
  const hours = events.flatMap(({ type, time }) => (type === 'Measure' || time?.length !== 20 ? [] : [Date.parse(time) / 3_600_000]))
  if (hours.length < LEAST_REGULAR) return false
  hours.sort((a, b) => a - b)
  const step = (hours[1] as number) - (hours[0] as number)
  return step > 0 && hours.every((hour, i) => i === 0 || hour - (hours[i - 1] as number) === step)
}

function isInTwoPlaces(events: readonly ActivityEvent[]): boolean {
  const latitudes = new Map<string, { least: number; most: number }>()
  for (const { time, object } of events) {
    if (time?.length !== 20 || object.place === undefined) continue
    const { latE7 } = object.place
    const known = latitudes.get(time)
    latitudes.set(time, { least: Math.min(known?.least ?? latE7, latE7), most: Math.max(known?.most ?? latE7, latE7) })
  }
  return [...latitudes.values()].filter(({ least, most }) => most - least > FAR_E7).length >= LEAST_HOURS
}
