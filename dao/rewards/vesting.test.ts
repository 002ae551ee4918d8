import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testCharter } from '../../tests/support/charter.ts'
import { burnUnvested, capUnvested, isVested, paidPoints, type Vesting } from './index.ts'

const charter = testCharter({})
type Points = Vesting & { points: bigint }
const earned = (vestingEpochs = 4): Map<number, Points> =>
  new Map([1, 2, 3, 4, 5, 6].map((epoch) => [epoch, { points: 1000n, cap: 1_000_000, void: null, vestsWith: epoch + vestingEpochs }]))
/** What may be paid once `lastFinal` is final. */
const paid = (map: Map<number, Points>, lastFinal: number): bigint =>
  [...map.values()].reduce((sum, entry) => sum + (isVested(entry, lastFinal) ? paidPoints(entry.points, entry) : 0n), 0n)

describe('vesting', () => {
  it('waits four epochs, or none under local rules', () => {
    expect([4, 5, 6, 10].map((lastFinal) => paid(earned(), lastFinal))).toEqual([0n, 1000n, 2000n, 6000n])
    expect(paid(earned(0), 3)).toBe(3000n)
  })

  it('caps what has not vested at a credibility below 80 %, for good', () => {
    const caps = (map: Map<number, Points>): number[] => [...map.values()].map((entry) => entry.cap)
    const low = earned()
    capUnvested(low, 5, 500_000, charter)
    // epoch 1 vested with the close of epoch 5
    expect(caps(low)).toEqual([1_000_000, 500_000, 500_000, 500_000, 500_000, 500_000])
    capUnvested(low, 6, 1_000_000, charter)
    capUnvested(low, 6, 600_000, charter)
    expect(caps(low)).toEqual([1_000_000, 500_000, 500_000, 500_000, 500_000, 500_000])
    expect(paid(low, 10)).toBe(3500n)
    const good = earned()
    capUnvested(good, 5, 800_000, charter)
    expect(caps(good)).toEqual(caps(earned()))
  })

  it('loses to a fraud what has not vested, touches nothing that has, and keeps the first reason', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ points: fc.bigInt({ min: 0n, max: 10n ** 15n }), cap: fc.nat({ max: 1_000_000 }) }), { maxLength: 12 }),
        fc.nat({ max: 14 }),
        (list, lastFinal) => {
          const of = (): Map<number, Points> => new Map(list.map((entry, i) => [i, { ...entry, void: null, vestsWith: i + 4 }]))
          const before = of()
          const after = of()
          burnUnvested(after, lastFinal, 'S3 D3')
          expect(paid(after, 100)).toBe(paid(before, lastFinal))
          expect(paid(after, lastFinal)).toBe(paid(before, lastFinal))
          burnUnvested(after, lastFinal, 'again')
          expect([...after.values()].filter((entry) => entry.void === 'again')).toEqual([])
        },
      ),
    )
  })
})
