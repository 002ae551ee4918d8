/**
 * The pool's pseudorandom function over bands: a threshold OPRF (RFC 9497, mode VOPRF, over ristretto255). A contributor blinds its bands, k
 * keyholders evaluate them with their shares of the pool's key and prove it, and what comes out is a token for each band: equal for equal bands of
 * one pool, and nothing to anybody who has fewer than k keyholders to ask. Keyholders learn neither bands nor tokens.
 */
import { ristretto255_oprf } from '@noble/curves/ed25519.js'
import type { PoolKey, TokenAnswer } from '../../schemas/wire/index.ts'
import { proofHolds } from './dleq.ts'
import { interpolation, pointOf } from './group.ts'
import { publicShare } from './shares.ts'

const { oprf, voprf } = ristretto255_oprf
/** Of the function's 64 bytes. */
const TOKEN_BYTES = 32

/** What a contributor keeps until its tokens are there: without the blinds nobody can tell which bands were asked for. */
export interface BlindedBands {
  bands: readonly Uint8Array[]
  blinds: Uint8Array[]
  /** What is sent: points that say nothing. */
  blinded: Uint8Array[]
}

/** `rng` stands in for the platform's secure randomness in vectors only. */
export function blindBands(bands: readonly Uint8Array[], rng?: (bytes?: number) => Uint8Array): BlindedBands {
  const made = bands.map((band) => voprf.blind(band, rng))
  return { bands, blinds: made.map(({ blind }) => blind), blinded: made.map(({ blinded }) => blinded) }
}

/** One keyholder's share of the pool's key. */
export interface HeldPoolShare {
  /** Seat, from 1. */
  x: number
  share: Uint8Array
  commitments: readonly Uint8Array[]
}

/** Blinded points to the share, with one proof for all. Throws RejectedMessageError BAD_POINT for what is no point, or the identity. */
export function evaluateBlinded(
  { x, share, commitments }: HeldPoolShare,
  blinded: readonly Uint8Array[],
): Pick<TokenAnswer, 'points' | 'proof'> {
  for (const point of blinded) pointOf(point)
  const { evaluated, proof } = voprf.blindEvaluateBatch(share, publicShare(commitments, x), [...blinded])
  return { points: evaluated, proof }
}

/** Why an answer is not used: WRONG_COUNT, OTHER_SEAT, or FORGED where the proof fails; undefined for a good one. */
export function tokenAnswerFault(answer: TokenAnswer, key: PoolKey, blinded: readonly Uint8Array[]): string | undefined {
  if (answer.points.length !== blinded.length) return 'WRONG_COUNT'
  if (answer.x > key.members.length) return 'OTHER_SEAT'
  try {
    const named = (bytes: Uint8Array) => ({ point: pointOf(bytes), bytes })
    const proven = { elements: blinded.map(named), evaluated: answer.points.map(named), proof: answer.proof }
    return proofHolds(publicShare(key.commitments, answer.x), proven) ? undefined : 'FORGED'
  } catch {
    return 'FORGED'
  }
}

/** The tokens, in order of bands, from answers that have no fault; undefined while there are not k of different seats. */
export function combineTokens(answers: readonly TokenAnswer[], key: PoolKey, { bands, blinds }: BlindedBands): Uint8Array[] | undefined {
  return functionOf(answers, key.k, { bands, blinds })?.map((output) => output.slice(0, TOKEN_BYTES))
}

/** The whole output of RFC 9497. */
export function functionOf(
  answers: readonly TokenAnswer[],
  k: number,
  { bands, blinds }: Pick<BlindedBands, 'bands' | 'blinds'>,
): Uint8Array[] | undefined {
  const bySeat = [...new Map(answers.map((answer) => [answer.x, answer])).values()].slice(0, k)
  if (bySeat.length < k) return undefined
  const atZero = interpolation(bySeat.map(({ x }) => x))
  return bands.map((band, i) => {
    const evaluated = atZero(bySeat.map(({ points }) => pointOf(points[i] as Uint8Array)))
    return oprf.finalize(band, blinds[i] as Uint8Array, evaluated.toBytes())
  })
}
