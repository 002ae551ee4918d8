/** Time and place, no finer than the rules say. */
import type { PoolRules } from './rules.ts'

const HOUR_MS = 3_600_000

/** Rows of one hour mostly follow each other. */
let last = { hour: 0, iso: new Date(0).toISOString() }

/** Cut, not rounded: the hour or the day it was in, UTC. */
export function coarseTime(timeMs: number, unit: PoolRules['time']): string {
  const hour = Math.floor(timeMs / HOUR_MS)
  if (hour !== last.hour) last = { hour, iso: new Date(hour * HOUR_MS).toISOString() }
  const { iso } = last
  return unit === 'day' ? iso.slice(0, 10) : `${iso.slice(0, 13)}:00:00Z`
}

/** Degrees in 1e-7, rounded to so many decimals; null drops the place. */
export function coarsePlace(
  place: { latE7: number; lonE7: number },
  decimals: number | null,
): { latE7: number; lonE7: number } | undefined {
  if (decimals === null) return undefined
  const step = 10 ** (7 - decimals)
  // `+ 0` makes of -0 a 0
  const round = (value: number, most: number): number => Math.max(-most, Math.min(most, Math.round(value / step) * step)) + 0
  return { latE7: round(place.latE7, 900_000_000), lonE7: round(place.lonE7, 1_800_000_000) }
}
