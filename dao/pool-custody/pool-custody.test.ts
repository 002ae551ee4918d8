/** What is due for the shares of a pool, when, in which order and for whom; and what becomes of what an earlier run prepared. */
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { encode } from '../../schemas/wire/index.ts'
import { draftPolicy } from '../../tests/support/pool-world.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import { PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { type CustodyFact, custodyHealth, custodyOf, isOld } from '../ledger/index.ts'
import {
  againAfter,
  betweenRefreshes,
  dealersOf,
  decodeSilences,
  encodeSilences,
  type HoldersView,
  nextHolders,
  ReshareBook,
  reshareOne,
  type Silence,
  standingOf,
  stillSilent,
  turns,
} from './index.ts'
import { signPolicy } from '../consent/index.ts'
import { commitReshare } from '../custody/index.ts'

const DAY = 86_400
const NOW = 1_800_000_000
const world = new PoolLedgerWorld()
const [offered] = world.gatherPool(() => [world.offer(world.person('ada'))])
const one = custodyOf(world.state)[0]!.one
const { members } = one.committee
const others = ['other-1', 'other-2'].map((name) => seeded(name).did)
const accounts = [...members, ...others]
const draft = draftPolicy(members)
const withSuccessors = signPolicy(
  { ...draft, recipients: [...draft.recipients, { role: 'keyholder', id: 'roster' }] },
  world.operator,
).policy
const none: ReadonlySet<string> = new Set()

/** As if this were its age in days, and these of its members had a seat. */
function fact({ live = members, days = 0, k = 3 }: { live?: string[]; days?: number; k?: number } = {}): CustodyFact {
  const health = custodyHealth({ k, live: live.length })
  return { one: { ...one, committee: { k, members }, dealtAt: NOW - days * DAY }, live, health }
}
function view(changes: Partial<HoldersView> & { unseated?: string[] } = {}): HoldersView {
  const { unseated = [], ...more } = changes
  const seats = accounts.filter((account) => !unseated.includes(account)).map((account) => ({ account, operator: account }))
  return { seats, policy: () => withSuccessors, gone: none, answers: () => true, ...more }
}

describe('who holds the shares next', () => {
  it('is nobody else while all have their seats, however old the shares are, and the same ones for fresh shares', () => {
    expect(nextHolders(fact({ days: 100 }), view())).toBeUndefined()
    expect(nextHolders(fact(), view(), { refresh: true })).toEqual({ k: 3, members })
  })

  it('is another in the place of who lost its seat, of those that can be reached', () => {
    const live = members.slice(1)
    const lost = { unseated: [members[0]!] }
    const to = nextHolders(fact({ live }), view(lost))
    expect([to?.k, to?.members.slice(0, 4), others.includes(to?.members[4] as string)]).toEqual([3, live, true])
    const [first, second] = others as [string, string]
    expect(nextHolders(fact({ live }), view({ ...lost, answers: (account) => account !== first }))?.members.at(-1)).toBe(second)
    // one that may and is away is waited for, until fresh shares are due: the committee would not grow again
    const alone = view({ ...lost, answers: (account) => live.includes(account) })
    expect(nextHolders(fact({ live }), alone)?.members).toEqual(to?.members)
    expect(nextHolders(fact({ live }), alone, { refresh: true })?.members).toEqual(live)
    // nobody else may: then those that are left go on
    expect(nextHolders(fact({ live }), view({ ...lost, policy: () => draft as never }))?.members).toEqual(live)
  })

  it('is another in the place of who is gone while it keeps its seat, where one more loss but one would close it', () => {
    const gone = new Set([members[1]!])
    const to = nextHolders(fact(), view({ gone }))
    expect([to?.k, to?.members.length, to?.members.includes(members[1]!)]).toEqual([3, 5, false])
    // two may go yet
    expect(nextHolders(fact({ k: 2 }), view({ gone }))).toBeUndefined()
    // but fresh shares would wait for it
    expect(nextHolders(fact({ k: 2 }), view({ gone }), { refresh: true })?.members).not.toContain(members[1])
    // nobody takes over: it may come back, and fewer would read no better
    expect(nextHolders(fact(), view({ gone, policy: () => draft as never }))).toBeUndefined()
    expect(nextHolders(fact(), view({ gone, answers: (account) => members.includes(account) }))).toBeUndefined()
    // fewer than k are there: nobody could deal
    expect(nextHolders(fact(), view({ gone: new Set(members.slice(0, 3)) }))).toBeUndefined()
    // and one that is gone takes over from nobody
    const both = new Set([members[1]!, others[0]!])
    expect(nextHolders(fact(), view({ gone: both }))?.members).not.toContain(others[0])
  })

  it('is whom the operator names, and nobody where the policy is not there', () => {
    const named = [...members.slice(0, 4), others[0]!]
    expect(nextHolders(fact(), view(), { members: named })).toEqual({ k: 3, members: named })
    expect(() => nextHolders(fact(), view({ policy: () => undefined }), { refresh: true })).toThrow(
      expect.objectContaining({ code: 'NO_POLICY' }),
    )
  })
})

