/** From sums to what may be published: noise added in one place, small counts left out in another. */
import type { AggregateRound, CountedGroup, PoolStatistics } from '../../schemas/wire/index.ts'
import { discreteLaplace } from './discrete-laplace.ts'
import { scaleOf } from './layout.ts'
import { addAt } from './shares.ts'
import type { ByteSource } from './uniform.ts'

export interface Asked extends Pick<AggregateRound, 'epsilonPpm' | 'minPeople'> {
  groups: readonly CountedGroup[]
}

/** Adds full noise to every bin, in place. */
export function addNoise(sum: Uint32Array, { groups, epsilonPpm }: Asked, source: ByteSource): void {
  let at = 0
  for (const group of groups) {
    const scale = scaleOf(group, { epsilonPpm, groups: groups.length })
    for (let i = 0; i < group.bins.length; i++) addAt(sum, at++, discreteLaplace(scale, source))
  }
}

/**
 * The published form of noisy counts, one for each bin in order. A count that fewer than `minPeople` could have made up is null: decided on the
 * noisy number, so it costs nothing of the budget.
 */
export function describeCounts(counts: readonly number[], asked: Asked, noises: number): PoolStatistics {
  let at = 0
  const told = asked.groups.map(({ bins, perBin }) =>
    bins.map(() => {
      const count = counts[at++] as number
      return count < asked.minPeople * perBin ? null : count
    }),
  )
  return statisticsOf(told, asked, noises)
}

/** Counts that are told, one list for each group, with what they are of. */
export function statisticsOf(told: readonly (number | null)[][], { groups, epsilonPpm, minPeople }: Asked, noises: number): PoolStatistics {
  const described = groups.map((group, i) => ({ ...group, counts: told[i] ?? [] }))
  return { v: 1, epsilonPpm, minPeople, mechanism: 'discrete-laplace', noises, groups: described }
}

/** Within how much of the truth nineteen of twenty counts of a group are: twice the standard deviation of the noise, rounded up. For a reader, not a proof. */
export function spreadOf(group: CountedGroup, { epsilonPpm, groups }: { epsilonPpm: number; groups: number }, noises: number): number {
  const { num, den } = scaleOf(group, { epsilonPpm, groups })
  // variance of discrete Laplace of scale b is below 2·b²
  return Number(squareRoot((8n * BigInt(noises) * num * num) / (den * den)) + 1n)
}

function squareRoot(value: bigint): bigint {
  let root = 0n
  for (let bit = 1n << BigInt(value.toString(2).length); bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= value) root += bit
  return root
}
