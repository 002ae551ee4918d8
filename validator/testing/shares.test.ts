import { describe, expect, it } from 'vitest'
import { CONTRIBUTORS_AT_ONCE, patienceOf, shareOf, testingTime } from './shares.ts'

describe('the time of a test phase', () => {
  it('leaves a fifth for the report, and something for who comes late', () => {
    expect(testingTime(60_000, 0)).toBe(48_000)
    expect(testingTime(60_000, 30_000)).toBe(18_000)
    expect(testingTime(60_000, 59_000)).toBe(6_000)
  })

  it('is enough for every contributor when each one uses its share up', () => {
    for (const count of [1, 7, 8, 9, 50, 1000]) {
      let leftMs = 48_000
      for (let waiting = count; waiting > 0; waiting -= CONTRIBUTORS_AT_ONCE) {
        // the shares of those who begin together differ by the rounds behind them only
        const share = shareOf(leftMs, waiting)
        expect(share).toBeGreaterThan(0)
        leftMs -= share
      }
      expect(leftMs, `${count}`).toBeGreaterThanOrEqual(0)
    }
  })

  it('gives later ones what earlier ones did not use', () => {
    expect(shareOf(40_000, 16)).toBe(20_000)
    expect(shareOf(39_000, 8)).toBe(39_000)
  })

  it('lets no single step use up a share', () => {
    const { readingMs, askMs, pageMs, attemptMs, waitMs } = patienceOf(48_000)
    expect([readingMs, askMs, pageMs, attemptMs, waitMs]).toEqual([24_000, 6_000, 12_000, 6_000, 12_000])
    expect(patienceOf(3_600_000)).toMatchObject({ askMs: 60_000, pageMs: 120_000, attemptMs: 60_000 })
  })
})
