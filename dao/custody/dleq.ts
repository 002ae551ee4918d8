/**
 * Verifies the proof that came with partials: RFC 9497, 2.2.2, mode VOPRF over ristretto255. The library does it as a part of `finalizeBatch`, which
 * then raises every element to its blind; where nothing is unblinded that is four fifths of the time. Everything here is public.
 */
import { createHash } from 'node:crypto'
import { mulAddUnsafe } from '@noble/curves/abstract/curve.js'
import { ristretto255_hasher } from '@noble/curves/ed25519.js'
import { concatBytes, utf8 } from '../../schemas/wire/index.ts'
import { Fn, Point, pointOf } from './group.ts'

const CONTEXT = utf8('OPRFV1-\u0001-ristretto255-SHA512')
const SCALAR_DOMAIN = concatBytes(utf8('HashToScalar-'), CONTEXT)

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255)
const sized = (bytes: Uint8Array): Uint8Array => concatBytes(u16(bytes.byteLength), bytes)
const toScalar = (...parts: Uint8Array[]): bigint => ristretto255_hasher.hashToScalar(concatBytes(...parts), { DST: SCALAR_DOMAIN })
const sha512 = (...parts: Uint8Array[]): Uint8Array =>
  createHash('sha512')
    .update(concatBytes(...parts))
    .digest()

export interface Proven {
  /** What was raised, and what came of each by the same secret; as points and as their 32 bytes. */
  elements: readonly { point: Point; bytes: Uint8Array }[]
  evaluated: readonly { point: Point; bytes: Uint8Array }[]
  /** 64 bytes. */
  proof: Uint8Array
}

/** Whether the holder of the secret behind `publicKey` (32 bytes) raised each element to it. Throws RejectedMessageError BAD_POINT, or RangeError for what is no scalar. */
export function proofHolds(publicKey: Uint8Array, { elements, evaluated, proof }: Proven): boolean {
  if (proof.byteLength !== 2 * Fn.BYTES || elements.length !== evaluated.length) return false
  const key = pointOf(publicKey)
  const seed = sha512(sized(publicKey), sized(concatBytes(utf8('Seed-'), CONTEXT)))
  const weights = elements.map((element, i) => {
    const result = (evaluated[i] as Proven['evaluated'][number]).bytes
    return toScalar(sized(seed), u16(i), sized(element.bytes), sized(result), utf8('Composite'))
  })
  const sum = (points: readonly { point: Point }[]): Point =>
    mulAddUnsafe(
      Point,
      points.map(({ point }) => point),
      weights,
    )
  const [m, z] = [sum(elements), sum(evaluated)]
  const [c, s] = [Fn.fromBytes(proof.subarray(0, Fn.BYTES)), Fn.fromBytes(proof.subarray(Fn.BYTES))]
  const commitments = [mulAddUnsafe(Point, [Point.BASE, key], [s, c]), mulAddUnsafe(Point, [m, z], [s, c])]
  const transcript = [publicKey, ...[m, z, ...commitments].map((point) => point.toBytes())].map(sized)
  return Fn.eql(c, toScalar(...transcript, utf8('Challenge')))
}
