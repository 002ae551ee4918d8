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

/** What a contributor's records keep of their value, ppm. */
export interface LeftOut {
  /** By host key: hosts that most of its committee drew. */
  own: ReadonlyMap<string, number>
  /** All other hosts together, drawn or not. */
  others: number
}

interface Count {
  draws: number
  leftOut: number
}
type ByValidator = Map<string, Count>

/**
 * The part of the draws that was not left out. A host that most of the committee drew answers for itself; the others answer together, or whoever
 * invents pages on more hosts than are drawn would be paid for most of them. By the weighted median of all who reported, of whom those who drew
 * nothing there left nothing out, so that less than half of them take nothing from anybody.
 */
export function leftOutCuts(reports: readonly DrawnOnHosts[], weightOf: (validator: string) => number): LeftOut {
  const hosts = new Map<string, ByValidator>()
  for (const { validator, draws } of reports)
    for (const { host, isLeftOut } of draws) {
      const key = hostKey(host)
      const by = hosts.get(key) ?? new Map<string, Count>()
      hosts.set(key, by)
      add(by, validator, { draws: 1, leftOut: isLeftOut ? 1 : 0 })
    }
  const weightAll = reports.reduce((sum, { validator }) => sum + weightOf(validator), 0)
  const keeps = (by: ByValidator): number => {
    const shares = reports.map(({ validator }) => {
      const { draws, leftOut } = by.get(validator) ?? { draws: 1, leftOut: 0 }
      return { value: mulDiv(leftOut, PPM, draws), weight: weightOf(validator), tie: validator }
    })
    return PPM - (wmedian(shares) ?? 0)
  }
  const own = new Map<string, number>()
  const together: ByValidator = new Map()
  for (const [host, by] of hosts) {
    const weight = [...by.keys()].reduce((sum, validator) => sum + weightOf(validator), 0)
    if (weight * 2 > weightAll) own.set(host, keeps(by))
    else for (const [validator, count] of by) add(together, validator, count)
  }
  return { own, others: keeps(together) }
}

/** ppm that the records of a host keep. */
export const keptOf = ({ own, others }: LeftOut, host: string): number => own.get(hostKey(host)) ?? others

/** Whether anything of any host was taken. */
export const isCut = ({ own, others }: LeftOut): boolean => others < PPM || [...own.values()].some((keeps) => keeps < PPM)

function add(by: ByValidator, validator: string, { draws, leftOut }: Count): void {
  const before = by.get(validator) ?? { draws: 0, leftOut: 0 }
  by.set(validator, { draws: before.draws + draws, leftOut: before.leftOut + leftOut })
}