describe('whose turn it is', () => {
  it('is first who has the fewest to spare, then whose shares are oldest, and nobody who is sound and young', () => {
    const young = fact({ days: 31 })
    const [old, older] = [fact({ days: 32 }), fact({ days: 40 })]
    const one1 = fact({ live: members.slice(1) })
    const two = fact({ live: members.slice(2), days: 1 })
    const due = turns([young, old, one1, older, two], { gone: none, now: NOW })
    expect(due.map((turn) => [turn.fact, turn.isUrgent])).toEqual([
      [two, true],
      [one1, true],
      [older, false],
      [old, false],
    ])
    expect(turns([young], { gone: new Set([members[0]!]), now: NOW })).toEqual([{ fact: young, isUrgent: true, left: 4 }])
    expect(turns([old], { gone: none, now: NOW, days: 90 })).toEqual([])
    // as old as nobody knows
    expect(isOld({ ...young, one: { ...one, dealtAt: 0 } }, NOW)).toBe(false)
  })

  it('comes in so many seconds that a large pool takes three days, and a small one a minute each', () => {
    expect([1, 100, 16_000, 1_000_000].map(betweenRefreshes)).toEqual([60, 60, 16, 1])
  })

  it('comes again later and later where it came to nothing, once a day in the end', () => {
    expect([1, 2, 3, 20].map(againAfter)).toEqual([600, 1200, 2400, DAY])
  })

  it('has k deal who answer, and others with the next try', () => {
    const committee = { k: 3, members }
    expect(dealersOf(committee, () => true)).toEqual([1, 2, 3])
    expect(dealersOf(committee, () => true, 1)).toEqual([2, 3, 4])
    expect(dealersOf(committee, () => true, 4)).toEqual([1, 2, 5])
    expect(dealersOf(committee, (account) => account !== members[0], 1)).toEqual([3, 4, 5])
    expect(dealersOf(committee, (account) => account === members[0])).toBeUndefined()
  })
})

describe('a silence', () => {
  it('lasts through the questions that were asked in it, and not through the time in which nobody asked', () => {
    const account = members[0]!
    let silence: Silence | undefined
    for (const at of [0, 600, 1200]) silence = stillSilent(account, silence, NOW + at)
    expect(silence).toEqual({ account, since: NOW, asked: NOW + 1200, seconds: 1200 })
    // who asks was away for a month
    silence = stillSilent(account, silence, NOW + 31 * DAY)
    expect(silence).toEqual({ account, since: NOW, asked: NOW + 31 * DAY, seconds: 4800 })
    expect(stillSilent(account, silence, NOW).seconds).toBe(4800)
    expect(decodeSilences(encodeSilences([silence]))).toEqual([silence])
  })

  it('shows in how the shares stand', () => {
    const silent = new Map([[members[2]!, NOW]])
    const standing = standingOf(world.state, silent, one.dealtAt + 32 * DAY)
    expect(standing).toMatchObject({ contributions: { sound: 0, alarm: 1, lost: 0 }, old: 1, reshares: 0 })
    expect(standing.keyholders.map(({ account, silentSince }) => [account, silentSince])).toEqual(
      members.map((account) => [account, account === members[2] ? NOW : null]),
    )
  })
})

