import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitLargestRemainder, wmedian } from './index.ts'

const items = fc
  .array(fc.record({ value: fc.integer({ min: 0, max: 1000 }), weight: fc.nat({ max: 100 }) }), { maxLength: 30 })
  .map((list) => list.map((item, i) => ({ ...item, tie: `v${i}` })))

describe('weighted median', () => {
  it('stays within what the honest said while they hold more than half of the weight', () => {
    const value = fc.oneof(
      fc.integer({ min: -(10 ** 12), max: 10 ** 12 }),
      fc.constantFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    )
    fc.assert(
      fc.property(items, fc.array(value, { maxLength: 30 }), fc.nat(), (honest, lies, seed) => {
        const weight = honest.reduce((sum, item) => sum + item.weight, 0)
        fc.pre(weight > 0)
        // the liars share one unit less than the honest hold, whatever their number
        const each = lies.length === 0 ? 0 : Math.trunc((weight - 1) / lies.length)
        const all = [...honest, ...lies.map((lie, i) => ({ value: lie, weight: each, tie: `l${i}` }))]
        const median = wmedian(rotated(all, seed)) ?? Number.NaN
        const said = honest.filter((item) => item.weight > 0).map((item) => item.value)
        expect(median).toBeGreaterThanOrEqual(Math.min(...said))
        expect(median).toBeLessThanOrEqual(Math.max(...said))
      }),
    )
  })

  it('does not depend on the order of its input', () => {
    fc.assert(
      fc.property(items, fc.nat(), (list, seed) => {
        expect(wmedian(list)).toBe(wmedian(rotated(list, seed)))
      }),
      { numRuns: 1000 },
    )
  })

  it('is the lower one of two, ignores weight 0, and is undefined where nobody weighs', () => {
    expect(
      wmedian([
        { value: 1n, weight: 1n, tie: 'a' },
        { value: 2n, weight: 1n, tie: 'b' },
      ]),
    ).toBe(1n)
    expect(
      wmedian([
        { value: 1, weight: 0, tie: 'a' },
        { value: 2, weight: 1, tie: 'b' },
      ]),
    ).toBe(2)
    expect(wmedian([{ value: 1, weight: 0, tie: 'a' }])).toBeUndefined()
  })

  it('adds weights beyond 2^53 without losing a unit', () => {
    const huge = BigInt(Number.MAX_SAFE_INTEGER)
    expect(
      wmedian([
        { value: 1, weight: huge, tie: 'a' },
        { value: 2, weight: huge + 1n, tie: 'b' },
      ]),
    ).toBe(2)
  })
})

describe('largest remainder', () => {
  const weights = fc.array(fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 2n ** 100n })), {
    minLength: 1,
    maxLength: 40,
  })

  it('gives out the whole pot, to the last unit, for ten thousand random pots', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 90n }), weights, (pot, list) => {
        const shares = splitLargestRemainder(
          pot,
          list.map((weight, i) => ({ id: `id${i}`, weight })),
        )
        const total = list.reduce((a, b) => a + b, 0n)
        expect([...shares.values()].reduce((a, b) => a + b, 0n)).toBe(total === 0n ? 0n : pot)
        // never a whole unit away from the exact part, and nothing for nothing
        const fair = list.every((weight, i) => {
          const off = (shares.get(`id${i}`) ?? -1n) * total - pot * weight
          return weight === 0n ? shares.get(`id${i}`) === 0n : off > -total && off < total
        })
        expect(fair).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  }, 60_000)

  it('does not depend on the order of its input', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1000n }), weights, fc.nat(), (pot, list, seed) => {
        const all = list.map((weight, i) => ({ id: `id${i}`, weight }))
        const one = splitLargestRemainder(pot, all)
        const two = splitLargestRemainder(pot, rotated(all, seed))
        expect(all.every(({ id }) => one.get(id) === two.get(id))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('breaks ties by id bytes', () => {
    const shares = splitLargestRemainder(
      2n,
      ['c', 'é', 'B'].map((id) => ({ id, weight: 1n })),
    )
    expect(Object.fromEntries(shares)).toEqual({ B: 1n, c: 1n, é: 0n })
  })

  it('refuses a debt, a negative weight and one id twice', () => {
    expect(() => splitLargestRemainder(-1n, [])).toThrow(RangeError)
    expect(() => splitLargestRemainder(1n, [{ id: 'a', weight: -1n }])).toThrow(RangeError)
    expect(() =>
      splitLargestRemainder(1n, [
        { id: 'a', weight: 1n },
        { id: 'a', weight: 1n },
      ]),
    ).toThrow(RangeError)
  })
})

/** Another order of the same list, chosen by `seed`. */
function rotated<T>(list: readonly T[], seed: number): T[] {
  const out = [...list]
  let s = seed + 1
  for (let i = out.length - 1; i > 0; i--) {
    s = Math.imul(s, 1_103_515_245) + 12_345
    const j = (s >>> 8) % (i + 1)
    ;[out[i], out[j]] = [out[j] as T, out[i] as T]
  }
  return out
}
