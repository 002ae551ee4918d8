/** Uniform whole numbers from bytes, without a float: every draw of this room begins here. */
import { InvalidInputError } from '../../core/errors/index.ts'

/** Where the bytes come from: the platform's secure randomness in earnest, a counter hashed in tests. `Random` of `core/effects` is one. */
export interface ByteSource {
  bytes(length: number): Uint8Array
}

/** A uniform integer in [0, bound). Throws InvalidInputError BAD_BOUND. */
export function uniformBelow(bound: bigint, source: ByteSource): bigint {
  if (bound < 1n) throw new InvalidInputError('BAD_BOUND', 'a bound is at least 1')
  const bits = (bound - 1n).toString(2).length
  const length = Math.ceil(bits / 8)
  const mask = (1n << BigInt(bits)) - 1n
  for (;;) {
    let word = 0n
    for (const byte of source.bytes(length)) word = (word << 8n) | BigInt(byte)
    // rejected, not reduced: a remainder would favour small numbers. Less than one in two is
    if ((word & mask) < bound) return word & mask
  }
}
