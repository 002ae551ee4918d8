/**
 * Integer arithmetic of the mechanism (incentives reference 4.4): ppm, floor on non-negatives, no floats.
 * The only file of this room that divides: every quotient goes through `divFloor`, `mulDiv` or `mulDivBig`, so no fraction ever exists.
 */
import { PPM } from '../../schemas/wire/index.ts'

export { PPM }

export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x
}

/** floor(a / b) of safe non-negative integers; exact, because a - a % b is a multiple of b. */
export function divFloor(a: number, b: number): number {
  demandWhole(a)
  demandWhole(b)
  if (b === 0) throw new RangeError('division by zero')
  return (a - (a % b)) / b
}

/** floor(a * b / d) of safe non-negative integers. The product may pass 2^53; the quotient may not (RangeError). */
export function mulDiv(a: number, b: number, d: number): number {
  demandWhole(a)
  demandWhole(b)
  const product = a * b
  // a float product at or below 2^53 - 1 is the true product: the next true candidate would have rounded to 2^53 or more
  if (product <= Number.MAX_SAFE_INTEGER) return divFloor(product, d)
  demandWhole(d)
  const quotient = (BigInt(a) * BigInt(b)) / BigInt(d)
  if (quotient > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError('quotient beyond 2^53')
  return Number(quotient)
}

/** floor(a * b / d) of non-negative BigInts. */
export function mulDivBig(a: bigint, b: bigint, d: bigint): bigint {
  if (a < 0n || b < 0n || d <= 0n) throw new RangeError('the mechanism counts in non-negative integers')
  return (a * b) / d
}

/** Largest r with r * r <= n, by Newton's iteration from above; numbers stay numbers, BigInts stay BigInts. */
export function isqrt(n: number): number
export function isqrt(n: bigint): bigint
export function isqrt(n: number | bigint): number | bigint {
  if (typeof n === 'bigint') return isqrtBig(n)
  demandWhole(n)
  return Number(isqrtBig(BigInt(n)))
}

function isqrtBig(n: bigint): bigint {
  if (n < 0n) throw new RangeError('square root of a negative')
  if (n < 2n) return n
  // 2^ceil(bits/2) is never below the root, and from above Newton falls until it stands on it
  let x = 1n << BigInt((n.toString(2).length + 1) >> 1)
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** Standard deviation, ppm, of a fail rate `b` (ppm) seen in `n` draws: isqrt(b(PPM - b) / n); PPM when nothing was drawn. */
export function sigmaPpm(b: number, n: number): number {
  return n <= 0 ? PPM : isqrt(divFloor(b * (PPM - b), n))
}

function demandWhole(x: number): void {
  if (!Number.isSafeInteger(x) || x < 0) throw new RangeError('the mechanism counts in non-negative integers below 2^53')
}
