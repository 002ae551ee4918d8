/**
 * One host may add at most 1 % of a contributor's draws to its fails (incentives reference 3.2): a hostile host then cannot ruin an honest crawler.
 * Two things keep the cap from becoming a hiding place for pages fabricated on a few hosts: a host with more than a tenth of the draws may add a
 * tenth of its own, and what the cap takes off the contributor falls on that host's records alone, by the formula of m.
 */
import type { Charter } from '../../schemas/wire/index.ts'
import type { Bases, HostClass } from './host-book.ts'
import { hostKey } from './host-key.ts'
import { divFloor, mulDiv, PPM } from './integers.ts'
import { splitLargestRemainder } from './largest-remainder.ts'
import { multiplier } from './tally.ts'
import { wmedian } from './weighted-median.ts'

export interface FreshDraw {
  /** Null for a chunk of a pool: no host answers for it, so nothing caps its fails. */
  host: string | null
  class: HostClass
  pass: boolean
}
export interface FreshReport {
  validator: string
  draws: readonly FreshDraw[]
}

/** A host may add one in so many of its own draws, whatever share of all draws they are. */
const OWN_SHARE = 10
/** Deviations, beyond the dead zone, that a single epoch's few draws on a host must show before its records pay for it. */
const HOST_SIGMAS = 3

export interface Capped {
  /** Fails of each validator after the cap. */
  fails: Map<string, number>
  /** Host key -> ppm that its records keep; hosts that keep all are absent. */
  cuts: Map<string, number>
}

interface OnHost {
  fails: number
  draws: number
  expected: number
}
type ByValidator = Map<string, OnHost>

export function capHosts(
  reports: readonly FreshReport[],
  { charter, bases, weightOf }: { charter: Charter; bases: Bases; weightOf: (validator: string) => number },
): Capped {
  const hosts = new Map<string, ByValidator>()
  const fails = new Map(reports.map((r) => [r.validator, 0]))
  let total = 0
  for (const { validator, draws } of reports) {
    for (const draw of draws) {
      total++
      if (draw.host === null) {
        if (!draw.pass) fails.set(validator, (fails.get(validator) ?? 0) + 1)
        continue
      }
      const on = entryOf(
        entryOf(hosts, hostKey(draw.host), () => new Map<string, OnHost>()),
        validator,
        () => ({
          fails: 0,
          draws: 0,
          expected: 0,
        }),
      )
      on.draws++
      on.expected += bases[draw.class]
      if (!draw.pass) on.fails++
    }
  }
  const anyHost = Math.max(1, mulDiv(total, charter.credibility.hostCapPpm, PPM))
  const capped = new Map<string, ByValidator>()
  for (const [host, by] of hosts) {
    const sum = [...by.values()].reduce((n, on) => n + on.fails, 0)
    const draws = [...by.values()].reduce((n, on) => n + on.draws, 0)
    const allowed = Math.max(anyHost, divFloor(draws, OWN_SHARE))
    if (sum > allowed) capped.set(host, by)
    for (const [validator, kept] of keptFails(by, Math.min(sum, allowed))) fails.set(validator, (fails.get(validator) ?? 0) + kept)
  }
  return { fails, cuts: cutsOf(capped, charter, weightOf) }
}

/** `allowed` fails shared over the validators that saw them, in proportion. */
function keptFails(by: ByValidator, allowed: number): Iterable<[string, number]> {
  const sorted = [...by].map(([id, on]) => ({ id, weight: BigInt(on.fails) }))
  return [...splitLargestRemainder(BigInt(allowed), sorted)].map(([id, kept]) => [id, Number(kept)])
}

/**
 * Each capped host answers for itself; those too thinly drawn for that answer together. Medians over validators, so that less than half of them
 * cannot take an honest node's host away.
 */
function cutsOf(capped: ReadonlyMap<string, ByValidator>, charter: Charter, weightOf: (validator: string) => number): Map<string, number> {
  const cuts = new Map<string, number>()
  const rest: string[] = []
  for (const [host, by] of capped) {
    const keeps = keepsOf(by, charter, weightOf)
    if (keeps < PPM) cuts.set(host, keeps)
    else rest.push(host)
  }
  const together: ByValidator = new Map()
  for (const host of rest) {
    for (const [validator, on] of capped.get(host) ?? []) {
      const sum = entryOf(together, validator, () => ({ fails: 0, draws: 0, expected: 0 }))
      sum.fails += on.fails
      sum.draws += on.draws
      sum.expected += on.expected
    }
  }
  const keeps = keepsOf(together, charter, weightOf)
  if (keeps < PPM) for (const host of rest) cuts.set(host, keeps)
  return cuts
}

function keepsOf(by: ByValidator, charter: Charter, weightOf: (validator: string) => number): number {
  const seen = [...by]
  const rates = seen.map(([tie, on]) => ({ value: mulDiv(on.fails, PPM, on.draws), weight: weightOf(tie), tie }))
  const counts = seen.map(([tie, on]) => ({ value: on.draws, weight: 1, tie }))
  const draws = seen.reduce((n, [, on]) => n + on.draws, 0)
  if (draws === 0) return PPM
  const expected = divFloor(
    seen.reduce((n, [, on]) => n + on.expected, 0),
    draws,
  )
  const credibility = { ...charter.credibility, sigmaNum: HOST_SIGMAS, sigmaDen: 1 }
  return multiplier(wmedian(rates) ?? 0, expected, wmedian(counts) ?? 0, PPM, { credibility })
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
