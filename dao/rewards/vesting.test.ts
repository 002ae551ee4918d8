import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testCharter } from '../../tests/support/charter.ts'
import { burnUnvested, capUnvested, type EpochPoints, isVested, vestedPoints } from './index.ts'

const charter = testCharter({})
const earned = (): Map<number, EpochPoints> =>
  new Map([1, 2, 3, 4, 5, 6].map((epoch) => [epoch, { points: 1000n, cap: 1_000_000, void: null }]))

describe('vesting', () => {
  it('waits four epochs, or none under local rules', () => {
    expect([4, 5, 6, 10].map((closed) => vestedPoints(earned(), closed, 4))).toEqual([0n, 1000n, 2000n, 6000n])
    expect(vestedPoints(earned(), 3, 0)).toBe(3000n)
    expect([isVested(1, 4, 4), isVested(1, 5, 4)]).toEqual([false, true])
  })

  it('caps what has not vested at a credibility below 80 %, for good', () => {
    const low = capUnvested(earned(), 6, 500_000, charter)
    const caps = (map: Map<number, EpochPoints>): number[] => [...map.values()].map((entry) => entry.cap)
    // epoch 1 vested with the close of epoch 5; epoch 6 carries its own credibility
    expect(caps(low)).toEqual([1_000_000, 500_000, 500_000, 500_000, 500_000, 1_000_000])
    expect(caps(capUnvested(low, 7, 1_000_000, charter))).toEqual(caps(low))
    expect(caps(capUnvested(earned(), 6, 800_000, charter))).toEqual(caps(earned()))
    expect(vestedPoints(low, 10, 4)).toBe(4000n)
  })

  it('loses to a fraud what has not vested, touches nothing that has, and conserves the sum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ points: fc.bigInt({ min: 0n, max: 10n ** 15n }), cap: fc.nat({ max: 1_000_000 }) }), { maxLength: 12 }),
        fc.nat({ max: 14 }),
        (list, epoch) => {
          const before = new Map(list.map((entry, i) => [i, { ...entry, void: null }]))
          const { earned: after, burnt } = burnUnvested(before, epoch, 4, 'S3 D3')
          expect(vestedPoints(after, 100, 4) + burnt).toBe(vestedPoints(before, 100, 4))
          expect(vestedPoints(after, epoch - 1, 4)).toBe(vestedPoints(before, epoch - 1, 4))
          expect(burnUnvested(after, epoch, 4, 'again').burnt).toBe(0n)
        },
      ),
    )
  })
})
