/** Counts of a pool in the log: paid before, of a round of this ledger's operator, signed by those whom a policy names first. */
import { describe, expect, it } from 'vitest'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { PoolLedgerWorld, policy } from '../../tests/unit/pool-ledger-world.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import {
  aggregatorsOf,
  combinePartials,
  encodeStatistics,
  setHash,
  signResult,
  signRound,
  sumWithNoise,
  readRound,
} from '../pool-statistics/index.ts'
import { cborCid, type CID, rawCid, utf8 } from '../../schemas/wire/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { peopleToCount } from './index.ts'

const signers = [0, 1, 2, 3].map((i) => seeded(`validator-${i}`))
const named = aggregatorsOf(policy.policy) as string[]

interface Made {
  id: CID
  file: Uint8Array
}

/** A round as the three would have it, over people that count nothing. */
function made(w: PoolLedgerWorld, changes: { dao?: string; operator?: Signer; by?: Signer[] } = {}): Made {
  const by = changes.by ?? signers.slice(0, 3)
  const bytes = signRound(
    {
      dao: changes.dao ?? w.id,
      groups: ['people'],
      epsilonPpm: 500_000,
      minPeople: 20,
      aggregators: by.map(({ did }) => did),
      gatherer: w.operator.did,
      at: 1,
      expires: 2,
    },
    changes.operator ?? w.operator,
  )
  const read = readRound(bytes)
  if (!read.ok) throw new Error(read.code)
  const round = { id: cborCid(bytes), value: read.value }
  const set = setHash([rawCid(utf8('somebody'))])
  const statistics = combinePartials(
    round,
    by.map((signer) => sumWithNoise(round, set, [], signer, new SeededBytes(signer.did))),
  )
  const file = encodeStatistics(
    bytes,
    statistics,
    by.map((signer) => signResult(round.id, statistics, signer)),
  )
  return { id: round.id, file }
}
const spend = (w: PoolLedgerWorld, of: CID, amount: number) =>
  w.say(w.operator, 'budget.spend', { budget: `epsilon/2027/${of.toString()}`, amount: String(amount) })
function say(w: PoolLedgerWorld, { id, file }: Made, by = w.operator): string {
  const statistics = w.files.put(cborCid(file), file)
  return w.say(by, 'pool.statistics', { round: id, statistics }).invalid?.code ?? 'ok'
}

describe('counts of a pool', () => {
  it('are in the log once, when they were paid for as much as they cost', () => {
    const w = new PoolLedgerWorld()
    w.advance('gather')
    const one = made(w)
    expect(say(w, one)).toBe('NOT_PAID')
    spend(w, one.id, 499_999)
    expect(say(w, one)).toBe('NOT_PAID')
    // what was spent for it too little cannot be spent again
    expect(spend(w, one.id, 500_000).invalid).toMatchObject({ code: 'REPEATED' })
    const w2 = new PoolLedgerWorld()
    w2.advance('gather')
    const good = made(w2)
    expect(spend(w2, good.id, 500_000).invalid).toBeNull()
    expect(say(w2, good)).toBe('ok')
    expect(say(w2, good)).toBe('REPEATED')
    expect(w2.state.poolStatistics).toMatchObject([{ round: good.id, statistics: cborCid(good.file) }])
  })

  it.each<[string, string, (w: PoolLedgerWorld) => Made]>([
    ['of another ledger', 'ROUND_NOT_OURS', (w) => made(w, { dao: `${w.id}x` })],
    ['ordered by somebody else', 'ROUND_NOT_OURS', (w) => made(w, { operator: seeded('stranger') })],
    ['of three whom no policy names first', 'NOT_AGGREGATOR', (w) => made(w, { by: signers.slice(1) })],
    ['in the name of another round', 'OTHER_ROUND', (w) => ({ ...made(w), id: rawCid(utf8('x')) })],
  ])('%s are not', (_, code, make) => {
    const w = new PoolLedgerWorld()
    w.advance('gather')
    const one = make(w)
    if (one.id.code !== 0x55) spend(w, one.id, 500_000)
    expect(say(w, one)).toBe(code)
    expect(w.state.poolStatistics).toEqual([])
  })

  it('are of people who are in the pool, since the epoch that settled them', () => {
    const w = new PoolLedgerWorld()
    const [ann, bob] = ['ann', 'bob'].map((name) => w.person(name)) as [Signer, Signer]
    w.gatherPool(() => [w.offer(ann), w.offer(bob)])
    expect(peopleToCount(w.state, w.files, named)).toBe(0)
    w.testAndClose()
    expect(peopleToCount(w.state, w.files, named)).toBe(2)
    expect(peopleToCount(w.state, w.files, named.toReversed())).toBe(0)
    w.ok(bob, 'consent.withdrawn', { withdrawal: w.withdrawal(bob) })
    expect(peopleToCount(w.state, w.files, named)).toBe(1)
  })
})
