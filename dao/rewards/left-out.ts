/**
 * Draws that a validator left out: their owner wants them asked for by nobody any more, or their host's pace left no time. They say nothing of who
 * gathered, so no tally counts them; but what nobody could look at earns nothing either, or pages would be invented where nobody may look.
 */
import { hostKey } from './host-key.ts'
import { mulDiv, PPM } from './integers.ts'
import { wmedian } from './weighted-median.ts'

/** What one validator drew of a contributor, by host. */
export interface DrawnOnHosts {
  validator: string
  draws: readonly { host: string; isLeftOut: boolean }[]
}

/**
 * Host key -> ppm that its records keep: the part of its draws that was not left out, by the weighted median of those who drew there, so that less
 * than half of them take nothing from anybody. Hosts that keep all are absent.
 */
export function leftOutCuts(reports: readonly DrawnOnHosts[], weightOf: (validator: string) => number): Map<string, number> {
  const hosts = new Map<string, Map<string, { draws: number; leftOut: number }>>()
  for (const { validator, draws } of reports)
    for (const { host, isLeftOut } of draws) {
      const key = hostKey(host)
      const by = hosts.get(key) ?? new Map<string, { draws: number; leftOut: number }>()
      const on = by.get(validator) ?? { draws: 0, leftOut: 0 }
      hosts.set(key, by.set(validator, { draws: on.draws + 1, leftOut: on.leftOut + (isLeftOut ? 1 : 0) }))
    }
  const cuts = new Map<string, number>()
  for (const [host, by] of hosts) {
    const shares = [...by].map(([tie, { draws, leftOut }]) => ({ value: mulDiv(leftOut, PPM, draws), weight: weightOf(tie), tie }))
    const leftOut = wmedian(shares) ?? 0
    if (leftOut > 0) cuts.set(host, PPM - leftOut)
  }
  return cuts
}
