/** Receipts: made and read, and the names under which they are spoken of in public. */
import { hkdfSync } from 'node:crypto'
import { signJws, verifyJws } from '../../core/envelope/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { type ConsentReceipt, consentReceipt, RECEIPT_TYPE, sha256, sha256Hex, shaped, utf8, WireError } from '../../schemas/wire/index.ts'
import { type ConsentProblem, problem } from './policy.ts'

/**
 * The key by which one person is known to one DAO: HKDF-SHA256 of the root seed (32 bytes, the only thing to back up). Two DAOs cannot tell
 * that their subjects are one person. Throws InvalidInputError BAD_SEED.
 */
export function subjectKey(rootSeed: Uint8Array, dao: string): Signer {
  if (rootSeed.byteLength !== 32) throw new InvalidInputError('BAD_SEED', `a root seed is 32 bytes, not ${rootSeed.byteLength}`)
  return keyFromSeed(new Uint8Array(hkdfSync('sha256', rootSeed, new Uint8Array(), utf8(`quern/subject/v1\0${dao}`), 32)))
}

/** The compact JWS of a receipt. Throws InvalidInputError NOT_SUBJECT, WireError BAD_SHAPE. */
export function signReceipt(receipt: ConsentReceipt, subject: Signer): string {
  if (receipt.subject !== subject.did) throw new InvalidInputError('NOT_SUBJECT', 'a receipt is signed by its subject only')
  return signJws(RECEIPT_TYPE, shaped(consentReceipt, receipt), subject)
}

/** Reads one: the codes of `verifyJws`, BAD_SHAPE, or KID_MISMATCH where it is signed by somebody else than its subject. */
export function readReceipt(jws: string): { ok: true; receipt: ConsentReceipt } | ({ ok: false } & ConsentProblem) {
  const read = verifyJws(RECEIPT_TYPE, jws)
  if (!read.ok) return read
  try {
    const receipt = shaped(consentReceipt, read.value)
    if (receipt.subject !== read.kid)
      return { ok: false, ...problem('KID_MISMATCH', 'the receipt is signed by another key than its subject') }
    return { ok: true, receipt }
  } catch (thrown) {
    if (thrown instanceof WireError) return { ok: false, ...problem(thrown.code, thrown.message) }
    throw thrown
  }
}

/** What the public learns of a receipt: SHA-256("quern/receipt-hash/v1\0" ‖ salt32 ‖ JWS). */
export const receiptHash = (jws: string, salt: Uint8Array): Uint8Array => sha256(utf8('quern/receipt-hash/v1\0'), salt, utf8(jws))

/** What `prev` of a renewal names: SHA-256 of the JWS, in hexadecimal. */
export const receiptId = (jws: string): string => sha256Hex(utf8(jws))
