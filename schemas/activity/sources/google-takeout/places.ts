/** Where somebody was: places without names or addresses, since a shop's name is finer than two decimals. */
import { dropped, type Found } from '../../draft.ts'
import { type Fields, fieldsOf, firstOf, jsonValues, numberOf, stringOf } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseEpoch, parseTime } from '../../times.ts'

const unwrap = (value: number): number => (value > 2 ** 31 ? value - 2 ** 32 : value)

/** Old files wrapped beyond 180 degrees; a coordinate that is none is none. */
function placeOf(lat: number | undefined, lon: number | undefined): { latE7: number; lonE7: number } | undefined {
  if (lat === undefined || lon === undefined) return undefined
  const [latE7, lonE7] = [Math.round(unwrap(lat)), Math.round(unwrap(lon))]
  return Math.abs(latE7) <= 900_000_000 && Math.abs(lonE7) <= 1_800_000_000 ? { latE7, lonE7 } : undefined
}

const timeOf = (row: Fields, ...keys: string[]): number | undefined => {
  const value = firstOf(row, ...keys)
  return parseTime(value) ?? parseEpoch(value)
}

const move = (kind: string, timeMs: number | undefined, place: ReturnType<typeof placeOf>, endMs?: number): Found =>
  place === undefined
    ? dropped('empty')
    : {
        type: 'Move',
        kind,
        timeMs,
        place,
        durationS: timeMs !== undefined && endMs !== undefined && endMs >= timeMs ? Math.round((endMs - timeMs) / 1000) : undefined,
      }

/** `Records.json`, old `Location History.json`. */
export const records: FileKind = {
  name: 'location-records',
  path: /\.json$/,
  head: /"locations"\s*:\s*\[[\s\S]*?"(?:latitudeE7|timestampMs)"/,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path[0] !== 'locations') continue
        const row = fieldsOf(value)
        yield move('position', timeOf(row, 'timestamp', 'timestampMs'), placeOf(numberOf(row['latitudeE7']), numberOf(row['longitudeE7'])))
      }
  },
}

const HOME_OR_WORK = /HOME|WORK/i

/** `Semantic Location History/2021/2021_MARCH.json`. */
export const semantic: FileKind = {
  name: 'semantic-locations',
  path: /\.json$/,
  head: /"timelineObjects"\s*:\s*\[/,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path[0] !== 'timelineObjects') continue
        const [visit, segment] = [fieldsOf(fieldsOf(value)['placeVisit']), fieldsOf(fieldsOf(value)['activitySegment'])]
        const isVisit = Object.keys(visit).length > 0
        const row = isVisit ? visit : segment
        const place = fieldsOf(isVisit ? visit['location'] : segment['startLocation'])
        const duration = fieldsOf(row['duration'])
        if (HOME_OR_WORK.test(stringOf(place['semanticType']) ?? '')) yield dropped('private-place')
        else
          yield move(
            isVisit ? 'visit' : activityKind(stringOf(segment['activityType'])),
            timeOf(duration, 'startTimestamp', 'startTimestampMs'),
            placeOf(numberOf(place['latitudeE7']), numberOf(place['longitudeE7'])),
            timeOf(duration, 'endTimestamp', 'endTimestampMs'),
          )
      }
  },
}

/** `IN_PASSENGER_VEHICLE` as a kind. */
const activityKind = (type: string | undefined): string =>
  (type ?? 'trip')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40) || 'trip'

/** `48.1234567°, 11.1234567°` or `geo:48.12,11.12`. */
function pointOf(value: unknown): ReturnType<typeof placeOf> {
  const match = /^(?:geo:)?(-?\d{1,3}(?:\.\d+)?)°?,\s*(-?\d{1,3}(?:\.\d+)?)°?/.exec(stringOf(value) ?? '')
  return match ? placeOf(Number(match[1]) * 1e7, Number(match[2]) * 1e7) : undefined
}

/** `Timeline.json`, `location-history.json`: what phones write since 2024. */
export const deviceTimeline: FileKind = {
  name: 'device-timeline',
  path: /\.json$/,
  head: /"semanticSegments"\s*:\s*\[|^\s*\[\s*\{[\s\S]*?"(?:startTime|endTime)"\s*:[\s\S]*?"(?:visit|activity|timelinePath)"\s*:/,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path.length > 0 && path[0] !== 'semanticSegments') continue
        const row = fieldsOf(value)
        const [start, end] = [timeOf(row, 'startTime'), timeOf(row, 'endTime')]
        const [visit, trip] = [fieldsOf(fieldsOf(row['visit'])['topCandidate']), fieldsOf(row['activity'])]
        if (HOME_OR_WORK.test(stringOf(visit['semanticType']) ?? '')) yield dropped('private-place')
        else if (row['visit'] !== undefined)
          yield move('visit', start, pointOf(fieldsOf(visit['placeLocation'])['latLng'] ?? visit['placeLocation']), end)
        else if (row['activity'] !== undefined)
          yield move(
            activityKind(stringOf(fieldsOf(trip['topCandidate'])['type'])),
            start,
            pointOf(fieldsOf(trip['start'])['latLng'] ?? trip['start']),
            end,
          )
        else yield dropped('system')
      }
  },
}
