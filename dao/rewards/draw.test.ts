import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256, toHex, u32 } from '../../schemas/wire/index.ts'
import { drawIndexes, drawSeed } from './index.ts'

const seedOf = (n: number): Uint8Array => sha256(u32(n))

/** First draw of 100,000 seeds, and how often each index came. */
function firsts(masses: number[], seeds: number): number[] {
  const counts = masses.map(() => 0)
  for (let i = 0; i < seeds; i++) {
    const index = drawIndexes(seedOf(i), masses, 1)[0] ?? -1
    counts[index] = (counts[index] ?? 0) + 1
  }
  return counts
}

const chiSquare = (counts: number[], expected: number[]): number =>
  counts.reduce((sum, n, i) => sum + (expected[i] === 0 ? 0 : (n - (expected[i] ?? 0)) ** 2 / (expected[i] ?? 1)), 0)

describe('the draw', () => {
  it('is uniform over equal masses (chi-square, 100,000 draws)', () => {
    const masses = Array.from({ length: 50 }, () => 7)
    // 99.9 % of uniform draws stay below 85.4 with 49 degrees of freedom
    expect(
      chiSquare(
        firsts(masses, 100_000),
        masses.map(() => 2000),
      ),
    ).toBeLessThan(85.4)
  })

  it('follows the masses, and a record of no mass never comes', () => {
    const masses = [0, 1, 2, 0, 3, 10, 84, 0]
    const counts = firsts(masses, 100_000)
    expect([counts[0], counts[3], counts[7]]).toEqual([0, 0, 0])
    // 99.9 % with 4 degrees of freedom
    expect(
      chiSquare(
        counts,
        masses.map((mass) => mass * 1000),
      ),
    ).toBeLessThan(18.5)
  })

  it('never repeats an index, and gives all there is when more is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { maxLength: 60 }), fc.nat({ max: 80 }), fc.nat(), (masses, count, seed) => {
        const drawn = drawIndexes(seedOf(seed), masses, count)
        const positive = masses.flatMap((mass, i) => (mass > 0 ? [i] : []))
        expect(new Set(drawn).size).toBe(drawn.length)
        expect(drawn.length).toBe(Math.min(count, positive.length))
        expect(drawn.every((i) => positive.includes(i))).toBe(true)
      }),
    )
  })

  it('begins with the same indexes however many are asked for', () => {
    const masses = Array.from({ length: 500 }, (_, i) => i)
    expect(drawIndexes(seedOf(1), masses, 40).slice(0, 9)).toEqual(drawIndexes(seedOf(1), masses, 9))
  })

  it('takes masses as numbers or as BigInts, up to a sum just below 2^64', () => {
    const huge = (1n << 63n) - 1n
    expect(drawIndexes(seedOf(3), [huge, 1n, huge], 2)).toEqual([2, 0])
    expect(drawIndexes(seedOf(3), [5n, 6n, 7n], 3)).toEqual(drawIndexes(seedOf(3), [5, 6, 7], 3))
    expect(() => drawIndexes(seedOf(3), [huge, 2n, huge], 2)).toThrow(RangeError)
    expect(() => drawIndexes(seedOf(3), [-1], 1)).toThrow(RangeError)
  })

  it('ends soon over masses made to keep it drawing for ever', () => {
    const masses = [1e15, ...Array.from({ length: 60 }, () => 1)]
    const drawn = drawIndexes(seedOf(4), masses, 40)
    expect(new Set(drawn).size).toBe(40)
    expect(drawn[0]).toBe(0)
    // what is left once the heavy record is out of the urn comes evenly
    const seen = new Set(Array.from({ length: 40 }, (_, i) => drawIndexes(seedOf(i), masses, 3)).flat())
    expect(seen.size).toBeGreaterThan(35)
  })

  it('draws 40 of 50,000', () => {
    expect(
      drawIndexes(
        seedOf(5),
        Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 4_000_000),
        40,
      ),
    ).toHaveLength(40)
  })
})

describe('the seed', () => {
  const [beacon, preimage, root] = [seedOf(10), seedOf(11), seedOf(12)]

  it('changes with each of beacon, preimage and root', () => {
    const seeds = [
      drawSeed(beacon, preimage, root),
      drawSeed(root, preimage, beacon),
      drawSeed(seedOf(13), preimage, root),
      drawSeed(beacon, seedOf(13), root),
      drawSeed(beacon, preimage, seedOf(13)),
    ]
    expect(new Set(seeds.map(toHex)).size).toBe(5)
  })

  it('gives two validators samples that overlap no more than chance would have it', () => {
    const masses = Array.from({ length: 1000 }, () => 100)
    let shared = 0
    for (let i = 0; i < 300; i++) {
      const one = new Set(drawIndexes(drawSeed(beacon, seedOf(1000 + i), root), masses, 40))
      shared += drawIndexes(drawSeed(beacon, seedOf(5000 + i), root), masses, 40).filter((index) => one.has(index)).length
    }
    // 40 * 40 / 1000 = 1.6 expected per pair; 300 pairs have a standard deviation of about 22
    expect(Math.abs(shared - 480)).toBeLessThan(90)
  })
})
