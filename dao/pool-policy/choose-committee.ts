/** Who holds the keys of a pool: as many operators as there are, because shares that lie with one person are one share. Pure. */
import { InvalidInputError } from '../../core/errors/index.ts'

export interface Seat {
  account: string
  /** Who runs it, as the roster says. */
  operator: string
}

/** Of five three must agree to read, and three deletions close it: what a pool has unless its operator says otherwise. */
const MEMBERS = 5

/** More than half, and never one alone. */
export const quorumFor = (n: number): number => Math.max(2, Math.floor(n / 2) + 1)

/**
 * `n` of those seated, one of each operator before the second of any, by account; `k` of them can read. Throws InvalidInputError NOT_SEATED,
 * SAID_TWICE, TOO_FEW_KEYHOLDERS, BAD_QUORUM.
 */
export function chooseCommittee(
  seats: readonly Seat[],
  { members, n, k }: { members?: readonly string[]; n?: number | undefined; k?: number | undefined } = {},
): { k: number; members: string[] } {
  if (members !== undefined && n !== undefined && n !== members.length)
    throw new InvalidInputError('BAD_QUORUM', `n is ${n}, but ${members.length} keyholders are named; leave n out, or name as many`)
  const named = members ?? inTurns(seats).slice(0, n ?? MEMBERS)
  const stranger = named.find((account) => !seats.some((seat) => seat.account === account))
  if (stranger !== undefined) throw new InvalidInputError('NOT_SEATED', `${stranger} holds no seat; keyholders are seated validators`)
  if (new Set(named).size !== named.length) throw new InvalidInputError('SAID_TWICE', 'a keyholder is named twice')
  const wanted = n ?? 2
  if (named.length < Math.max(2, members === undefined ? wanted : 2))
    throw new InvalidInputError(
      'TOO_FEW_KEYHOLDERS',
      `${named.length} of at least ${Math.max(2, wanted)} keyholders have a seat; start more validators, then open the pool`,
    )
  const quorum = k ?? quorumFor(named.length)
  if (quorum < 2 || quorum > named.length)
    throw new InvalidInputError('BAD_QUORUM', `k is ${quorum}; of ${named.length} keyholders 2 to ${named.length} can be asked for`)
  return { k: quorum, members: [...named] }
}

/** In rounds: the first seat of every operator, then the second of each. */
export function inTurns(seats: readonly Seat[]): string[] {
  const sorted = seats.toSorted((a, b) => (a.account < b.account ? -1 : 1))
  const round = (seat: Seat): number =>
    sorted.filter(({ operator, account }) => operator === seat.operator && account < seat.account).length
  return sorted.toSorted((a, b) => round(a) - round(b)).map(({ account }) => account)
}
