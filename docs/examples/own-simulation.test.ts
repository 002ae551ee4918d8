/** A simulated network inside your own tests: the real roles, a virtual clock, one seed. What you ask is read from the ledger. */
import { expect, it } from 'vitest'
import { honest, lazy, simulate } from 'quern/sim'

it('shows what lying would have earned', async () => {
  const result = await simulate({
    seed: 7,
    nodes: 4,
    validators: 4,
    epochs: 1,
    cast: [honest('ada'), honest('bob'), honest('cyd'), lazy('dan')],
  })
  const shares = Object.fromEntries(result.contributors.map(({ name, sharePpm }) => [name, sharePpm]))
  expect(shares['dan']).toBe(0)
  expect((shares['ada'] ?? 0) + (shares['bob'] ?? 0) + (shares['cyd'] ?? 0)).toBe(1_000_000)
  expect(result.contributors.find(({ name }) => name === 'dan')?.frauds).toMatchObject([{ check: 'D3' }])
})

it('takes part in the world while it runs: a machine fails, and the epoch closes all the same', async () => {
  const result = await simulate({
    seed: 8,
    nodes: 3,
    validators: 4,
    epochs: 1,
    onStart: (network) => {
      network.world.schedule(2_000, 'pull the plug', () => network.crash('validator-3'))
    },
  })
  expect(result.roots).toHaveLength(1)
})
