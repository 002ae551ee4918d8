import { describe, expect, it } from 'vitest'
import type { Signer } from '../../core/identity/index.ts'
import { cborCid, utf8 } from '../../schemas/wire/index.ts'
import { PoolLedgerWorld, policy } from '../../tests/unit/pool-ledger-world.ts'
import { countView } from './count-view.ts'
import { poolView } from '../../dao/pool-access/index.ts'

const viewsOf = (w: PoolLedgerWorld) => {
  const options = { state: () => w.state, files: w.files }
  return { counts: countView(options), pool: poolView(options) }
}

describe('what an aggregator knows of the ledger', () => {
  it('is who was revealed, and whom an epoch has settled, with its beacon and its cut', () => {
    const w = new PoolLedgerWorld()
    const { counts, pool } = viewsOf(w)
    const [ann, bob] = ['ann', 'bob'].map((name) => w.person(name)) as [Signer, Signer]
    w.advanceTo('gather')
    const offered = w.offer(ann)
    expect(pool.isRevealed(offered.cid)).toBe(false)
    const [one, other] = w.gatherPool(() => [offered, w.offer(bob)]) as [typeof offered, typeof offered]
    expect(pool.isRevealed(one.cid)).toBe(true)
    expect(counts.facts(one.cid)).toBeUndefined()
    w.testAndClose()
    const [result] = w.state.results
    expect(counts.facts(one.cid)).toEqual({ subject: ann.did, policy: policy.policy, beacon: result?.beacon, cutAt: result?.cutAt })
    w.ok(ann, 'consent.withdrawn', { withdrawal: w.withdrawal(ann) })
    expect(counts.facts(one.cid)).toBeUndefined()
    expect(counts.facts(other.cid)).toMatchObject({ subject: bob.did })
    // a policy that no charter names is none
    w.files.map.delete(policy.cid.toString())
    expect(viewsOf(w).counts.facts(other.cid)).toBeUndefined()
  })

  it('is what was paid for a round, and of how many people the charter lets it tell', () => {
    const w = new PoolLedgerWorld({ charter: { pool: { minPeople: 33 } } })
    const { counts } = viewsOf(w)
    w.advance('gather')
    const round = cborCid(utf8('round'))
    expect(counts.isPaid(round, 1)).toBe(false)
    w.ok(w.operator, 'budget.spend', { budget: `epsilon/2027/${round.toString()}`, amount: '500000' })
    expect([500_000, 500_001].map((ppm) => counts.isPaid(round, ppm))).toEqual([true, false])
    expect(counts.minPeople()).toBe(33)
  })
})
