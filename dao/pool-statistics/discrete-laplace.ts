/**
 * The discrete Laplace distribution, sampled exactly: Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy" (2020),
 * algorithms 1 and 2. Rationals of BigInt throughout, because noise drawn with floats tells through its low bits what it was added to
 * (Mironov 2012).
 */
import { InvalidInputError } from '../../core/errors/index.ts'
import { type ByteSource, uniformBelow } from './uniform.ts'

/** A positive rational. */
export interface Rational {
  num: bigint
  den: bigint
}

/** Algorithm 1 for 0 <= num/den <= 1: true with probability exp(-num/den). */
function bernoulliExp({ num, den }: Rational, source: ByteSource): boolean {
  for (let k = 1n; ; k++) {
    // true with num / (den * k)
    if (uniformBelow(den * k, source) >= num) return k % 2n === 1n
  }
}

/**
 * One draw with P(x) proportional to exp(-|x|/scale). Its variance is 2·e^(1/scale) / (e^(1/scale) − 1)². A count that one person moves by at
 * most `scale · ε` is ε-differentially private with it. Throws InvalidInputError BAD_SCALE.
 */
export function discreteLaplace({ num: t, den: s }: Rational, source: ByteSource): bigint {
  if (t < 1n || s < 1n) throw new InvalidInputError('BAD_SCALE', 'the scale of noise is a positive fraction')
  for (;;) {
    const u = uniformBelow(t, source)
    if (!bernoulliExp({ num: u, den: t }, source)) continue
    let v = 0n
    while (bernoulliExp({ num: 1n, den: 1n }, source)) v++
    const magnitude = (u + t * v) / s
    const negative = uniformBelow(2n, source) === 1n
    // zero has no sign: counted twice it would be twice as likely
    if (!negative || magnitude !== 0n) return negative ? -magnitude : magnitude
  }
}
