/** The bond of a network without a token is deferred pay: points vest some epochs later, and later conduct can still take them (incentives 4.2). */
import type { Charter } from '../../schemas/wire/index.ts'
import { mulDivBig, PPM } from './integers.ts'

export interface EpochPoints {
  points: bigint
  /** ppm of them that will be paid. */
  cap: number
  /** Why they are gone, or null. */
  void: string | null
}

/** Whether points earned in `epoch` have vested once epoch `closed` is closed. */
export function isVested(epoch: number, closed: number, vestingEpochs: number): boolean {
  return closed - epoch >= vestingEpochs
}

/** Points of one contributor that releases may count after the close of `closed`: floor(points × cap) per vested epoch. */
export function vestedPoints(earned: Iterable<readonly [epoch: number, EpochPoints]>, closed: number, vestingEpochs: number): bigint {
  let sum = 0n
  for (const [epoch, entry] of earned) if (isVested(epoch, closed, vestingEpochs)) sum += paidPoints(entry)
  return sum
}

export function paidPoints({ points, cap, void: gone }: EpochPoints): bigint {
  return gone === null ? mulDivBig(points, BigInt(cap), BigInt(PPM)) : 0n
}

/** Cap of an epoch's unvested points after m fell: below `vestOkPpm` (80 %) what has not vested is worth no more than m. */
export function capAfter(cap: number, m: number, { credibility }: Pick<Charter, 'credibility'>): number {
  return m < credibility.vestOkPpm ? Math.min(cap, m) : cap
}

/**
 * A contributor's points after closing `epoch` with multiplier `m`: what had not vested before this close is capped. The closing epoch's own
 * points carry m already and are not capped again.
 */
export function capUnvested(
  earned: ReadonlyMap<number, EpochPoints>,
  epoch: number,
  m: number,
  charter: Pick<Charter, 'credibility' | 'vestingEpochs'>,
): Map<number, EpochPoints> {
  return new Map(
    [...earned].map(([e, entry]) =>
      e < epoch && !isVested(e, epoch - 1, charter.vestingEpochs) ? [e, { ...entry, cap: capAfter(entry.cap, m, charter) }] : [e, entry],
    ),
  )
}

/** A contributor's points after a fraud of kind S3 in `epoch`: all that had not vested by the last close is burnt; vested points stay. */
export function burnUnvested(
  earned: ReadonlyMap<number, EpochPoints>,
  epoch: number,
  vestingEpochs: number,
  why: string,
): { earned: Map<number, EpochPoints>; burnt: bigint } {
  let burnt = 0n
  const next = new Map<number, EpochPoints>()
  for (const [e, entry] of earned) {
    const stays = isVested(e, epoch - 1, vestingEpochs) || entry.void !== null
    if (!stays) burnt += paidPoints(entry)
    next.set(e, stays ? entry : { ...entry, void: why })
  }
  return { earned: next, burnt }
}
