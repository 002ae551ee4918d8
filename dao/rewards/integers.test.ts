import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divFloor, isqrt, mulDiv, mulDivBig, PPM, sigmaPpm } from './integers.ts'

const edge = (power: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: -300n, max: 300n }).map((d) => 2n ** power + d)
const whole = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 2 ** 31 - 1 }),
  fc.integer({ min: Number.MAX_SAFE_INTEGER - 300, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(0, 1, PPM),
)
const positive = whole.filter((n) => n > 0)

/** What `mulDiv` says, or the name of its error. */
function answer(a: number, b: number, d: number): bigint | string {
  try {
    return BigInt(mulDiv(a, b, d))
  } catch (error) {
    return (error as Error).name
  }
}

describe('integer arithmetic near the ends of its range', () => {
  it('divides as BigInt does', () => {
    fc.assert(
      fc.property(whole, positive, (a, b) => {
        expect(BigInt(divFloor(a, b))).toBe(BigInt(a) / BigInt(b))
      }),
    )
  })

  it('multiplies and divides as BigInt does, or says that the answer is too large', () => {
    fc.assert(
      fc.property(whole, whole, positive, (a, b, d) => {
        const right = (BigInt(a) * BigInt(b)) / BigInt(d)
        expect(answer(a, b, d)).toBe(right > BigInt(Number.MAX_SAFE_INTEGER) ? 'RangeError' : right)
        expect(mulDivBig(BigInt(a), BigInt(b), BigInt(d))).toBe(right)
      }),
      { numRuns: 2000 },
    )
  })

  it('finds the integer root, of squares and of their neighbours too', () => {
    const root = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 70n }), edge(53n), edge(63n), edge(106n), edge(126n))
    fc.assert(
      fc.property(
        fc.oneof(
          root,
          root.map((r) => r * r),
          root.map((r) => r * r + 2n * r),
        ),
        (n) => {
          const r = isqrt(n)
          expect(r * r <= n && (r + 1n) * (r + 1n) > n).toBe(true)
        },
      ),
    )
    for (let n = 0; n < 2000; n++) expect(isqrt(n)).toBe(Math.floor(Math.sqrt(n)))
  })

  it.each([
    [0.5, 1, 1],
    [-1, 1, 1],
    [Number.NaN, 1, 1],
    [2 ** 53, 1, 1],
    [1, 1.5, 1],
    [Number.MAX_SAFE_INTEGER, 4, 0.5],
  ])('refuses %d * %d / %d', (a, b, d) => {
    expect(() => mulDiv(a, b, d)).toThrow(RangeError)
  })

  it('refuses to divide by zero', () => {
    for (const attempt of [() => divFloor(1, 0), () => mulDiv(1, 1, 0), () => mulDivBig(1n, 1n, 0n)]) expect(attempt).toThrow(RangeError)
  })

  it('knows nothing of a rate that nothing was drawn for', () => {
    expect(sigmaPpm(30_000, 0)).toBe(PPM)
  })
})

it('has no float anywhere: no fraction, no division outside integers.ts, no mathematics that two engines may round differently', () => {
  const sources = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  expect(sources.length).toBeGreaterThan(15)
  const wrong = sources.flatMap((name) => {
    const code = readFileSync(path.join(import.meta.dirname, name), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*$/gm, '')
      .replace(/'[^'\n]*'|`[^`]*`/g, "''")
    const found = [
      ...code.matchAll(
        /\b\d[\d_]*\.\d|\*\*|\bMath\.(?!min\b|max\b|imul\b|abs\b)\w+|parseFloat|toFixed|EPSILON|localeCompare|Intl\b|\bDate\b|Float\d+Array/g,
      ),
    ]
    const divides = name === 'integers.ts' ? [] : [...code.matchAll(/[\w)\]]\s*\/=?\s*[\w(]/g)]
    return [...found, ...divides].map((hit) => `${name}: ${hit[0]}`)
  })
  expect(wrong).toEqual([])
})
