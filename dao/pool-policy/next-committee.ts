/** Who takes over when keyholders of a committee are gone: as many as before where the policy lets others in, and never fewer to read it. Pure. */
import { InvalidInputError } from '../../core/errors/index.ts'
import type { ConsentPolicy } from '../../schemas/wire/index.ts'
import { isRecipient } from '../consent/index.ts'
import { chooseCommittee, inTurns, type Seat } from './choose-committee.ts'

export interface Succession {
  from: { k: number; members: readonly string[] }
  /** Of its members, those that hold a seat. */
  live: readonly string[]
  seats: readonly Seat[]
  policy: ConsentPolicy
  /** Named by the operator; none: those who are left, and others in the places of who is gone. */
  members?: readonly string[]
  /** 0: as before. */
  k?: number
}

/**
 * Throws InvalidInputError NOT_SEATED, SAID_TWICE, TOO_FEW_KEYHOLDERS, BAD_QUORUM, QUORUM_LOWERED, or RECIPIENT_NOT_NAMED where the policy that people
 * agreed to does not name somebody as a keyholder.
 */
export function nextCommittee({ from, live, seats, policy, members = [], k = 0 }: Succession): { k: number; members: string[] } {
  const mayHold = (account: string): boolean => isRecipient(policy, 'keyholder', account, true)
  const named = members.length > 0 ? members : [...live, ...successors()]
  const stranger = named.find((account) => !mayHold(account))
  if (stranger !== undefined)
    throw new InvalidInputError('RECIPIENT_NOT_NAMED', `${stranger}: people agreed to a policy that does not name it as a keyholder`)
  const quorum = k === 0 ? from.k : k
  if (quorum < from.k) throw new InvalidInputError('QUORUM_LOWERED', `${from.k} keyholders together are asked for, not ${quorum}`)
  if (named.length < quorum)
    throw new InvalidInputError(
      'TOO_FEW_KEYHOLDERS',
      `${named.length} seated validators may hold shares, and ${quorum} are needed to read; seat another that the policy allows`,
    )
  return chooseCommittee(seats, { members: named, k: quorum })

  function successors(): string[] {
    const others = seats.filter(({ account }) => !from.members.includes(account) && mayHold(account))
    const missing = Math.min(from.members.length - live.length, others.length)
    return inTurns(others).slice(0, missing)
  }
}
