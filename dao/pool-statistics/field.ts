/**
 * Arithmetic modulo the largest prime below 2^32: words of shares and sums are its elements. Numbers hold them exactly, because no step below
 * goes beyond 2^49.
 */
export const FIELD = 4_294_967_291

export const add = (a: number, b: number): number => (a + b) % FIELD
export const subtract = (a: number, b: number): number => (a + FIELD - b) % FIELD

/** By halves of 16 bits, so that nothing is rounded. */
export const multiply = (a: number, b: number): number => (((a * (b >>> 16)) % FIELD) * 65_536 + a * (b & 0xffff)) % FIELD

/** By Fermat: a^(p − 2). Of 0 it is 0. */
export function invert(a: number): number {
  let [result, base] = [1, a]
  for (let power = BigInt(FIELD - 2); power > 0n; power >>= 1n) {
    if ((power & 1n) === 1n) result = multiply(result, base)
    base = multiply(base, base)
  }
  return result
}

/** The inverses of all, with one inversion. None of them is 0. */
export function invertAll(values: readonly number[]): number[] {
  const before: number[] = []
  let product = 1
  for (const value of values) {
    before.push(product)
    product = multiply(product, value)
  }
  let rest = invert(product)
  const inverses = values.slice()
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = multiply(rest, before[i] as number)
    rest = multiply(rest, values[i] as number)
  }
  return inverses
}

/** Σ a_i · b_i. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>, { from = 0, length = a.length } = {}): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum = (sum + multiply(a[i] as number, b[from + i] as number)) % FIELD
  return sum
}
