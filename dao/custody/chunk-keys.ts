/**
 * The distributed PRF (Naor, Pinkas, Reingold 1999): chunk key i is derived from H_i^s, and H_i^s from any k partials H_i^share. Nobody ever
 * rebuilds s, so each chunk opens alone. Partials carry one DLEQ proof of RFC 9497 (mode VOPRF) for all indices of an answer.
 */
import { createHmac, hkdfSync } from 'node:crypto'
import { ristretto255_oprf } from '@noble/curves/ed25519.js'
import { concatBytes, equalBytes, type KeyAnswer, type PoolManifest, toHex, u32, utf8 } from '../../schemas/wire/index.ts'
import { proofHolds, type Proven } from './dleq.ts'
import { hashToPoint, interpolation, type Point, pointOf } from './group.ts'
import { keyCommit, poolContext, publicShare } from './shares.ts'

const POINT_DOMAIN = 'quern/chunk-point/v1'

/** H_i: hashed here, never taken from who asks, or an index that was not drawn could be smuggled in. */
const chunkPoint = (context: Uint8Array, i: number): Point => hashToPoint(concatBytes(context, u32(i)), POINT_DOMAIN)

/** K_i = HKDF-SHA256(H_i^s ‖ owner's part, salt: context, info: "quern/chunk-key/v1\0" ‖ u32be(i)). */
function chunkKey(context: Uint8Array, i: number, power: Uint8Array, owner: Uint8Array | undefined): Uint8Array {
  const secret = owner === undefined ? power : concatBytes(power, owner)
  return new Uint8Array(hkdfSync('sha256', secret, context, concatBytes(utf8('quern/chunk-key/v1\0'), u32(i)), 32))
}

/** The owner's part of a key under `committee+owner`: HMAC-SHA256(owner's key, "quern/owner-part/v1\0" ‖ context ‖ u32be(i)). */
export function ownerPart(ownerKey: Uint8Array, context: Uint8Array, i: number): Uint8Array {
  return createHmac('sha256', ownerKey).update(utf8('quern/owner-part/v1\0')).update(context).update(u32(i)).digest()
}

/** The dealer's own way to a key, from s. */
export function keyFromSecret(secret: bigint, context: Uint8Array, i: number, ownerKey?: Uint8Array): Uint8Array {
  const owner = ownerKey === undefined ? undefined : ownerPart(ownerKey, context, i)
  return chunkKey(context, i, chunkPoint(context, i).multiply(secret).toBytes(), owner)
}

/** What one keyholder knows of one contribution. */
export interface HeldShare {
  x: number
  generation: number
  share: Uint8Array
  salt: Uint8Array
  dealt: Uint8Array
  commitments: Uint8Array[]
}

/** One keyholder's partials for some indices, with their proof. */
export function partialKeys(held: HeldShare, indices: readonly number[]): Pick<KeyAnswer, 'points' | 'proof'> {
  const context = poolContext(held.commitments[0] as Uint8Array, held.salt)
  const points = indices.map((i) => chunkPoint(context, i).toBytes())
  const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluateBatch(held.share, publicShare(held.commitments, held.x), points)
  return { points: evaluated, proof }
}

/** The points of the chunks that one question is about: hashed once, for all who answer it. */
export class ChunkPoints {
  readonly #indices: readonly number[]
  #context: Uint8Array | undefined
  #points: Proven['elements'] = []

  constructor(indices: readonly number[]) {
    this.#indices = indices
  }

  of(context: Uint8Array): Proven['elements'] {
    if (this.#context === undefined || !equalBytes(this.#context, context)) {
      this.#points = this.#indices.map((i) => {
        const point = chunkPoint(context, i)
        return { point, bytes: point.toBytes() }
      })
      this.#context = context
    }
    return this.#points
  }
}

/** Points of an answer, which are looked at to judge it and again to combine it. */
const decoded = new WeakMap<KeyAnswer, Point[]>()

/** Throws RejectedMessageError BAD_POINT. */
function pointsOf(answer: KeyAnswer): Point[] {
  const known = decoded.get(answer)
  if (known !== undefined) return known
  const points = answer.points.map(pointOf)
  decoded.set(answer, points)
  return points
}

/** Why an answer is not used: WRONG_COUNT, OTHER_COMMITTEE, KEY_COMMIT (of another dealing) or FORGED (the proof fails); undefined for a good one. */
export function answerFault(
  answer: KeyAnswer,
  manifest: PoolManifest,
  k: number,
  indices: readonly number[],
  points = new ChunkPoints(indices),
): string | undefined {
  if (answer.points.length !== indices.length) return 'WRONG_COUNT'
  if (answer.commitments.length !== k) return 'OTHER_COMMITTEE'
  const first = answer.commitments[0] as Uint8Array
  if (!equalBytes(keyCommit(first, answer.dealt, answer.salt), manifest.keyCommit)) return 'KEY_COMMIT'
  try {
    const elements = points.of(poolContext(first, answer.salt))
    const evaluated = pointsOf(answer).map((point, i) => ({ point, bytes: answer.points[i] as Uint8Array }))
    return proofHolds(publicShare(answer.commitments, answer.x), { elements, evaluated, proof: answer.proof }) ? undefined : 'FORGED'
  } catch {
    return 'FORGED'
  }
}

export interface OpenedKeys {
  /** Key of each index asked for, in order. */
  keys: Uint8Array[]
  context: Uint8Array
  /** When the consent ends by itself, Unix seconds, by the middle one of the answers used (of two the earlier); null where none of them said it. */
  expires: number | null
}

/**
 * The keys, from answers that have no fault; undefined while no k of them share one generation of commitments. `ownerParts` go with `indices`,
 * where the contribution's custody asks for its owner.
 */
export function combineAnswers(
  answers: readonly KeyAnswer[],
  k: number,
  indices: readonly number[],
  ownerParts?: readonly Uint8Array[],
): OpenedKeys | undefined {
  const generations = Map.groupBy(answers, ({ generation, commitments }) => `${generation} ${commitments.map(toHex).join()}`)
  for (const group of generations.values()) {
    const bySeat = [...new Map(group.map((answer) => [answer.x, answer])).values()].slice(0, k)
    const first = bySeat[0]
    if (first === undefined || bySeat.length < k) continue
    const context = poolContext(first.commitments[0] as Uint8Array, first.salt)
    const atZero = interpolation(bySeat.map(({ x }) => x))
    const points = bySeat.map(pointsOf)
    const keys = indices.map((i, j) => chunkKey(context, i, atZero(points.map((of) => of[j] as Point)).toBytes(), ownerParts?.[j]))
    // nothing proves it: one keyholder of three that lies, or missed a renewal, must neither end it for all nor go on for all; of two the earlier counts
    const ends = bySeat.flatMap(({ expires }) => expires ?? []).toSorted((a, b) => a - b)
    return { keys, context, expires: ends[(ends.length - 1) >> 1] ?? null }
  }
  return undefined
}
