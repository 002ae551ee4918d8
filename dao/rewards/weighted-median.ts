/** Lower weighted median (incentives reference 3.3): less than half of the weight, whatever it says, cannot move it outside the others' range. */
export interface Weighted<T extends number | bigint> {
  value: T
  weight: number | bigint
  /** Breaks ties between equal values (an account), so that input order never matters. */
  tie: string
}

/** The first value, in order of (value, tie), whose cumulative weight times two reaches the total; undefined when all weight is 0. */
export function wmedian<T extends number | bigint>(items: readonly Weighted<T>[]): T | undefined {
  const sorted = items.filter((i) => i.weight > 0).toSorted((a, b) => order(a.value, b.value) || order(a.tie, b.tie))
  let total = 0n
  for (const { weight } of sorted) total += BigInt(weight)
  let seen = 0n
  for (const { value, weight } of sorted) {
    seen += BigInt(weight)
    if (seen * 2n >= total) return value
  }
  return undefined
}

function order(a: number | bigint | string, b: number | bigint | string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
