/** One of the three aggregators, and whoever asks them. Shares live in memory: an aggregator that stops has dropped out, and its round is over. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { aggregateProtocol, type Mesh } from '../../core/mesh/index.ts'
import {
  type AggregateRound,
  type AggregateShare,
  cborCid,
  type CID,
  compareBytes,
  MAX_PEOPLE,
  peerFromDid,
  type PoolStatistics,
} from '../../schemas/wire/index.ts'
import { combinePartials, readRound, readShare, setHash, sumWithNoise } from './round.ts'
import type { ByteSource } from './uniform.ts'

export interface Aggregating {
  mesh: Pick<Mesh, 'handle'>
  clock: Clock
  signer: Signer
  /** Secure randomness, but in tests. */
  random: ByteSource
  dao: string
  operator: () => string
  /** Whether the ledger holds what this round costs: see `isPaid`. */
  isPaid: (round: AggregateRound) => boolean
  /** Whether this account may speak for a contribution: a scorer that was drawn for it. */
  mayDeal: (account: string, manifest: CID) => boolean
}

interface RunningRound {
  value: AggregateRound
  shares: Map<string, AggregateShare>
  /** Said once, and then the same for ever: noise drawn twice could be averaged away. */
  said: { set: Uint8Array; partial: Uint8Array } | undefined
}

/** Rounds at once; further ones wait for those to expire. */
const MAX_ROUNDS = 16

export function serveAggregate({ mesh, clock, signer, random, dao, operator, isPaid, mayDeal }: Aggregating): Disposable {
  const rounds = new Map<string, RunningRound>()
  const refused = (code: string, message: string) => ({ status: 'refused' as const, code, message })
  return mesh.handle(aggregateProtocol, async ({ round: bytes, step }, { peer }) => {
    const now = Math.floor(clock.now() / 1000)
    const read = readRound(bytes)
    if (!read.ok) return refused(read.code, read.message)
    const { value } = read
    const seat = value.aggregators.indexOf(signer.did)
    if (value.dao !== dao || value.by !== operator()) return refused('ROUND_NOT_OURS', "the round is not of this DAO's operator")
    if (seat < 0) return refused('NOT_AGGREGATOR', 'the round names others')
    if (now >= value.expires) return refused('EXPIRED', 'the round has expired')
    const id = cborCid(bytes)
    const round = enter(String(id), value, now)
    if (round === undefined) return refused('BUSY', 'too many rounds at once')
    if (step.what === 'give') {
      for (const one of step.shares) {
        const share = readShare(one, { round: value, id, seat })
        if (!share.ok) return refused(share.code, share.message)
        const { by, manifest } = share.value
        if (peer !== peerFromDid(by)) return refused('NOT_CALLER', 'a share is given by its dealer')
        if (!mayDeal(by, manifest)) return refused('NOT_DRAWN', 'not drawn to score this contribution')
        if (round.said !== undefined) return refused('CLOSED', 'the round is summed')
        // who deals first counts: a second share of one person would count it twice, or make three parts of two dealings
        if (!round.shares.has(String(manifest)) && round.shares.size < MAX_PEOPLE) round.shares.set(String(manifest), share.value)
      }
      return { status: 'taken' as const }
    }
    if (peer !== peerFromDid(value.by)) return refused('NOT_CALLER', 'the operator gathers a round')
    if (step.what === 'list')
      return {
        status: 'holds' as const,
        contributions: [...round.shares.values()].map(({ manifest, by, dealing }) => ({ manifest, by, dealing })),
      }
    const set = setHash(step.contributions)
    if (round.said !== undefined)
      return compareBytes(round.said.set, set) === 0
        ? { status: 'summed' as const, partial: round.said.partial }
        : refused('CLOSED', 'other people were summed already; two sums of nearly the same people tell of those between')
    if (!isPaid(value)) return refused('NOT_PAID', 'the ledger holds no budget.spend for this round')
    const names = new Set(step.contributions.map(String))
    const shares = [...names].flatMap((name) => round.shares.get(name) ?? [])
    if (shares.length !== step.contributions.length)
      return refused('OTHER_SET', 'a share of a contribution named is not here, or it is named twice')
    if (shares.length < value.minPeople) return refused('TOO_FEW_PEOPLE', `fewer than ${value.minPeople} people are not counted`)
    round.said = { set, partial: sumWithNoise({ round: value, id, shares }, signer, random) }
    round.shares.clear()
    return { status: 'summed' as const, partial: round.said.partial }
  })

  function enter(name: string, value: AggregateRound, now: number): RunningRound | undefined {
    for (const [other, { value: old }] of rounds) if (now >= old.expires) rounds.delete(other)
    const known = rounds.get(name)
    if (known !== undefined) return known
    if (rounds.size >= MAX_ROUNDS) return undefined
    const round: RunningRound = { value, shares: new Map(), said: undefined }
    rounds.set(name, round)
    return round
  }
}

