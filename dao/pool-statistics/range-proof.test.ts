import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import type { CountedGroup } from '../../schemas/wire/index.ts'
import { add, FIELD, invert, invertAll, multiply } from './field.ts'
import { answerAt, binsOf, bytesOfWords, dealtWords, isProven, pointOf, splitVector, withProof, wordsOf } from './index.ts'
import { coefficientsAt, nodesOf } from './lagrange.ts'
import { firstBeyond } from './range-proof.ts'

const group = (name: string, size: number, perPerson: number): CountedGroup => ({
  name,
  bins: Array.from({ length: size }, (_, i) => String(i)),
  perBin: 1,
  perPerson,
})
const groups = [group('people', 1, 1), group('a', 7, 3), group('b', 4, 4)]
const bins = binsOf(groups)
const point = pointOf(new Uint8Array(32).fill(7), groups)
const words = fc.nat(FIELD - 1)

/** The three parts of these words' proof. */
function answered(dealt: Uint32Array, seed = 'split'): Uint8Array[] {
  return splitVector(dealt, new SeededBytes(seed)).map((share, seat) => answerAt(point, share, seat))
}
const honest = (counts: number[]): Uint32Array => withProof(Uint32Array.from(counts), groups, new SeededBytes(`proof ${counts.join('')}`))
/** Counts that one person may have. */
const allowed = fc
  .array(fc.nat(1), { minLength: bins, maxLength: bins })
  .filter((counts) => counts.slice(1, 8).reduce((sum, one) => sum + one, 0) <= 3)

describe('the field', () => {
  it('multiplies and inverts as whole numbers do: property', () => {
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(multiply(a, b)).toBe(Number((BigInt(a) * BigInt(b)) % BigInt(FIELD)))
        expect(multiply(a, invert(a))).toBe(a === 0 ? 0 : 1)
      }),
    )
    const some = [1, 2, FIELD - 1, 123_456_789]
    expect(invertAll(some)).toEqual(some.map(invert))
  })

  it('knows a polynomial by as many values as its degree and one more', () => {
    const f = (x: number): number => [5, FIELD - 3, 7].reduceRight((sum, one) => add(multiply(sum, x), one), 0)
    const at = 987_654_321
    const values = [f(0), f(1), f(2)]
    expect(coefficientsAt(nodesOf(2), at).reduce((sum, one, i) => add(sum, multiply(one, values[i] as number)), 0)).toBe(f(at))
  })

  it('is not left by words from outside', () => {
    expect(() => wordsOf(Uint8Array.of(0xff, 0xff, 0xff, 0xfb))).toThrow(expect.objectContaining({ code: 'BAD_WORDS' }))
    expect([...wordsOf(Uint8Array.of(0xff, 0xff, 0xff, 0xfa))]).toEqual([FIELD - 1])
  })
})

describe('a proof', () => {
  it('holds of whatever one person may count, in any three parts: property', () => {
    fc.assert(
      fc.property(allowed, fc.string(), (counts, seed) => {
        expect(isProven(answered(honest(counts), seed))).toBe(true)
      }),
    )
  })

  it('holds of none that counts anything but 0 or 1: property', () => {
    fc.assert(
      fc.property(
        allowed,
        fc.nat(bins - 1),
        words.filter((word) => word > 1),
        (counts, bin, word) => {
          expect(isProven(answered(honest(counts.with(bin, word))))).toBe(false)
        },
      ),
    )
  })

  it('holds of none that has more bins of a group than one person may', () => {
    const four = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    expect(isProven(answered(honest(four)))).toBe(false)
    expect(isProven(answered(honest(four.with(1, 0))))).toBe(true)
  })

  it('holds of no words that were changed anywhere: property', () => {
    const dealt = honest([1, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1])
    expect(dealt).toHaveLength(dealtWords(groups))
    fc.assert(
      fc.property(fc.nat(dealt.length - 1), fc.integer({ min: 1, max: FIELD - 1 }), (at, by) => {
        const changed = dealt.with(at, add(dealt[at] as number, by))
        // any f(0) and g(0) will do, with the h(0) that belongs to them
        expect(isProven(answered(changed))).toBe(false)
      }),
    )
    expect(isProven(answered(dealt).toSpliced(2, 1, bytesOfWords(Uint32Array.of(0, 0, 0, 0))))).toBe(false)
  })

  it('tells the three nothing but what they could have made up: other chance gives other f and g, and h always is their product', () => {
    const counts = [1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    const opened = (seed: string): number[] => {
      const sum = [0, 0, 0, 0]
      for (const part of answered(withProof(Uint32Array.from(counts), groups, new SeededBytes(seed))))
        wordsOf(part).forEach((word, i) => (sum[i] = add(sum[i] as number, word)))
      return sum
    }
    const seen = Array.from({ length: 50 }, (_, i) => opened(`chance ${i}`))
    expect(new Set(seen.map(([f]) => f)).size).toBe(50)
    expect(new Set(seen.map(([, g]) => g)).size).toBe(50)
    for (const [f, g, h, z] of seen) expect([h, z]).toEqual([multiply(f as number, g as number), 0])
  })

  it('is asked at no point where it would show a bin', () => {
    const drawn = [0, 1, 24, 25, 26]
    expect(firstBeyond(24, () => drawn.shift() as number)).toBe(25)
    expect(drawn).toEqual([26])
  })
})
