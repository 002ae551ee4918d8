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

/** What a contributor's records keep of their value. */
export interface LeftOut {
  /** Host keys where most of its committee drew and could look at nothing: they keep nothing. */
  closed: ReadonlySet<string>
  /** ppm, of all other hosts together, drawn or not. */
  others: number
}

/**
 * The part of the draws that was not left out. Hosts answer together, or whoever spreads what it invents over many would be paid for most of it: a
 * validator draws too few records of each to tell, and none of some. What nobody could look at at all is set apart, so that nothing of it is released.
 * By the weighted median of all who reported, of whom those who drew nothing left nothing out, so that less than half of them take nothing from anybody.
 */
export function leftOutCuts(reports: readonly DrawnOnHosts[], weightOf: (validator: string) => number): LeftOut {
  const weightAll = reports.reduce((sum, { validator }) => sum + weightOf(validator), 0)
  const unseenBy = new Map<string, number>()
  for (const { validator, draws } of reports) {
    const seen = new Set(draws.flatMap(({ host, isLeftOut }) => (isLeftOut ? [] : [hostKey(host)])))
    for (const key of new Set(draws.map(({ host }) => hostKey(host))))
      if (!seen.has(key)) unseenBy.set(key, (unseenBy.get(key) ?? 0) + weightOf(validator))
  }
  const closed = new Set([...unseenBy].flatMap(([key, weight]) => (weight * 2 > weightAll ? [key] : [])))
  const shares = reports.map(({ validator, draws }) => {
    const others = draws.filter(({ host }) => !closed.has(hostKey(host)))
    const leftOut = others.filter(({ isLeftOut }) => isLeftOut).length
    return { value: mulDiv(leftOut, PPM, Math.max(1, others.length)), weight: weightOf(validator), tie: validator }
  })
  return { closed, others: PPM - (wmedian(shares) ?? 0) }
}

/** ppm that the records of a host keep. */
export const keptOf = ({ closed, others }: LeftOut, host: string): number => (closed.has(hostKey(host)) ? 0 : others)

/** Whether anything of any host was taken. */
export const isCut = ({ closed, others }: LeftOut): boolean => closed.size > 0 || others < PPM
