/** Tallies of draws and what they say of a contributor's authenticity (incentives reference 3.2). */
import type { Charter } from '../../schemas/wire/index.ts'
import type { Bases } from './host-book.ts'
import { divFloor, mulDiv, PPM, sigmaPpm } from './integers.ts'
import { wmedian } from './weighted-median.ts'

/** One validator's tally on one contributor: failed draws ×10^6, draws ×1000, expected fails (ppm) ×1000; all decayed by 7/8 per epoch. */
export interface Tally {
  a: number
  b: number
  x: number
}
export const EMPTY_TALLY: Tally = { a: 0, b: 0, x: 0 }

/** What one validator drew of a contributor this epoch; `expected` is the sum of its draws' class bases, ppm. */
export interface FreshTally {
  fails: number
  draws: number
  expected: number
}

/**
 * The tally after an epoch in which the contributor submitted; `fresh` is null for a validator outside its committee. Fails are winsorised at
 * 30 % of the draws (`voidPpm`), so that one bad day does not follow a node for weeks.
 */
export function updateTally(old: Tally, fresh: FreshTally | null, { credibility }: Pick<Charter, 'credibility'>): Tally {
  const kept = { a: decayed(old.a), b: decayed(old.b), x: decayed(old.x) }
  if (fresh === null) return kept
  const fails = Math.min(fresh.fails, mulDiv(fresh.draws, credibility.voidPpm, PPM))
  return { a: kept.a + fails * 1_000_000, b: kept.b + fresh.draws * 1000, x: kept.x + fresh.expected * 1000 }
}

const decayed = (n: number): number => mulDiv(n, 7, 8)

/** Fail rate of a tally, ppm. */
export const rateOf = ({ a, b }: Tally): number => (b === 0 ? 0 : mulDiv(a, 1000, b))

/**
 * m: what a contributor's records are worth, ppm, from the median fail rate, the expected rate `base`, draws `n` behind the median, and m before.
 * Falls at once, climbs `recoverPpm` per epoch, never passes PPM: good history cannot be banked. `excess` is what lies beyond the dead zone.
 */
export function multiplier(
  med: number,
  base: number,
  n: number,
  previous: number,
  { credibility: c }: Pick<Charter, 'credibility'>,
): number {
  const ceiling = Math.min(PPM, previous + c.recoverPpm)
  return Math.min(Math.max(0, PPM - c.slope * excessOf(med, base, n, { credibility: c })), ceiling)
}

/** e = max(0, med - base - delta), delta = dead zone + 0.8 sigma(base, n). */
export function excessOf(med: number, base: number, n: number, { credibility: c }: Pick<Charter, 'credibility'>): number {
  return Math.max(0, med - base - c.deadZonePpm - divFloor(c.sigmaNum * sigmaPpm(base, n), c.sigmaDen))
}

/** A validator's fails and draws per class, over contributors in good standing (m >= 900,000). */
export interface ClassRates {
  validator: string
  weight: number
  classes: readonly [ClassCount, ClassCount, ClassCount]
}
export interface ClassCount {
  fails: number
  draws: number
}
export const GOOD_STANDING = 900_000
const BASE_DRAWS = 50

/** Next expected fail rates: (3·old + weighted median of the validators' own rates) / 4, of validators with more than 50 draws in the class. */
export function updateBases(bases: Bases, rates: readonly ClassRates[]): Bases {
  const next = bases.map((old, k) => {
    const items = rates.flatMap(({ validator, weight, classes }) => {
      const { fails, draws } = classes[k] as ClassCount
      return draws > BASE_DRAWS ? [{ value: mulDiv(fails, PPM, draws), weight, tie: validator }] : []
    })
    const median = wmedian(items)
    return median === undefined ? old : divFloor(3 * old + median, 4)
  })
  return [next[0] ?? 0, next[1] ?? 0, next[2] ?? 0]
}
