/**
 * The bond of a network without a token is deferred pay: points vest some epochs later, and later conduct can still take them (incentives 4.2).
 * Whoever keeps points keeps them by epoch, with these facts of each.
 */
import type { Charter } from '../../schemas/wire/index.ts'
import { mulDivBig, PPM } from './integers.ts'

export interface Vesting {
  /** ppm that later conduct left of them: the lowest credibility below `vestOkPpm` while they were unvested. */
  cap: number
  /** Why nothing of them is paid: `S2 D5`, `S3 D3`; null while they stand. */
  void: string | null
  /** The epoch whose final close vests them. */
  vestsWith: number
}

/** Whether no later conduct can take them any more, once `lastFinal` is the last epoch whose table is final. */
export function isVested({ vestsWith }: Pick<Vesting, 'vestsWith'>, lastFinal: number): boolean {
  return vestsWith <= lastFinal
}

/** What conduct and fraud have left of points of which so many stand: floor(standing × cap). */
export function paidPoints(standing: bigint, { cap, void: gone }: Pick<Vesting, 'cap' | 'void'>): bigint {
  return gone === null ? mulDivBig(standing, BigInt(cap), BigInt(PPM)) : 0n
}

/**
 * Caps what has not vested at multiplier `m` when that lies below `vestOkPpm`, for good. An epoch's own points carry its `m` already: they are
 * added after its close has capped the earlier ones.
 */
export function capUnvested<Earned extends Vesting>(
  earned: Map<number, Earned>,
  lastFinal: number,
  m: number,
  { credibility }: Pick<Charter, 'credibility'>,
): void {
  if (m >= credibility.vestOkPpm) return
  for (const [epoch, entry] of earned) if (!isVested(entry, lastFinal)) earned.set(epoch, { ...entry, cap: Math.min(entry.cap, m) })
}

/** A fraud of severity S3 burns all that has not vested; what has, stays, and what is void already keeps its reason. */
export function burnUnvested<Earned extends Vesting>(earned: Map<number, Earned>, lastFinal: number, why: string): void {
  for (const [epoch, entry] of earned) if (!isVested(entry, lastFinal) && entry.void === null) earned.set(epoch, { ...entry, void: why })
}
