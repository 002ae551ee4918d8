/**
 * What is due for the shares of a pool: who is to hold them, whose turn it is, and who deals. By the log, and by who answers whoever asks here. The
 * operator's command and its service decide by the same functions. Pure.
 */
import { RefusedError } from '../../core/errors/index.ts'
import type { CID, ConsentPolicy } from '../../schemas/wire/index.ts'
import { type CustodyFact, custodyHealth, isOld, SHARE_DAYS } from '../ledger/index.ts'
import { nextCommittee, type Seat } from '../pool-policy/index.ts'

const DAY_SECONDS = 86_400
/** A pool's shares that are all due at once are dealt anew within so long. */
const SPREAD_SECONDS = 3 * DAY_SECONDS
const MOST_BETWEEN = 60
const AGAIN_SECONDS = 600

export interface Committee {
  k: number
  members: string[]
}

/** What is known of those who hold shares, and of those who may. */
export interface HoldersView {
  seats: readonly Seat[]
  /** Undefined where it is not among the ledger's files. */
  policy: (cid: CID) => ConsentPolicy | undefined
  /** Who keeps its seat, and has been silent for so long that others take over. */
  gone: ReadonlySet<string>
  /** Whether it can be asked now. */
  answers: (account: string) => boolean
}

export interface Wish {
  /** Fresh shares also where nobody is missing. */
  refresh?: boolean
  /** Named by the operator. */
  members?: readonly string[]
  /** 0: as before. */
  k?: number
}

/**
 * Who is to hold the shares next; undefined where they may stay as they are. Members without a seat are replaced by seated ones that the policy
 * allows. One that cannot be reached is named all the same where nobody else takes over: it is waited for. Where nobody is allowed, or the shares are
 * to be fresh ones, those that are left go on. Members that are gone while they keep their seat are replaced when the loss of one more but one would
 * close the contribution, or they hold up fresh shares, and by somebody: fewer to read it, with nobody new, would only make their return useless.
 * Throws RefusedError NO_POLICY, and what `nextCommittee` does.
 */
export function nextHolders(
  { one, live }: CustodyFact,
  { seats, policy: policyOf, gone, answers }: HoldersView,
  { refresh = false, members = [], k = 0 }: Wish = {},
): Committee | undefined {
  const from = one.committee
  const left = live.filter((account) => !gone.has(account))
  const health = custodyHealth({ k: from.k, live: left.length })
  const isSilent = left.length < live.length && (health === 'alarm' || (refresh && health === 'sound'))
  if (members.length === 0 && !isSilent && live.length === from.members.length && !refresh) return undefined
  const policy = policyOf(one.manifest.policy)
  if (policy === undefined)
    throw new RefusedError('NO_POLICY', `the policy ${one.manifest.policy.toString()} is not among the ledger's files`)
  if (members.length > 0) return nextCommittee({ from, live, seats, policy, members, k })
  // nobody takes over who cannot be reached
  const able = seats.filter(({ account }) => from.members.includes(account) || (answers(account) && !gone.has(account)))
  const among = (stay: string[]): Committee => nextCommittee({ from, live: stay, seats: able, policy, k })
  const replaced = isSilent ? among(left) : undefined
  if (replaced !== undefined && replaced.members.length > left.length) return replaced
  if (live.length === from.members.length && !refresh) return undefined
  const now = among(live)
  if (refresh || now.members.length > live.length) return now
  // a committee does not grow again: who may take over, and is away, is waited for until the shares are old
  return nextCommittee({ from, live, seats: seats.filter(({ account }) => !gone.has(account) || live.includes(account)), policy, k })
}

/** k seats, from 1, of the old committee that can be asked: others with each try, where there are more, because one may refuse. Undefined where too few answer. */
export function dealersOf({ k, members }: Committee, answers: (account: string) => boolean, tried = 0): number[] | undefined {
  const able = members.flatMap((member, i) => (answers(member) ? [i + 1] : []))
  if (able.length < k) return undefined
  return Array.from({ length: k }, (_, i) => able[(tried + i) % able.length] as number).toSorted((a, b) => a - b)
}

export interface Turn {
  fact: CustodyFact
  /** A member is missing; else its shares are only old. */
  isUrgent: boolean
  /** How many members have a seat and are not gone. */
  left: number
}

/**
 * Contributions that something is due for, or may be: those with the fewest keyholders to spare first, then those whose shares are oldest.
 * `now` in Unix seconds; `days`: how old shares may be.
 */
export function turns(
  facts: readonly CustodyFact[],
  { gone, now, days = SHARE_DAYS }: { gone: ReadonlySet<string>; now: number; days?: number },
): Turn[] {
  const due = facts.flatMap((fact) => {
    const { one, live } = fact
    const left = live.filter((account) => !gone.has(account)).length
    const isUrgent = left < one.committee.members.length
    return isUrgent || isOld(fact, now, days) ? [{ fact, isUrgent, left }] : []
  })
  const spare = ({ fact, left }: Turn): number => left - fact.one.committee.k
  return due.toSorted(
    (a, b) => Number(b.isUrgent) - Number(a.isUrgent) || (a.isUrgent ? spare(a) - spare(b) : 0) || a.fact.one.dealtAt - b.fact.one.dealtAt,
  )
}

/** Seconds between two dealings that are due for their age alone, in a pool of so many contributions: none waits for long, and keyholders have time for others. */
export const betweenRefreshes = (contributions: number): number =>
  Math.min(MOST_BETWEEN, Math.max(1, Math.floor(SPREAD_SECONDS / Math.max(1, contributions))))

/** Seconds until a reshare that came to nothing so many times is tried again. */
export const againAfter = (failed: number): number => Math.min(AGAIN_SECONDS * 2 ** (failed - 1), DAY_SECONDS)
