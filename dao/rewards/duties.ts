/** What validators owe each epoch, and how one that stands apart is seen (incentives reference 3.3). */
import type { Charter } from '../../schemas/wire/index.ts'
import { clamp, mulDiv, PPM, sigmaPpm } from './integers.ts'

type Rules = Pick<Charter, 'validatorRules'>

export interface FreshRate {
  validator: string
  rate: number
  draws: number
}

/** How far, in ppm, a rate over `draws` draws may lie from the committee's median: max(20 %, 6 sigma). */
export function strikeLine(median: number, draws: number, { validatorRules: r }: Rules): number {
  return Math.max(r.strikeMinPpm, r.strikeSigmas * sigmaPpm(clamp(median, 20_000, 980_000), draws))
}

/** Validators beyond the strike line on one contributor: a strike each. */
export function outliers(rates: readonly FreshRate[], median: number, rules: Rules): string[] {
  return rates.filter(({ rate, draws }) => Math.abs(rate - median) > strikeLine(median, draws, rules)).map((r) => r.validator)
}

/** Whether so many of a committee stand apart that the whole set must sample: without this a near-majority captures committees. */
export function escalates(outlying: number, committee: number, { validatorRules: r }: Rules): boolean {
  return outlying > 0 && outlying * PPM >= committee * r.escalatePpm
}

/** Whether the reports in carry enough of the assigned weight; else the contributor's epoch is deferred. */
export function reportQuorum(
  assigned: readonly string[],
  reported: ReadonlySet<string>,
  charter: Pick<Charter, 'testing'>,
  weights?: ReadonlyMap<string, number>,
): boolean {
  const weigh = (accounts: readonly string[]): bigint =>
    accounts.reduce((sum, v) => sum + BigInt(weights === undefined ? PPM : (weights.get(v) ?? 0)), 0n)
  const all = weigh(assigned)
  return all > 0n && weigh(assigned.filter((v) => reported.has(v))) * BigInt(PPM) >= all * BigInt(charter.testing.quorumPpm)
}

export interface Duties {
  /** Committed its report in time, opened it with the right preimages, attested the close. */
  reported: boolean
  revealed: boolean
  attested: boolean
  /** Stood apart this epoch. */
  struck: boolean
}

/** A seat's weight in the validators' part of revenue: all duties done and no strike earns a whole seat, anything less nothing. */
export function dutyWeight({ reported, revealed, attested, struck }: Duties): bigint {
  return reported && revealed && attested && !struck ? BigInt(PPM) : 0n
}

/** Strikes after an epoch, and whether the seat is suspended until it is seated again. */
export function afterStrike(strikes: number, struck: boolean, { validatorRules: r }: Rules): { strikes: number; suspended: boolean } {
  const now = strikes + (struck ? 1 : 0)
  return { strikes: now, suspended: r.strikes > 0 && now >= r.strikes }
}

/** Records a contributor may bring next epoch: doubles in good standing, halves otherwise, between newcomer and cap; null: no quota. */
export function nextQuota(quota: number, m: number, voided: boolean, charter: Pick<Charter, 'contributors'>): number | null {
  const rules = charter.contributors.quota
  if (rules === null) return null
  return m >= 900_000 && !voided ? Math.min(rules.cap, quota * 2) : Math.max(rules.newcomer, mulDiv(quota, 1, 2))
}
