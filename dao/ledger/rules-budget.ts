/** Budgets. Those named `epsilon/<year>/<CID>` are what statistics of a personal pool cost: beyond the charter's yearly ε nothing is spent. */
import { poolTermsOf } from '../../schemas/wire/index.ts'
import { epsilonBudget, epsilonLeft } from '../rewards/index.ts'
import { notOperator } from './rules-admission.ts'
import { keep, neitherOperatorNorSeated } from './rules-records.ts'
import type { LedgerState } from './types.ts'
import { refuse, type Rule } from './view.ts'

/** UTC year in which the running phase began, by cosignatures: the only clock of a fold. null while none said a time. */
export function ledgerYear({ epoch }: Pick<LedgerState, 'epoch'>): number | null {
  return epoch === null || epoch.phaseTime === 0 ? null : new Date(epoch.phaseTime * 1000).getUTCFullYear()
}

export const budgetSpend: Rule<'budget.spend'> = {
  check({ a, p }, { state }) {
    const wrong = neitherOperatorNorSeated(state, a)
    if (wrong) return wrong
    if (!p.budget.startsWith('epsilon/')) return undefined
    // a seated validator could use up everybody's year otherwise
    const other = notOperator(state, a)
    if (other) return other
    const named = epsilonBudget(p.budget)
    if (named === undefined) return refuse('BAD_BUDGET', 'a budget of statistics is named epsilon/<year>/<CID of the round>')
    // first: what was paid for stays paid in the next year
    if (state.spent.some((one) => epsilonBudget(one.budget)?.what === named.what))
      return refuse('REPEATED', `${named.what} was paid for already`)
    const year = ledgerYear(state)
    if (year === null) return refuse('NO_TIME', 'no cosignature has said what year it is')
    if (named.year !== year) return refuse('WRONG_YEAR', `the ledger is in ${year}`)
    const { left } = epsilonLeft(state.spent, year, poolTermsOf(state.charter).epsilonPpmPerYear)
    return BigInt(p.amount) <= left ? undefined : refuse('BUDGET_SPENT', `${left} millionths of ε are left of ${year}`)
  },
  apply({ t, a, p }, view) {
    view.state.spent.push({ index: view.index, by: a, ...p })
    keep(view, t, a)
  },
}
