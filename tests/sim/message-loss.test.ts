import { expect, it } from 'vitest'
import { honest, simulate } from '../../sim/index.ts'

it('lets every honest peer earn in every epoch while one message in twenty is lost, and fails none of its records', async () => {
  for (const seed of [1, 2]) {
    const names = ['ann', 'bob', 'cyd', 'dan', 'eve']
    const earned: boolean[] = []
    const result = await simulate({
      seed,
      nodes: names.length,
      validators: 4,
      epochs: 2,
      loss: 0.05,
      cast: names.map((name) => honest(name)),
      onEpoch: (_, { results }) => {
        const rows = results.at(-1)?.rows.filter(({ role }) => role === 'contributor') ?? []
        earned.push(rows.length === names.length && rows.every(({ points }) => points !== '0'))
      },
    })
    expect(earned, `seed ${seed}`).toEqual([true, true])
    expect(result.contributors.map(({ credibilityPpm, frauds }) => [credibilityPpm, frauds])).toEqual(names.map(() => [1_000_000, []]))
    expect(result.invalid).toBe(0)
  }
})