/** Gives each aggregator its share; who did not take it is in the answer, by account. */
export async function giveShares(mesh: Pick<Mesh, 'ask'>, round: Uint8Array, shares: readonly Uint8Array[]): Promise<Map<string, string>> {
  const read = readRound(round)
  const faults = new Map<string, string>()
  await Promise.all(
    (read.ok ? read.value.aggregators : []).map(async (account, seat) => {
      const step = { what: 'give' as const, shares: [shares[seat] as Uint8Array] }
      const code = await mesh
        .ask(peerFromDid(account), aggregateProtocol, { round, step })
        .then((reply) => (reply.status === 'refused' ? reply.code : undefined), codeOf)
      if (code !== undefined) faults.set(account, code)
    }),
  )
  return faults
}

/**
 * The operator's part: which contributions all three hold of one dealer each, then their sums. Throws RetryableError AGGREGATOR_MISSING when one
 * does not answer: what the others hold is worthless then, and another round, with another in its place, is dealt and paid anew.
 */
export async function gatherRound(mesh: Pick<Mesh, 'ask'>, round: Uint8Array): Promise<PoolStatistics> {
  const read = readRound(round)
  if (!read.ok) throw new RetryableError(read.code, read.message)
  const { aggregators } = read.value
  const faults = new Map<string, string>()
  const ask = async (account: string, step: { what: 'list' } | { what: 'sum'; contributions: CID[] }) => {
    try {
      const reply = await mesh.ask(peerFromDid(account), aggregateProtocol, { round, step })
      if (reply.status !== 'refused') return reply
      faults.set(account, reply.code)
    } catch (thrown) {
      faults.set(account, codeOf(thrown))
    }
    return undefined
  }
  const missing = (): RetryableError =>
    new RetryableError(
      'AGGREGATOR_MISSING',
      `${faults.size} of ${aggregators.length} aggregators did not do their part; begin a round with others`,
      {
        detail: { faults: Object.fromEntries(faults) },
      },
    )
  const lists = await Promise.all(aggregators.map((account) => ask(account, { what: 'list' })))
  if (faults.size > 0) throw missing()
  const held = lists.map(
    (reply) => new Map((reply?.status === 'holds' ? reply.contributions : []).map((one) => [String(one.manifest), one])),
  )
  const [first, ...others] = held
  const common = [...(first?.values() ?? [])].flatMap(({ manifest, by, dealing }) =>
    others.every((list) => {
      const other = list.get(String(manifest))
      return other?.by === by && compareBytes(other.dealing, dealing) === 0
    })
      ? [manifest]
      : [],
  )
  const sums = await Promise.all(aggregators.map((account) => ask(account, { what: 'sum', contributions: common })))
  if (faults.size > 0) throw missing()
  return combinePartials(
    round,
    sums.flatMap((reply) => (reply?.status === 'summed' ? [reply.partial] : [])),
  )
}
