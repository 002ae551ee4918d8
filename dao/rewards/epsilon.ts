/**
 * The yearly ε of a pool, from what the ledger says was spent. A budget entry is named `epsilon/<year>/<CID>` by the round that it pays for; its
 * amount is millionths of ε. One that has a name in the place of a CID pays for no round, and is spent all the same: what a log once took from
 * its year does not come back.
 */
import type { CID } from '../../schemas/wire/index.ts'

export interface Spending {
  budget: string
  /** Decimal, millionths of ε. */
  amount: string
}

const NAME = /^epsilon\/(\d{4})\/([a-z0-9][a-z0-9._-]{0,63})$/

/** Of a `budget.spend` that is about statistics; undefined of any other budget. */
export function epsilonBudget(budget: string): { year: number; what: string } | undefined {
  const [, year, what] = NAME.exec(budget) ?? []
  return year === undefined || what === undefined ? undefined : { year: Number(year), what }
}

export const epsilonName = (year: number, what: CID): string => `epsilon/${year}/${what.toString()}`

/** Millionths of ε spent in a year, and left of `yearly`. */
export function epsilonLeft(spent: readonly Spending[], year: number, yearly: number): { spent: bigint; left: bigint } {
  const sum = spent.reduce((total, { budget, amount }) => (epsilonBudget(budget)?.year === year ? total + BigInt(amount) : total), 0n)
  return { spent: sum, left: BigInt(yearly) - sum }
}

/** Whether the ledger holds the spending that this costs: whoever adds noise looks before it answers. */
export function isPaid(spent: readonly Spending[], what: CID, epsilonPpm: number): boolean {
  return spent.some(({ budget, amount }) => epsilonBudget(budget)?.what === what.toString() && BigInt(amount) >= BigInt(epsilonPpm))
}
