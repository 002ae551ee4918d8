import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ALONE, slotFrom, slotShare } from './slots.ts'

it('begins at the beginning of slots of one’s own, which nobody else has', () => {
  const two = ['a', 'b'].map((one) => slotShare(['a', 'b'], one))
  expect(two.map((share) => [0, 1, 100, 101, 200, 399].map((at) => slotFrom(at, 100, share)))).toEqual([
    [0, 200, 200, 200, 200, 400],
    [100, 100, 100, 300, 300, 500],
  ])
  expect([slotFrom(17, 100, ALONE), slotFrom(17, 0, { times: 3, place: 1 })]).toEqual([17, 17])
  // whoever is not on the list asks as if it came last
  expect(slotShare(['a', 'b'], 'c')).toEqual({ times: 3, place: 2 })
})

it('lets all together begin no more than one request in a pause, however eagerly each goes on', () => {
  const asker = fc.record({ wakes: fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 20 }) })
  fc.assert(
    fc.property(fc.array(asker, { minLength: 2, maxLength: 7 }), fc.integer({ min: 1, max: 900 }), (askers, pauseMs) => {
      const begun = askers.flatMap(({ wakes }, place) => {
        let free = 0
        return wakes
          .toSorted((a, b) => a - b)
          .map((at) => {
            const begins = slotFrom(Math.max(at, free), pauseMs, { times: askers.length, place })
            free = begins + pauseMs
            return begins
          })
      })
      const times = begun.toSorted((a, b) => a - b)
      for (const [i, at] of times.slice(1).entries()) expect(at - (times[i] as number)).toBeGreaterThanOrEqual(pauseMs)
    }),
  )
})
