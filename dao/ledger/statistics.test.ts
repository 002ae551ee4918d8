/** Counts of a pool in the log: paid before, of a round of this ledger's operator, signed by those whom a policy names first. */
import { describe, expect, it } from 'vitest'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { PoolLedgerWorld, policy } from '../../tests/unit/pool-ledger-world.ts'
import { draftPolicy } from '../../tests/support/pool-world.ts'
import { seeded } from '../../tests/unit/ledger-world.ts'
import { printNotice, signPolicy } from '../consent/index.ts'
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
import { cborCid, charter as charterShape, type CID, encode, rawCid, utf8 } from '../../schemas/wire/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { peopleToCount } from './index.ts'

const signers = [0, 1, 2, 3].map((i) => seeded(`validator-${i}`))
const named = aggregatorsOf(policy.policy) as string[]

interface Made {
  id: CID
  file: Uint8Array
}

/** A round as the three would have it, over people that count nothing. */
function made(w: PoolLedgerWorld, changes: { dao?: string; operator?: Signer; by?: Signer[]; at?: number } = {}): Made {
  const by = changes.by ?? signers.slice(0, 3)
  const bytes = signRound(
    {
      dao: changes.dao ?? w.id,
      groups: ['people'],
      epsilonPpm: 500_000,
      minPeople: 20,
      aggregators: by.map(({ did }) => did),
      gatherer: w.operator.did,
      at: changes.at ?? 1,
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

  it('are signed by those whom people can be counted by now: not by the three of a policy that nobody is under any more', () => {
    const w = new PoolLedgerWorld()
    const ann = w.person('ann')
    w.gatherPool(() => [w.offer(ann)])
    w.testAndClose()
    const other = signPolicy(draftPolicy(signers.slice(1).map(({ did }) => did)), w.operator)
    const charter = encode(charterShape.parse({ ...w.charter, version: 2, consent: other.cid }))
    for (const bytes of [other.bytes, charter]) w.files.put(cborCid(bytes), bytes)
    const notice = utf8(printNotice(other.policy))
    w.files.put(rawCid(notice), notice)
    const of = (by?: Signer[], at = 1): string => {
      const one = made(w, { at, ...(by && { by }) })
      spend(w, one.id, 500_000)
      return say(w, one)
    }
    expect(of(signers.slice(1), 1)).toBe('NOT_AGGREGATOR')
    w.ok(w.operator, 'charter', { charter: cborCid(charter), version: 2, from: w.state.epoch!.number + 1 })
    expect(of(signers.slice(1), 2)).toBe('ok')
    w.advanceTo('gather')
    expect(w.state.charter.consent?.equals(other.cid)).toBe(true)
    expect(of(undefined, 3)).toBe('ok')
    w.ok(ann, 'consent.withdrawn', { withdrawal: w.withdrawal(ann) })
    expect(of(undefined, 4)).toBe('NOT_AGGREGATOR')
  })

  it('are asked for as a file where the operator names them, and nowhere else', () => {
    const w = new PoolLedgerWorld()
    w.advance('gather')
    const p = { round: cborCid(utf8('round')), statistics: cborCid(utf8('lost')) }
    expect(w.ledger.needs(w.bytes(w.operator, 'pool.statistics', p)).map(String)).toEqual([p.statistics.toString()])
    expect(w.ledger.needs(w.bytes(signers[0] as Signer, 'pool.statistics', p))).toEqual([])
    expect(w.say(signers[0] as Signer, 'pool.statistics', p).invalid?.code).toBe('NOT_OPERATOR')
  })

  it('are of people who are in the pool, since the epoch that settled them', () => {
    const w = new PoolLedgerWorld()
    const [ann, bob] = ['ann', 'bob'].map((name) => w.person(name)) as [Signer, Signer]
    w.gatherPool(() => [w.offer(ann), w.offer(bob)])
    expect(peopleToCount(w.state, w.files, named)).toBe(0)
    w.testAndClose()
    expect(peopleToCount(w.state, w.files, named)).toBe(2)
    const [result] = w.state.results
    expect(result?.cutAt).toBe(w.state.times.get(result?.epoch as number)?.cut)
    expect(result?.cutAt).toBeGreaterThan(0)
    expect(peopleToCount(w.state, w.files, named.toReversed())).toBe(0)
    w.ok(bob, 'consent.withdrawn', { withdrawal: w.withdrawal(bob) })
    expect(peopleToCount(w.state, w.files, named)).toBe(1)
  })
})
