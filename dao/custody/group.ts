/** The group of RFC 9496 and its scalars, as bytes in and bytes out. A point at infinity and a zero scalar are refused: nothing here may be either. */
import { randomBytes } from 'node:crypto'
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js'
import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js'
import { RejectedMessageError } from '../../core/errors/index.ts'

// spelt out, because the library's class has no name that a declaration file could give it
export const Point: (typeof ristretto255)['Point'] = ristretto255.Point
export type Point = InstanceType<(typeof ristretto255)['Point']>
export const Fn: (typeof ristretto255)['Point']['Fn'] = Point.Fn

/** A uniform scalar but zero, from the platform's secure randomness. */
export function randomScalar(): bigint {
  // 64 bytes reduced: the bias is below 2^-250
  const wide = BigInt(`0x${randomBytes(64).toString('hex')}`) % Fn.ORDER
  return wide === 0n ? randomScalar() : wide
}

/** 32 bytes, little-endian, below the group's order and not zero. Throws RejectedMessageError BAD_SCALAR. */
export function scalarOf(bytes: Uint8Array): bigint {
  const scalar = tried(() => Fn.fromBytes(bytes))
  if (scalar === undefined || scalar === 0n) throw new RejectedMessageError('BAD_SCALAR', 'not a scalar of ristretto255')
  return scalar
}

/** Canonical 32 bytes (RFC 9496, 4.3.1). Throws RejectedMessageError BAD_POINT. */
export function pointOf(bytes: Uint8Array): Point {
  const point = tried(() => Point.fromBytes(bytes))
  if (point === undefined || point.equals(Point.ZERO)) throw new RejectedMessageError('BAD_POINT', 'not a point of ristretto255')
  return point
}

/** RFC 9380 `hash_to_ristretto255` with expand_message_xmd and SHA-512. */
export const hashToPoint = (message: Uint8Array, domain: string): Point => ristretto255_hasher.hashToCurve(message, { DST: domain })

/** Coefficients at zero of the polynomial through points at `xs`: what each share is weighed with. */
export function lagrangeAtZero(xs: readonly number[]): bigint[] {
  return xs.map((x) => {
    let [above, below] = [1n, 1n]
    for (const other of xs) {
      if (other === x) continue
      above = Fn.mul(above, BigInt(other))
      below = Fn.mul(below, Fn.sub(BigInt(other), BigInt(x)))
    }
    return Fn.mul(above, Fn.inv(below))
  })
}

/**
 * The same interpolation in the exponent, for points that many sums are made of: each sum is of small multiples, and then one division, where k
 * multiples by numbers of the group's size would take k times as long. Weights and points are public: their time says nothing.
 */
export function interpolation(xs: readonly number[]): (points: readonly Point[]) => Point {
  const parts = xs.map((x) => {
    const others = xs.filter((other) => other !== x).map(BigInt)
    return {
      above: others.reduce((product, other) => product * other, 1n),
      below: others.reduce((product, other) => product * (other - BigInt(x)), 1n),
    }
  })
  const common = parts.reduce((sum, { above, below }) => lcm(sum, below / gcd(above, below)), 1n)
  const weights = parts.map(({ above, below }) => (above * common) / below)
  const divisor = Fn.inv(common)
  return (points) => {
    const signed = points.map((point, i) => ((weights[i] as bigint) < 0n ? point.negate() : point))
    const sum = mulAddUnsafe(
      Point,
      signed,
      weights.map((weight) => (weight < 0n ? -weight : weight)),
    )
    return common === 1n ? sum : sum.multiplyUnsafe(divisor)
  }
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b]
  while (y !== 0n) [x, y] = [y, x % y]
  return x
}

function lcm(a: bigint, b: bigint): bigint {
  const product = (a / gcd(a, b)) * b
  return product < 0n ? -product : product
}

/** a0 + a1·x + … mod the order. */
export function evaluate(coefficients: readonly bigint[], x: number): bigint {
  return coefficients.reduceRight((sum, coefficient) => Fn.add(Fn.mul(sum, BigInt(x)), coefficient), 0n)
}

function tried<T>(decode: () => T): T | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
