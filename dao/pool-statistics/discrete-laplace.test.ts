import { describe, expect, it } from 'vitest'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { discreteLaplace, uniformBelow } from './index.ts'

/** P(x) for scale b: (e^(1/b) − 1) / (e^(1/b) + 1) · e^(−|x|/b). Floats are for looking, here only. */
const pmf = (x: number, b: number): number => (Math.expm1(1 / b) / (Math.exp(1 / b) + 1)) * Math.exp(-Math.abs(x) / b)
const variance = (b: number): number => (2 * Math.exp(1 / b)) / Math.expm1(1 / b) ** 2

function draws(count: number, num: bigint, den: bigint, seed: string): number[] {
  const source = new SeededBytes(seed)
  return Array.from({ length: count }, () => Number(discreteLaplace({ num, den }, source)))
}

describe('a uniform draw', () => {
  it('gives every number below the bound as often, and none beyond', () => {
    const source = new SeededBytes('uniform')
    const counts = Array.from({ length: 7 }, () => 0)
    for (let i = 0; i < 14_000; i++) counts[Number(uniformBelow(7n, source))]!++
    const chi = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)
    // six degrees of freedom, one in a thousand
    expect(chi).toBeLessThan(22.46)
    expect(uniformBelow(1n, source)).toBe(0n)
    expect(() => uniformBelow(0n, source)).toThrow(expect.objectContaining({ code: 'BAD_BOUND' }))
  })
})

describe('discrete Laplace noise', () => {
  it.each([
    [1n, 3n],
    [2n, 1n],
    [7n, 3n],
  ])('of scale %d/%d has the exact distribution', (num, den) => {
    const [count, b] = [20_000, Number(num) / Number(den)]
    const found = draws(count, num, den, `laplace ${num}/${den}`)
    // bins where at least five are expected; what lies beyond them is one bin on each side
    let edge = 0
    while (count * pmf(edge + 1, b) >= 5) edge++
    let chi = 0
    for (let x = -edge; x <= edge; x++) {
      const expected = count * pmf(x, b)
      chi += (found.filter((one) => one === x).length - expected) ** 2 / expected
    }
    const beyond = count * (1 - Array.from({ length: 2 * edge + 1 }, (_, i) => pmf(i - edge, b)).reduce((sum, p) => sum + p, 0))
    if (beyond >= 5) chi += (found.filter((one) => Math.abs(one) > edge).length - beyond) ** 2 / beyond
    const freedom = 2 * edge + (beyond >= 5 ? 1 : 0)
    // Wilson and Hilferty's approximation of the quantile that one in a thousand passes
    const critical = freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3
    expect(chi).toBeLessThan(critical)
  })

  it('has the variance and the mean of its scale', () => {
    const found = draws(20_000, 10n, 1n, 'variance')
    const mean = found.reduce((sum, x) => sum + x, 0) / found.length
    const measured = found.reduce((sum, x) => sum + (x - mean) ** 2, 0) / found.length
    // four standard errors: of the mean sqrt(V/n), of the variance about V·sqrt(5/n)
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance(10) / found.length))
    expect(Math.abs(measured - variance(10))).toBeLessThan(4 * variance(10) * Math.sqrt(5 / found.length))
  })

  it('depends on its bytes alone, and refuses a scale that is none', () => {
    expect(draws(50, 5n, 2n, 'same')).toEqual(draws(50, 5n, 2n, 'same'))
    expect(draws(50, 5n, 2n, 'same')).not.toEqual(draws(50, 5n, 2n, 'other'))
    const bad = expect.objectContaining({ code: 'BAD_SCALE' }) as Error
    expect(() => discreteLaplace({ num: 0n, den: 1n }, new SeededBytes('x'))).toThrow(bad)
  })
})
