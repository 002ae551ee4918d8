/** A subject's end of its consent: anyone can check its signature, so it counts whoever carries it, and from its place in the log on. */
import type { Withdrawal } from '../../schemas/wire/index.ts'
import { readWithdrawal, type Scope } from '../consent/index.ts'
import { isSeated } from './seats.ts'
import { refuse, type Rule } from './view.ts'

export const consentWithdrawn: Rule<'consent.withdrawn'> = {
  check({ a, p }, { state }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return refuse(read.code, read.message)
    const { subject, receipt, scope } = read.value
    if (a !== subject && a !== state.operator && !isSeated(state, a))
      return refuse('NOT_SEATED', `${a} is neither the subject, nor operator, nor seated`)
    // the same words again would end what the subject offered since
    return covers(state.tombstones.scopeOf(receipt, subject), scope)
      ? refuse('REPEATED', 'this withdrawal is in the log already')
      : undefined
  },
  apply({ a, p }, { state, index }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return
    const { subject, receipt, scope } = read.value
    state.tombstones.add(read.value)
    state.withdrawals.push({ index, by: a, receipt, subject, scope })
  },
}

const covers = (known: Scope | undefined, scope: Withdrawal['scope']): boolean =>
  known === 'all' || (known !== undefined && scope !== 'all' && scope.every((one) => known.has(one)))
