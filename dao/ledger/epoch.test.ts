import { describe, expect, it } from 'vitest'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { createLedger, phaseOf, vested } from './index.ts'

describe('an epoch', () => {
  it('pays honest work by its value and is final once a quorum attested', () => {
    const world = new LedgerWorld()
    const [ann, bob] = world.contributors
    world.playEpoch([
      [ann!, pages('ann', 10)],
      [bob!, pages('bob', 5)],
    ])
    const result = world.state.results[0]!
    expect(result.final).toBe(true)
    expect(world.state.invalid).toEqual([])
    const byAccount = new Map(result.rows.filter((row) => row.role === 'contributor').map((row) => [row.account, row]))
    expect(byAccount.get(ann!.did)?.points).toBe('1000000')
    expect(byAccount.get(bob!.did)?.points).toBe('500000')
    expect(vested(world.state, 1).map((one) => [one.account, one.points])).toEqual(
      [ann!.did, bob!.did].toSorted().map((account) => [account, account === ann!.did ? 1_000_000n : 500_000n]),
    )
    expect(phaseOf(world.state).next).toEqual({ epoch: 2, phase: 'gather' })
  })

  it('gives the same state when replayed from its entries', () => {
    const world = new LedgerWorld()
    for (let epoch = 0; epoch < 3; epoch++) world.playEpoch(world.contributors.map((signer, i) => [signer, pages(`${i}-${epoch}`, 6)]))
    const replica = createLedger({ files: world.files })
    for (const entry of world.entries) replica.apply(entry)
    expect(replica.state.results.map((result) => result.root)).toEqual(world.state.results.map((result) => result.root))
    expect(replica.rootAt(replica.state.size)).toEqual(world.ledger.rootAt(world.state.size))
  })
})
