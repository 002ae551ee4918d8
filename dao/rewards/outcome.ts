import type { Charter } from '../../schemas/wire/index.ts'
import { capHosts, type FreshReport } from './host-cap.ts'
import type { Bases } from './host-book.ts'
import { hostKey } from './host-key.ts'
import { divFloor, mulDiv, mulDivBig, PPM } from './integers.ts'
import { EMPTY_TALLY, excessOf, multiplier, rateOf, type Tally, updateTally } from './tally.ts'
import { wmedian } from './weighted-median.ts'

export interface OutcomeInput {
  charter: Charter
  /** Tallies of every validator on this contributor before the epoch. */
  tallies: ReadonlyMap<string, Tally>
  /** This epoch's revealed reports on it. */
  reports: readonly FreshReport[]
  /** m before the epoch. */
  mPrev: number
  /** Expected fail rate per host class. */
  bases: Bases
  /** Weight of each validator's word; absent: all equal. A validator not in it weighs nothing. */
  weights?: ReadonlyMap<string, number>
}

export interface Outcome {
  /** Authenticity multiplier after the epoch, ppm. */
  m: number
  /** The fresh committee median reached `voidPpm`: the epoch's records earn nothing. */
  voided: boolean
  /** Weighted median of the tallied fail rates, expected rate, draws behind them, and what lies beyond the dead zone; all but n in ppm. */
  med: number
  b: number
  n: number
  e: number
  /** Weighted median of this epoch's own fail rates. */
  freshMed: number
  /** Every validator's own rate this epoch, after the host cap: what strikes and escalation look at. */
  freshRates: { validator: string; rate: number; draws: number }[]
  draws: number
  /** Failed draws, before the host cap. */
  fails: number
  tallies: Map<string, Tally>
  /** Host key -> ppm that this contributor's records of it keep (see `capHosts`). */
  hostCuts: Map<string, number>
}

/** One contributor's epoch from the validators' draws (incentives reference 3.2): call it only for epochs in which it submitted. */
export function contributorOutcome({ charter, tallies: before, reports, mPrev, bases, weights }: OutcomeInput): Outcome {
  const weightOf = (validator: string): number => (weights === undefined ? PPM : (weights.get(validator) ?? 0))
  const capped = capHosts(reports, { charter, bases, weightOf })
  const fresh = new Map(
    reports
      .filter((r) => r.draws.length > 0)
      .map(({ validator, draws }) => {
        const expected = draws.reduce((sum, draw) => sum + bases[draw.class], 0)
        return [validator, { fails: capped.fails.get(validator) ?? 0, draws: draws.length, expected }]
      }),
  )
  const tallies = new Map<string, Tally>()
  for (const validator of new Set([...before.keys(), ...fresh.keys()]))
    tallies.set(validator, updateTally(before.get(validator) ?? EMPTY_TALLY, fresh.get(validator) ?? null, charter))

  const heard = [...tallies].filter(([v, tally]) => weightOf(v) > 0 && tally.b > 0 && tally.b >= charter.credibility.minSamples * 1000)
  const med = wmedian(heard.map(([tie, tally]) => ({ value: rateOf(tally), weight: weightOf(tie), tie }))) ?? 0
  const n = wmedian(heard.map(([tie, tally]) => ({ value: divFloor(tally.b, 1000), weight: 1, tie }))) ?? 0
  const b = expectedRate(tallies, bases)
  const freshRates = [...fresh].map(([validator, { fails, draws }]) => ({ validator, rate: mulDiv(fails, PPM, draws), draws }))
  const freshMed = wmedian(freshRates.map(({ validator, rate }) => ({ value: rate, weight: weightOf(validator), tie: validator }))) ?? 0
  return {
    m: multiplier(med, b, n, mPrev, charter),
    voided: freshRates.length > 0 && freshMed >= charter.credibility.voidPpm,
    med,
    b,
    n,
    e: excessOf(med, b, n, charter),
    freshMed,
    freshRates,
    draws: reports.reduce((sum, r) => sum + r.draws.length, 0),
    fails: reports.reduce((sum, r) => sum + r.draws.filter((d) => !d.pass).length, 0),
    tallies,
    hostCuts: capped.cuts,
  }
}

/** Sum of a batch's record values after the host cuts; records of voided batches are left out by the caller. */
export function countedValue(
  rows: readonly { host: string | null }[],
  values: readonly { value: number }[],
  hostCuts: ReadonlyMap<string, number>,
): bigint {
  let sum = 0n
  rows.forEach(({ host }, i) => {
    const keeps = hostCuts.size === 0 || host === null ? PPM : (hostCuts.get(hostKey(host)) ?? PPM)
    sum += BigInt(mulDiv(values[i]?.value ?? 0, keeps, PPM))
  })
  return sum
}

/** Points of an epoch: value × m, floor. Linear, because anything else pays an identity for splitting or merging. */
export function points(value: bigint, m: number): bigint {
  return mulDivBig(value, BigInt(m), BigInt(PPM))
}

/** b: what an honest node with these draws would have failed, ppm. */
function expectedRate(tallies: ReadonlyMap<string, Tally>, bases: Bases): number {
  let x = 0n
  let b = 0n
  for (const tally of tallies.values()) {
    x += BigInt(tally.x)
    b += BigInt(tally.b)
  }
  return b === 0n ? bases[1] : Number(mulDivBig(x, 1n, b))
}
