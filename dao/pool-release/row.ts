/** One line of a release's data, `pool-row@1`: an event without its id, under its person's name within the release. */
import { z } from 'zod'
import { type ActivityEvent, activityEvent } from '../../schemas/activity/index.ts'
import { canonicalJson } from '../../schemas/wire/index.ts'
import type { Quasi } from './anonymise.ts'

const { type, actor: _actor, object, context, lang } = activityEvent.shape
export const poolRow = z.strictObject({
  person: z.string().regex(/^p[0-9a-f]{16}$/),
  type,
  /** By the hour, the day or the month; null: not told. */
  time: z
    .string()
    .regex(/^\d{4}-\d\d(?:-\d\d(?:T\d\d:00:00Z)?)?$/)
    .nullable(),
  place: object.shape.place.unwrap().nullable(),
  source: activityEvent.shape.source.nullable(),
  lang: lang.unwrap().nullable(),
  object: object.omit({ place: true }),
  context: context.unwrap().nullable(),
})
export type PoolRow = z.infer<typeof poolRow>

/** As one line of canonical JSON, without its end. Where the time or the place of an event was made coarser its link has no path, which may hold either. */
export function rowLine(person: string, event: Pick<ActivityEvent, 'type' | 'object' | 'context' | 'time'>, quasi: Quasi): string {
  const { place: wasAt, url, ...rest } = event.object
  const { time, place, source, lang: language } = quasi
  const isCoarser = (event.time ?? null) !== time || wasAt?.latE7 !== place?.latE7 || wasAt?.lonE7 !== place?.lonE7
  const shown = url === undefined ? rest : { ...rest, url: isCoarser ? originOf(url) : url }
  return canonicalJson({ person, type: event.type, time, place, source, lang: language, object: shown, context: event.context ?? null })
}

/** Scheme, host and port: an address of an event has no user, and a path after its host or nothing. */
const originOf = (url: string): string => url.split('/', 3).join('/')
