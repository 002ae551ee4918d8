import { describe, expect, it } from 'vitest'
import { testCharter } from '../../tests/support/charter.ts'
import { afterStrike, dutyWeight, escalates, nextQuota, outliers, reportQuorum, splitLargestRemainder, strikeLine } from './index.ts'

const charter = testCharter({})
const done = { reported: true, revealed: true, attested: true, struck: false }

describe('duties of validators', () => {
  it('are paid in equal parts when all are done, and not at all when one is not', () => {
    const duties = {
      a: done,
      b: done,
      c: { ...done, attested: false },
      d: { ...done, struck: true },
      e: { ...done, revealed: false },
      f: { ...done, reported: false },
    }
    const pay = splitLargestRemainder(
      101n,
      Object.entries(duties).map(([id, duty]) => ({ id, weight: dutyWeight(duty) })),
    )
    expect(Object.fromEntries(pay)).toEqual({ a: 51n, b: 50n, c: 0n, d: 0n, e: 0n, f: 0n })
  })

  it('strike who stands 20 points or six deviations from the median', () => {
    expect(strikeLine(30_000, 40, charter)).toBe(200_000)
    expect(strikeLine(500_000, 40, charter)).toBe(6 * 79_056)
    const rates = [0, 30_000, 40_000, 229_000, 231_000, 1_000_000].map((rate, i) => ({ validator: `v${i}`, rate, draws: 40 }))
    expect(outliers(rates, 30_000, charter)).toEqual(['v4', 'v5'])
  })

  it('suspend at the third strike', () => {
    expect([0, 1, 2].map((n) => afterStrike(n, true, charter))).toEqual([
      { strikes: 1, suspended: false },
      { strikes: 2, suspended: false },
      { strikes: 3, suspended: true },
    ])
    expect(afterStrike(2, false, charter)).toEqual({ strikes: 2, suspended: false })
    expect(afterStrike(9, true, testCharter({ validatorRules: { strikes: 0 } })).suspended).toBe(false)
  })

  it('call the whole set when a fifth of a committee stands apart', () => {
    expect([escalates(4, 21, charter), escalates(5, 21, charter), escalates(1, 5, charter), escalates(0, 0, charter)]).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('hold an epoch up when two fifths of a committee stay silent', () => {
    const committee = Array.from({ length: 10 }, (_, i) => `v${i}`)
    const heard = (n: number): boolean => reportQuorum(committee, new Set(committee.slice(0, n)), charter)
    expect([heard(5), heard(6), heard(10), reportQuorum([], new Set(), charter)]).toEqual([false, true, true, false])
    expect(
      reportQuorum(
        committee,
        new Set(['v0']),
        charter,
        new Map([
          ['v0', 600_000],
          ['v1', 400_000],
        ]),
      ),
    ).toBe(true)
  })
})

it('a quota doubles in good standing, halves otherwise, and stays between its ends', () => {
  expect([nextQuota(1000, 1_000_000, false, charter), nextQuota(16_000, 900_000, false, charter)]).toEqual([2000, 20_000])
  expect([nextQuota(8000, 899_999, false, charter), nextQuota(8001, 1_000_000, true, charter), nextQuota(1000, 0, true, charter)]).toEqual([
    4000, 4000, 1000,
  ])
  expect(nextQuota(5, 1_000_000, false, testCharter({ contributors: { quota: null } }))).toBeNull()
})