describe('what an earlier run prepared', () => {
  const order = (at = NOW) => {
    const draftOrder = { v: 1, dao: world.id, manifest: offered!.cid, generation: 0, from: one.committee, to: one.committee }
    return encode(signObject('reshare-order', { ...draftOrder, dealers: [1, 2, 3], at, by: world.operator.did }, world.operator))
  }
  const kept = async (at?: number) => {
    const kv = new MemoryKv()
    const book = new ReshareBook(kv)
    await book.keep({ order: order(at), ready: [new Uint8Array([1])] })
    return { book, left: async () => (await kv.keys('')).length }
  }
  const contribution = offered!.cid.toString()

  it('is written, once, and then forgotten', async () => {
    const { book, left } = await kept()
    const written: unknown[] = []
    const log = (prepared: unknown) => Promise.resolve(void written.push(prepared))
    expect(await book.finish(log, NOW + 60)).toEqual([{ contribution, outcome: 'logged' }])
    expect(written).toEqual([{ order: order(), ready: [new Uint8Array([1])] }])
    expect([await book.finish(log, NOW + 60), written.length, await left()]).toEqual([[], 1, 0])
  })

  it.each(['OTHER_GENERATION', 'UNKNOWN', 'NOT_SEATED', 'NOT_READY'])('is let go where the log says %s', async (code) => {
    const { book, left } = await kept()
    const refused = () => Promise.reject(new RefusedError(code, 'no'))
    expect(await book.finish(refused, NOW)).toEqual([{ contribution, outcome: code }])
    expect(await left()).toBe(0)
  })

  it('is told to all at once, so that a slow one leaves nobody behind', async () => {
    const told: string[] = []
    let tell: () => void = () => undefined
    const all = new Promise<void>((resolve) => {
      tell = resolve
    })
    const ask = async (peer: string): Promise<unknown> => {
      if (told.push(peer) === members.length) tell()
      await all
      return { status: 'done' }
    }
    expect((await commitReshare({ ask: ask as Mesh['ask'] }, order(), [])).done).toEqual(members)
  })

  it.each([
    ['was written', () => Promise.resolve()],
    ['was in the log', () => Promise.reject(new RefusedError('OTHER_GENERATION', 'no'))],
  ])('is not ordered once more by who does not know yet that it %s', async (_what, log) => {
    const { book } = await kept()
    await book.finish(log, NOW)
    const asked: string[] = []
    const mesh = { ask: (peer: string) => Promise.reject(new Error(String(asked.push(peer)))) }
    const clock = { now: () => NOW * 1000 } as Clock
    const { committee: to } = one
    const { signal } = new AbortController()
    const again = { to, dealers: [1, 2, 3], mesh, operator: world.operator, ledger: world.id, clock, book, log, signal }
    expect(await reshareOne({ one, ...again })).toEqual({ outcome: 'finished', faults: {} })
    expect(asked).toEqual([])
    // what is due after that is
    expect(await reshareOne({ one: { ...one, generation: 1 }, ...again })).toMatchObject({ outcome: 'RESHARE_INCOMPLETE' })
  })

  it('waits for the next time where the log cannot be reached', async () => {
    const { book, left } = await kept()
    await expect(book.finish(() => Promise.reject(new FatalError('DAO_UNREACHABLE', 'no')), NOW)).rejects.toMatchObject({
      code: 'DAO_UNREACHABLE',
    })
    expect(await left()).toBe(1)
  })

  it('is not written when new members may have let go of their shares: the old ones are good', async () => {
    const { book, left } = await kept(NOW - DAY)
    const log = () => Promise.reject(new Error('must not be asked'))
    expect(await book.finish(log, NOW)).toEqual([{ contribution, outcome: 'STALE' }])
    expect(await left()).toBe(0)
  })
})
