/** A contribution's shares lie with others from here on: every new member signed that it holds its own, so no word of the operator's is believed. */
import { isRecipient } from '../consent/index.ts'
import { isLive } from './deliveries.ts'
import { readConsentPolicy } from './parsed-files.ts'
import { agreedSharing, readReshareOrder } from './read-reshare.ts'
import { notOperator } from './rules-admission.ts'
import { isSeated } from './seats.ts'
import type { PoolContribution } from './types.ts'
import { type Refusal, refuse, type Rule, type View } from './view.ts'

export const custodyReshare: Rule<'custody.reshare'> = {
  check({ a, p }, view) {
    const { state } = view
    const other = notOperator(state, a)
    if (other) return other
    const read = readReshareOrder(p.order, { ledger: state.id, operator: state.operator })
    if (!read.ok) return refuse(read.code, read.message)
    const { order } = read
    const one = state.contributions.get(order.manifest.toString())
    if (one === undefined || !isLive(one)) return refuse('UNKNOWN', `${order.manifest.toString()} is not in the pool`)
    const { k, members } = one.committee
    const isTheirs = order.from.k === k && order.from.members.join() === members.join()
    if (!isTheirs || order.generation !== one.generation)
      return refuse('OTHER_GENERATION', `its shares are of generation ${one.generation}, and lie with ${members.join(', ')}`)
    const fault = committeeFault(view, one, order.to)
    if (fault) return fault
    return agreedSharing(p.ready, read) === undefined
      ? refuse('NOT_READY', 'every new member signs that it holds its share, all of one sharing')
      : undefined
  },
  apply({ p }, { state }) {
    const read = readReshareOrder(p.order, { ledger: state.id, operator: state.operator })
    const one = read.ok ? state.contributions.get(read.order.manifest.toString()) : undefined
    if (!read.ok || one === undefined) return
    const { to, at } = read.order
    one.committee = to
    one.generation++
    one.dealtAt = at
    one.reshared = { order: p.order, ready: p.ready }
    // whoever left serves nothing any more; who came says so itself
    for (const account of one.available) if (!to.members.includes(account)) one.available.delete(account)
  },
}

/** As keyholders judge it: seated, named by the policy that people agreed to, and no fewer to read it than before. */
function committeeFault({ state, files }: View, one: PoolContribution, { k, members }: PoolContribution['committee']): Refusal | undefined {
  if (k < one.committee.k) return refuse('QUORUM_LOWERED', `${one.committee.k} keyholders together are asked for, not ${k}`)
  if (!members.every((member) => isSeated(state, member))) return refuse('NOT_SEATED', 'shares go to seated validators only')
  const policy = readConsentPolicy(files, one.manifest.policy)
  if (!policy.ok) return policy.refusal
  if (members.every((member) => isRecipient(policy.value, 'keyholder', member, true))) return undefined
  return refuse('RECIPIENT_NOT_NAMED', 'the policy does not name every new member as a keyholder')
}
