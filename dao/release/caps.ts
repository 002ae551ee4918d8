import { PPM } from '../../schemas/wire/index.ts'

interface Weighed {
  tokens: number
}

/**
 * The rows that stay when no group (host, contributor) may hold more than `capPpm` of the tokens *that stay* (incentives 4.3).
 * Rows enter in the order given, so that what leaves is what came last. Caps shrink the total, which shrinks the caps: repeated until nothing leaves,
 * so the rule holds literally for the result. Fewer groups than PPM/capPpm can never satisfy it: then nothing stays, and the caller says so.
 * Gives the kept rows and, per cap in order, those it took.
 */
export function applyCaps<T extends Weighed>(
  rows: readonly T[],
  caps: readonly { keyOf: (row: T) => string; capPpm: number }[],
): { kept: T[]; taken: T[][] } {
  const taken = caps.map((): T[] => [])
  let kept = [...rows]
  const active = caps.map((cap, i) => ({ ...cap, i })).filter(({ capPpm }) => capPpm < PPM)
  for (;;) {
    const before = kept.length
    const total = tokensOf(kept)
    for (const { keyOf, capPpm, i } of active) {
      const budget = budgetOf(kept, keyOf, capPpm, total)
      const used = new Map<string, number>()
      kept = kept.filter((row) => {
        const sum = (used.get(keyOf(row)) ?? 0) + row.tokens
        const fits = sum <= budget
        if (fits) used.set(keyOf(row), sum)
        else taken[i]?.push(row)
        return fits
      })
    }
    if (kept.length === before) return { kept, taken }
  }
}

/**
 * Tokens that one group may hold: floor(cap * T), with T the greatest solution of T = sum over groups of min(t, cap * T), at most `total`.
 * With the k largest groups cut off at the cap, T = rest / (1 - k * cap); the right k is the first for which the next group fits.
 */
function budgetOf<T extends Weighed>(rows: readonly T[], keyOf: (row: T) => string, capPpm: number, total: number): number {
  const byGroup = new Map<string, number>()
  for (const row of rows) byGroup.set(keyOf(row), (byGroup.get(keyOf(row)) ?? 0) + row.tokens)
  const groups = [...byGroup.values()].toSorted((a, b) => b - a)
  let rest = BigInt(tokensOf(rows))
  for (const [k, group] of groups.entries()) {
    const free = PPM - k * capPpm
    if (free <= 0) return 0
    const limit = (rest * BigInt(capPpm)) / BigInt(free)
    if (BigInt(group) <= limit) return Math.min(Number(limit), Number((BigInt(total) * BigInt(capPpm)) / BigInt(PPM)))
    rest -= BigInt(group)
  }
  return 0
}

const tokensOf = (rows: readonly Weighed[]): number => rows.reduce((sum, row) => sum + row.tokens, 0)
