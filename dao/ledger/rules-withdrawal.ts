/** A subject's end of its consent to one contribution: anyone can check its signature, so it counts whoever carries it, before or after the reveal. */
import type { CID, Withdrawal } from '../../schemas/wire/index.ts'
import { readWithdrawal } from '../consent/index.ts'
import { isLive } from './deliveries.ts'
import { isSeated } from './seats.ts'
import type { LedgerState } from './types.ts'
import { refuse, type Rule } from './view.ts'

export const consentWithdrawn: Rule<'consent.withdrawn'> = {
  check({ a, p }, { state }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return refuse(read.code, read.message)
    const { manifest, subject } = read.value
    if (a !== subject && a !== state.operator && !isSeated(state, a))
      return refuse('NOT_SEATED', `${a} is neither the subject, nor operator, nor seated`)
    // what nobody brought cannot end here, and would be written of for nothing. Its subject may say so: keyholders that were away hear it from the log
    if (a === subject ? !state.contributors.has(a) : !mayHaveBrought(state, subject, manifest))
      return refuse('NOTHING_BROUGHT', `${subject} has not brought ${manifest.toString()} to this pool`)
    if (state.withdrawals.covers(read.value)) return refuse('REPEATED', 'this withdrawal is in the log already')
    return isOneTooMany(state, read.value) ? refuse('TOO_MANY', `${subject} has logged as many withdrawals as one may`) : undefined
  },
  apply({ a, p }, { state, index }) {
    const read = readWithdrawal(p.withdrawal)
    if (!read.ok) return
    const { manifest, subject, scope } = read.value
    state.withdrawals.add({ index, by: a, manifest, subject, scope })
    const one = state.contributions.get(manifest.toString())
    // one needed purpose less is no consent any more; an optional one is only not asked for again. From the cut on it stays among what is drawn:
    // whoever sees the beacon come must not choose by it. It earns nothing all the same
    if (one && isLive(one) && state.withdrawals.ends(one)) one.withdrawn = index
  },
}

/** Withdrawals of one subject: joining is free, and everybody keeps them all. */
const MOST_OF_ONE = 256

/** Whether the subject has used up its room. The end of a contribution that the log has is taken all the same. */
export function isOneTooMany(
  { contributions, withdrawals }: LedgerState,
  { manifest, subject, scope }: Pick<Withdrawal, 'manifest' | 'subject' | 'scope'>,
): boolean {
  const isEnd = scope === 'all' && contributions.get(manifest.toString())?.contributor === subject
  return !isEnd && withdrawals.of(subject).length >= MOST_OF_ONE
}

/** Whether the subject revealed this contribution, or has an open commit, which may be to it. */
function mayHaveBrought({ contributions, commits }: LedgerState, subject: string, manifest: CID): boolean {
  if (contributions.get(manifest.toString())?.contributor === subject) return true
  for (const { author } of commits.values()) if (author === subject) return true
  return false
}
