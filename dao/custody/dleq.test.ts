import { ristretto255_oprf } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { concatBytes, toHex, u32 } from '../../schemas/wire/index.ts'
import { proofHolds } from './dleq.ts'
import { evaluate, Fn, hashToPoint, interpolation, lagrangeAtZero, Point, pointOf, randomScalar } from './group.ts'

const { voprf } = ristretto255_oprf
const littleEndian = (value: bigint) => new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed())
const named = (bytes: Uint8Array) => ({ point: pointOf(bytes), bytes })

/** What the library says: it verifies while it unblinds. */
function theirs(publicKey: Uint8Array, elements: readonly Uint8Array[], evaluated: readonly Uint8Array[], proof: Uint8Array): boolean {
  const items = elements.map((blinded, i) => ({
    input: new Uint8Array(),
    blind: Fn.toBytes(1n),
    blinded,
    evaluated: evaluated[i] as Uint8Array,
  }))
  try {
    voprf.finalizeBatch(items, publicKey, proof)
    return true
  } catch {
    return false
  }
}

describe('a proof of partials', () => {
  const secret = randomScalar()
  const publicKey = Point.BASE.multiply(secret).toBytes()
  const other = Point.BASE.multiply(randomScalar()).toBytes()

  it.each([1, 2, 64])('of %d is taken and refused as the library does', (count) => {
    const elements = Array.from({ length: count }, (_, i) => hashToPoint(u32(i), 'test').toBytes())
    const { evaluated, proof } = voprf.blindEvaluateBatch(Fn.toBytes(secret), publicKey, elements)
    const flipped = (at: number): Uint8Array => proof.map((byte, i) => (i === at ? byte ^ 1 : byte))
    const cases: [Uint8Array, Uint8Array[], Uint8Array[], Uint8Array][] = [
      [publicKey, elements, evaluated, proof],
      [other, elements, evaluated, proof],
      [publicKey, elements, evaluated, flipped(0)],
      [publicKey, elements, evaluated, flipped(40)],
      [publicKey, elements, evaluated.with(0, other), proof],
      [publicKey, elements.with(count - 1, other), evaluated, proof],
      [publicKey, elements, evaluated.toReversed(), proof],
    ]
    const verdicts = cases.map(([key, from, to, given]) =>
      proofHolds(key, { elements: from.map(named), evaluated: to.map(named), proof: given }),
    )
    expect(verdicts).toEqual(cases.map((one) => theirs(...one)))
    expect(verdicts).toEqual([true, false, false, false, false, false, count === 1])
  })

  it.each([1, 3])('of %d is refused as the library does, whatever is sent', (count) => {
    const zero = new Uint8Array(32)
    const elements = Array.from({ length: count }, (_, i) => hashToPoint(u32(i), 'test').toBytes())
    const { evaluated, proof } = voprf.blindEvaluateBatch(Fn.toBytes(secret), publicKey, elements)
    const [c, s] = [proof.subarray(0, 32), proof.subarray(32)]
    const order = littleEndian(Fn.ORDER)
    const again = littleEndian(Fn.fromBytes(s) + Fn.ORDER)
    // the same number modulo the field's prime, and a negative one: RFC 9496, 4.3.1 takes neither
    const [beyond, negative] = [littleEndian(2n ** 255n - 19n), littleEndian(1n)]
    const cases: [Uint8Array, Uint8Array[], Uint8Array[], Uint8Array][] = [
      ...[zero, beyond, negative].flatMap((bytes): [Uint8Array, Uint8Array[], Uint8Array[], Uint8Array][] => [
        [bytes, elements, evaluated, proof],
        [publicKey, elements.with(0, bytes), evaluated, proof],
        [publicKey, elements, evaluated.with(count - 1, bytes), proof],
      ]),
      ...[
        concatBytes(zero, zero),
        concatBytes(c, zero),
        concatBytes(zero, s),
        concatBytes(c, order),
        concatBytes(order, s),
        concatBytes(c, again),
        concatBytes(s, c),
      ].map((wrong): [Uint8Array, Uint8Array[], Uint8Array[], Uint8Array] => [publicKey, elements, evaluated, wrong]),
      // all of one, and a proof that is good for others
      [publicKey, elements, elements, proof],
      [publicKey, evaluated, elements, proof],
      [publicKey, elements.map(() => elements[0] as Uint8Array), evaluated.map(() => evaluated[0] as Uint8Array), proof],
      [publicKey, [...elements, other], [...evaluated, other], proof],
    ]
    const ours = cases.map(([key, from, to, given]) => {
      try {
        return proofHolds(key, { elements: from.map(named), evaluated: to.map(named), proof: given })
      } catch {
        return false
      }
    })
    expect(ours).toEqual(cases.map((one) => theirs(...one)))
    // one element said over again is the one that was proven
    expect(ours.filter(Boolean)).toHaveLength(count === 1 ? 1 : 0)
  })

  it('of another length, or for fewer than were asked, is none', () => {
    const elements = [named(other)]
    expect(proofHolds(publicKey, { elements, evaluated: elements, proof: new Uint8Array(63) })).toBe(false)
    expect(proofHolds(publicKey, { elements, evaluated: [], proof: new Uint8Array(64) })).toBe(false)
  })
})

it.each([[[1, 2, 3]], [[5, 1, 3]], [[4, 2]], [[7, 32, 1, 18]], [Array.from({ length: 16 }, (_, i) => 2 * i + 1)]])(
  'the sum of small multiples of %j is the interpolation itself',
  (xs) => {
    const coefficients = xs.map(() => randomScalar())
    const points = xs.map((x) => Point.BASE.multiply(evaluate(coefficients, x)))
    const weights = lagrangeAtZero(xs)
    const plain = points.reduce((sum, point, i) => sum.add(point.multiplyUnsafe(weights[i] as bigint)), Point.ZERO)
    const sum = toHex(interpolation(xs)(points).toBytes())
    expect(sum).toBe(toHex(plain.toBytes()))
    expect(sum).toBe(toHex(Point.BASE.multiply(coefficients[0] as bigint).toBytes()))
  },
)
