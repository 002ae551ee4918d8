/** A subject's end of its consent to one contribution: anyone can check its signature, so it counts whoever carries it, before or after the reveal. */
import type { CID } from '../../schemas/wire/index.ts'
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
    return state.withdrawals.covers(read.value) ? refuse('REPEATED', 'this withdrawal is in the log already') : undefined
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

/** Whether the subject revealed this contribution, or has an open commit, which may be to it. */
function mayHaveBrought({ contributions, commits }: LedgerState, subject: string, manifest: CID): boolean {
  if (contributions.get(manifest.toString())?.contributor === subject) return true
  for (const { author } of commits.values()) if (author === subject) return true
  return false
}
