/** Domain separation: every signature is over `quern/<name>/v1\0` ‖ bytes, so that one kind of statement is never taken for another. */
import { concatBytes, utf8 } from '../../schemas/wire/index.ts'
import { type Signer, verifySignature } from '../identity/index.ts'
import { InvalidInputError } from '../errors/index.ts'

/** The name in `quern/<name>/v1\0`. */
export type Domain = string

function domainBytes(domain: Domain): Uint8Array {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(domain)) throw new InvalidInputError('BAD_DOMAIN', `${JSON.stringify(domain)} is no signature domain`)
  return utf8(`quern/${domain}/v1\0`)
}

/** Signature (64 bytes) of `bytes` under a domain. */
export function signDetached(domain: Domain, bytes: Uint8Array, signer: Signer): Uint8Array {
  return signer.sign(concatBytes(domainBytes(domain), bytes))
}

/** Whether `who` (did:key or 32 key bytes) signed `bytes` under this domain. Malformed signatures and keys are false. */
export function verifyDetached(domain: Domain, bytes: Uint8Array, signature: Uint8Array, who: string | Uint8Array): boolean {
  return verifySignature(who, concatBytes(domainBytes(domain), bytes), signature)
}
