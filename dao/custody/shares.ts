/**
 * Feldman's verifiable secret sharing over ristretto255: the dealer's polynomial in the exponent lets each keyholder check its own share.
 * Whoever has the commitments knows s·G, so they go to keyholders, and to nobody in public.
 */
import { ProofError } from '../../core/errors/index.ts'
import { concatBytes, equalBytes, sha256, utf8 } from '../../schemas/wire/index.ts'
import { evaluate, Fn, Point, pointOf, randomScalar, scalarOf } from './group.ts'

export interface Dealing {
  /** Share of the member with seat i + 1. */
  shares: Uint8Array[]
  /** k points; the first is s·G. */
  commitments: Uint8Array[]
}

/** Shares `secret` (default: a fresh one) among n so that any k can use it and k − 1 know nothing. */
export function deal({ k, n, secret = randomScalar() }: { k: number; n: number; secret?: bigint }): Dealing {
  return dealPolynomial([secret, ...Array.from({ length: k - 1 }, randomScalar)], n)
}

/** The same with all coefficients given: for vectors. */
export function dealPolynomial(coefficients: bigint[], n: number): Dealing {
  const shares = Array.from({ length: n }, (_, i) => evaluate(coefficients, i + 1))
  // the odds are those of guessing the secret; another polynomial would do
  if (shares.includes(0n)) throw new ProofError('ZERO_SHARE', 'a share came out as zero; deal again')
  return { shares: shares.map((share) => Fn.toBytes(share)), commitments: coefficients.map((one) => Point.BASE.multiply(one).toBytes()) }
}

/** Share x in the exponent: what its holder's partials are proven against. */
export function publicShare(commitments: readonly Uint8Array[], x: number): Uint8Array {
  const points = commitments.map(pointOf)
  // Horner, with x small and public
  const sum = points.reduceRight((acc, point) => acc.multiplyUnsafe(BigInt(x)).add(point), Point.ZERO)
  return sum.toBytes()
}

/** Whether the share lies on the committed polynomial. Malformed ones are false. */
export function shareFits(share: Uint8Array, x: number, commitments: readonly Uint8Array[]): boolean {
  try {
    return equalBytes(Point.BASE.multiply(scalarOf(share)).toBytes(), publicShare(commitments, x))
  } catch {
    return false
  }
}

/** SHA-256("quern/dealt/v1\0" ‖ commitments): what of the dealing outlives a refresh, beside s·G. */
export const dealtHash = (commitments: readonly Uint8Array[]): Uint8Array => sha256(utf8('quern/dealt/v1\0'), ...commitments)

/**
 * SHA-256("quern/key-commit/v1\0" ‖ salt32 ‖ C0 ‖ dealt): in the manifest. All keyholders hold shares of one polynomial, or see that they do not;
 * and after a refresh, whose other commitments are new, C0 is still this one.
 */
export function keyCommit(first: Uint8Array, dealt: Uint8Array, salt: Uint8Array): Uint8Array {
  return sha256(utf8('quern/key-commit/v1\0'), salt, first, dealt)
}

/** SHA-256("quern/pool-context/v1\0" ‖ salt32 ‖ C0): what makes the chunk points of one contribution its own. */
export function poolContext(first: Uint8Array, salt: Uint8Array): Uint8Array {
  return sha256(utf8('quern/pool-context/v1\0'), concatBytes(salt, first))
}
