/** Sites without end: calendars, faceted lists, links that nest themselves. Each rule names itself in the journal. */

import { fingerprint } from './seen-set.ts'

export type Trap = 'too-long' | 'too-deep-path' | 'repeated-segment' | 'too-many-parameters' | 'calendar' | 'query-variants' | 'numbered'

export interface TrapLimits {
  urlLength: number
  pathSegments: number
  parameters: number
  /** URLs of one calendar-like shape per host. */
  calendar: number
  /** Different queries on one path. */
  queryVariants: number
  /** URLs of one shape that differ in numbers only, per host. */
  numbered: number
  /** Shapes remembered over all hosts; beyond it the oldest are forgotten. */
  shapes: number
}

export const trapLimits: TrapLimits = {
  urlLength: 2048,
  pathSegments: 24,
  parameters: 12,
  calendar: 64,
  queryVariants: 256,
  numbered: 20_000,
  shapes: 100_000,
}

const CALENDAR_WORD = /(^|[/_-])(calendar|kalender|calendrier|calendario|agenda|events?|day|week|month|year)([/_-]|$)/i
const DATE_END = /\/\d{4}([/-]\d{1,2}){1,2}\/?$/
const CALENDAR_PARAMETER = /(^|&)(date|day|week|month|year|cal|tribe-bar-date)=/i

export class TrapGuard {
  readonly #limits: TrapLimits
  /** By fingerprint: the shapes themselves would be most of a frontier's memory. */
  #counts = new Map<number, number>()
  /** The generation before: a whole one is forgotten at a time, because taking the oldest out of a large map is slow. */
  #older = new Map<number, number>()

  constructor(limits: Partial<TrapLimits> = {}) {
    this.#limits = { ...trapLimits, ...limits }
  }

  /** The trap that a new URL would step into; counts it otherwise. Call once per URL. */
  check(url: URL): Trap | undefined {
    const { urlLength, pathSegments, parameters, calendar, queryVariants, numbered } = this.#limits
    if (url.href.length > urlLength) return 'too-long'
    const segments = url.pathname.split('/').filter((segment) => segment !== '')
    if (segments.length > pathSegments) return 'too-deep-path'
    if (repeatsItself(segments)) return 'repeated-segment'
    const query = url.search.slice(1)
    if (query !== '' && query.split('&').length > parameters) return 'too-many-parameters'
    const shape = `${url.host}${url.pathname.replace(/\d+/g, '0')}`
    if (CALENDAR_WORD.test(url.pathname) || DATE_END.test(url.pathname) || CALENDAR_PARAMETER.test(query)) {
      if (/\d/.test(url.pathname + query) && this.#isFull(`c ${shape}`, calendar)) return 'calendar'
    } else if (/\d/.test(url.pathname) && this.#isFull(`n ${shape}`, numbered)) return 'numbered'
    if (query !== '' && this.#isFull(`q ${url.host}${url.pathname}`, queryVariants)) return 'query-variants'
    return undefined
  }

  #isFull(shape: string, limit: number): boolean {
    const key = fingerprint(shape)
    const count = this.#counts.get(key) ?? this.#older.get(key) ?? 0
    if (count >= limit) return true
    this.#counts.set(key, count + 1)
    if (this.#counts.size > this.#limits.shapes / 2) {
      this.#older = this.#counts
      this.#counts = new Map()
    }
    return false
  }
}

/** One segment four times, or one to three segments three times in a row: a link that nests itself. */
function repeatsItself(segments: string[]): boolean {
  const counts = new Map<string, number>()
  for (const segment of segments) {
    const count = (counts.get(segment) ?? 0) + 1
    if (count >= 4) return true
    counts.set(segment, count)
  }
  for (let width = 1; width <= 3; width++) {
    let equal = 0
    for (let at = width; at < segments.length; at++) {
      equal = segments[at] === segments[at - width] ? equal + 1 : 0
      if (equal === 2 * width) return true
    }
  }
  return false
}
