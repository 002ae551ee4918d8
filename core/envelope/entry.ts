/** Ledger entries: signed for one ledger, read strictly. `verifyEntry` is pure; what it remembers only saves time. */
import type { z } from 'zod'
import {
  concatBytes,
  decode,
  encode,
  ENTRY_DOMAIN,
  type Entry,
  entryShape,
  type EntryType,
  MAX_ENTRY_BYTES,
  type Payload,
  sha256Hex,
  shaped,
  utf8,
  WireError,
} from '../../schemas/wire/index.ts'
import { Lru } from '../../schemas/cache/index.ts'
import { InvalidInputError } from '../errors/index.ts'
import { type Signer, verifySignature } from '../identity/index.ts'
import { type Refusal, refusal, refusalOf } from './verdict.ts'

/** What an author writes. `a`, where given, must be the signer. */
export type EntryDraft = { [T in EntryType]: { t: T; p: Payload<T>; n: number; a?: string } }[EntryType]
export type EntryVerdict = { ok: true; entry: Entry } | Refusal

/** Every node of a simulated network looks at the same entries: verified once per process. Only good ones, so nobody can flush it with garbage. */
const verified = new Lru<string, EntryVerdict & { ok: true }>(16_384)
/**
 * The same array is asked about again and again (what an entry needs, whether it holds, what it changes), and hashing it costs more than the answer.
 * Only the last ones, since whoever catches up with a long log holds all of its arrays. Nobody writes into an entry.
 */
const verifiedArrays = new Lru<Uint8Array, { ledgerId: string; verdict: EntryVerdict & { ok: true } }>(512)
/** Larger ones are not kept: anybody can sign for an account of its own, and a crowd of the largest would fill a gigabyte. */
const MAX_KEPT_BYTES = 4096

/**
 * The bytes of a signed entry for `ledgerId`.
 * Throws InvalidInputError NOT_AUTHOR when `a` is somebody else, and BAD_ENTRY for a payload that readers would refuse.
 */
export function signEntry(draft: EntryDraft, ledgerId: string, signer: Signer): Uint8Array {
  if (draft.a !== undefined && draft.a !== signer.did)
    throw new InvalidInputError('NOT_AUTHOR', 'an entry is signed by its author only', { detail: { author: draft.a, signer: signer.did } })
  const unsigned = { v: 1, t: draft.t, p: draft.p, a: signer.did, n: draft.n }
  try {
    const s = signer.sign(signedBytes(unsigned, ledgerId))
    const bytes = encode({ ...unsigned, s })
    if (bytes.byteLength > MAX_ENTRY_BYTES) throw tooLarge(bytes.byteLength)
    shaped(shapeOf(draft.t), decode(bytes, MAX_ENTRY_BYTES))
    return bytes
  } catch (thrown) {
    const { code, message } = refusalOf(thrown)
    throw new InvalidInputError('BAD_ENTRY', `${draft.t}: ${message}`, { cause: thrown, detail: { code } })
  }
}

/** Size, strict decode, known type, shape, signature: in this order, and nothing that needs a ledger's state. The entry given is frozen. */
export function verifyEntry(bytes: Uint8Array, ledgerId: string): EntryVerdict {
  if (bytes.byteLength > MAX_ENTRY_BYTES) return refusalOf(tooLarge(bytes.byteLength))
  const seen = verifiedArrays.get(bytes)
  if (seen !== undefined && seen.ledgerId === ledgerId) return seen.verdict
  const verdict = verifyOnce(bytes, ledgerId)
  if (verdict.ok && bytes.byteLength <= MAX_KEPT_BYTES) verifiedArrays.set(bytes, { ledgerId, verdict })
  return verdict
}

function verifyOnce(bytes: Uint8Array, ledgerId: string): EntryVerdict {
  const key = sha256Hex(utf8(ledgerId), Uint8Array.of(0), bytes)
  const known = verified.get(key)
  if (known !== undefined) return known
  const verdict = examineEntry(bytes, ledgerId)
  if (verdict.ok && bytes.byteLength <= MAX_KEPT_BYTES) verified.set(key, verdict)
  return verdict
}

/** The same verdict, remembering nothing: for one pass over a long log, where keeping every entry costs a tenth of the replay. */
export function examineEntry(bytes: Uint8Array, ledgerId: string): EntryVerdict {
  if (bytes.byteLength > MAX_ENTRY_BYTES) return refusalOf(tooLarge(bytes.byteLength))
  let entry: Entry
  try {
    const value = decode(bytes, MAX_ENTRY_BYTES)
    const t = (value as { t?: unknown } | null)?.t
    entry = shaped(shapeOf(typeof t === 'string' ? t : ''), value) as Entry
  } catch (thrown) {
    return refusalOf(thrown)
  }
  if (!verifySignature(entry.a, signedPart(bytes, entry.t, ledgerId), entry.s))
    return refusal('BAD_SIGNATURE', `not signed by ${entry.a} for the ledger ${ledgerId}`)
  return { ok: true, entry: deepFreeze(entry) }
}

function shapeOf(t: string): z.ZodType {
  const shape = entryShape(t)
  if (shape === undefined) throw new WireError('UNKNOWN_TYPE', `no entry type ${JSON.stringify(t.slice(0, 64))} is known`)
  return shape
}

const signedBytes = (unsigned: object, ledgerId: string): Uint8Array =>
  concatBytes(utf8(ENTRY_DOMAIN), utf8(ledgerId), Uint8Array.of(0), encode(unsigned))

/** Map of five pairs, and the pair `s: bytes(64)`, as DAG-CBOR spells them. */
const MAP_OF_5 = 0xa5
const S_PAIR_BYTES = 2 + 2 + 64

/**
 * The same bytes as `signedBytes`, cut out of a canonical entry instead of encoded again: keys stand in the order a n p s t v, so the pair `s`
 * lies before `t: <type>` and `v: 1`. A third of the cost of reading an entry beside its signature.
 */
function signedPart(entry: Uint8Array, t: string, ledgerId: string): Uint8Array {
  const tail = 2 + (t.length < 24 ? 1 : 2) + t.length + 3
  const s = entry.byteLength - tail - S_PAIR_BYTES
  const [head, rest] = [entry.subarray(1, s), entry.subarray(s + S_PAIR_BYTES)]
  return concatBytes(utf8(ENTRY_DOMAIN), utf8(ledgerId), Uint8Array.of(0, MAP_OF_5), head, rest)
}

const tooLarge = (size: number): WireError => new WireError('TOO_LARGE', `an entry has at most ${MAX_ENTRY_BYTES} bytes, not ${size}`)

/** Freezes plain objects and lists all the way down: what is shared nobody may change. (Byte arrays and CIDs cannot be frozen; nobody writes into those.) */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || !(Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype))
    return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
