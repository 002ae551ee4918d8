/**
 * Compact JWS (RFC 7515) with Ed25519 (RFC 8037), in the one spelling that is written here: fixed header, canonical payload, no malleable base64.
 * Any JOSE tool verifies it; nothing else that a JOSE tool would take is read, so that one consent has one hash.
 */
import { canonicalJson, did, MAX_RECEIPT_BYTES, utf8, WireError } from '../../schemas/wire/index.ts'
import { type Signer, verifySignature } from '../identity/index.ts'
import { type Refusal, refusal } from './verdict.ts'

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')
/** No other domain's preimage begins like this: they all begin with `quern/`, a JWS with the base64 of `{"`. */
const headOf = (type: string, kid: string): string => base64url(canonicalJson({ alg: 'EdDSA', kid, typ: type }))

/** The compact JWS of a value, signed by the signer's did:key. */
export function signJws(type: string, value: object, signer: Signer): string {
  const input = `${headOf(type, signer.did)}.${base64url(canonicalJson(value))}`
  return `${input}.${base64url(signer.sign(utf8(input)))}`
}

export type JwsVerdict = { ok: true; kid: string; value: unknown } | Refusal

/** Reads one: TOO_LARGE, BAD_JWS (not three parts, not this header), NOT_CANONICAL (another spelling of the same), BAD_SIGNATURE. */
export function verifyJws(type: string, text: string): JwsVerdict {
  if (text.length > MAX_RECEIPT_BYTES) return refusal('TOO_LARGE', `${text.length} characters, at most ${MAX_RECEIPT_BYTES} are taken`)
  const [head = '', payload = '', signature = '', ...more] = text.split('.')
  if (more.length > 0 || signature === '') return refusal('BAD_JWS', 'a compact JWS has three parts')
  const kid = did.safeParse((readJson(head) as { kid?: unknown } | undefined)?.kid)
  if (!kid.success || head !== headOf(type, kid.data))
    return refusal('BAD_JWS', `the header must be {"alg":"EdDSA","kid":did:key,"typ":"${type}"}`)
  const value = readJson(payload)
  if (value === undefined) return refusal('BAD_JWS', 'the payload is not JSON')
  try {
    if (base64url(canonicalJson(value)) !== payload) return refusal('NOT_CANONICAL', 'the payload is not canonical JSON')
  } catch (thrown) {
    if (thrown instanceof WireError) return refusal('NOT_CANONICAL', thrown.message)
    throw thrown
  }
  const bytes = Buffer.from(signature, 'base64url')
  if (base64url(bytes) !== signature) return refusal('NOT_CANONICAL', 'the signature is not canonical base64url')
  if (!verifySignature(kid.data, utf8(`${head}.${payload}`), bytes)) return refusal('BAD_SIGNATURE', `the signature is not ${kid.data}'s`)
  return { ok: true, kid: kid.data, value }
}

function readJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
