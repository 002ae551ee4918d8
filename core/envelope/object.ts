/** Small signed objects (receipts, validator statements): field `s` signs the DAG-CBOR of everything else. */
import { decode, encode, shaped } from '../../schemas/wire/index.ts'
import type { z } from 'zod'
import type { Signer } from '../identity/index.ts'
import { type Domain, signDetached, verifyDetached } from './domain.ts'
import { type Refusal, refusal, refusalOf } from './verdict.ts'

const MAX_OBJECT_BYTES = 64_000

/** `object` with `s`, its signature under the domain. */
export function signObject<T extends object>(domain: Domain, object: T, signer: Signer): T & { s: Uint8Array } {
  return { ...object, s: signDetached(domain, encode(object), signer) }
}

/**
 * Reads a signed object from bytes: size, strict decode, shape, then the signature of the did:key in `didField`.
 * Who that is remains the caller's question: compare the field with whom you expect.
 */
export function verifyObject<S extends z.ZodType<{ s: Uint8Array }>>(
  shape: S,
  bytes: Uint8Array,
  domain: Domain,
  didField: string & keyof z.infer<S>,
  maxBytes: number = MAX_OBJECT_BYTES,
): { ok: true; value: z.infer<S> } | Refusal {
  try {
    return verifyShaped(shaped(shape, decode(bytes, maxBytes)), domain, didField)
  } catch (thrown) {
    return refusalOf(thrown)
  }
}

/** The same for an object that came inside another one and has its shape already. */
export function verifyShaped<T extends { s: Uint8Array }>(
  value: T,
  domain: Domain,
  didField: string & keyof T,
): { ok: true; value: T } | Refusal {
  const { s, ...unsigned } = value
  const did = value[didField]
  if (typeof did !== 'string') return refusal('BAD_SHAPE', `${didField} is no account`)
  if (!verifyDetached(domain, encode(unsigned), s, did)) return refusal('BAD_SIGNATURE', `the signature is not ${did}'s`)
  return { ok: true, value }
}
