/** A subject's end of its consent: anyone can check its signature, so it counts whoever carries it, and from its place in the log on. */
import type { Withdrawal } from '../../schemas/wire/index.ts'
import { readWithdrawal } from '../consent/index.ts'
import { liveContributionOf } from './rules-pool.ts'
import { isSeated } from './seats.ts'
import type { LedgerState, PoolContribution } from './types.ts'
import { refuse, type Rule } from './view.ts'

export const consentWithdrawn: Rule<'consent.withdrawn'> = {
  check({ a, p }, { state }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return refuse(read.code, read.message)
    const { subject } = read.value
    if (a !== subject && a !== state.operator && !isSeated(state, a))
      return refuse('NOT_SEATED', `${a} is neither the subject, nor operator, nor seated`)
    // whoever brought nothing has nothing to end here, and would be written of for nothing. It may say so itself, before it offers anew: what it
    // withdrew from keyholders alone, repeated by a stranger after that, would end the new offer
    if (a === subject ? !state.contributors.has(a) : !hasBrought(state, subject))
      return refuse('NOTHING_BROUGHT', `${subject} has brought nothing to this pool`)
    // the same words again would end what the subject offered since
    return state.withdrawals.covers(read.value) ? refuse('REPEATED', 'this withdrawal is in the log already') : undefined
  },
  apply({ a, p }, { state, index }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return
    const { subject, receipt, scope } = read.value
    state.withdrawals.add({ index, by: a, receipt, subject, scope })
    // a receipt names its contribution, and only those who hold it know which: whatever the subject has offered so far ends with it
    const live = liveContributionOf(state, subject)
    if (live) end(state, live, { scope, index })
    // what it committed to before it said so is not revealed any more; of some purposes alone the reveal is judged, when its policy is known
    if (scope === 'all') for (const [at, commit] of state.commits) if (commit.author === subject) state.commits.delete(at)
  },
}

/** Whether a withdrawal of this subject could end anything: it revealed a contribution once, or has an open commit. */
function hasBrought({ contributors, commits }: LedgerState, subject: string): boolean {
  const contributor = contributors.get(subject)
  if (!contributor) return false
  if (contributor.slot !== null) return true
  for (const { author } of commits.values()) if (author === subject) return true
  return false
}

/** One needed purpose less is no consent any more; an optional one is only not asked for again. */
function end(state: LedgerState, one: PoolContribution, { scope, index }: { scope: Withdrawal['scope']; index: number }): void {
  const gone = state.withdrawals.purposesGone(one)
  if (scope !== 'all' && !one.required.some((purpose) => gone.has(purpose))) return
  one.withdrawn = index
  // from the cut on it stays among what is drawn: whoever sees the beacon come must not choose by it. It earns nothing all the same
}
