/** How each wire object of the vectors is read, by name, and how its meaning is written as JSON. */
import { CID } from 'multiformats/cid'
import type { z } from 'zod'
import { verifyEntry, verifyObject } from '../../core/envelope/index.ts'
import {
  batchIndex,
  batchManifest,
  batchReceipt,
  accessHead,
  accessLine,
  accessRequest,
  charter,
  consentPolicy,
  deposit,
  depositAck,
  depositKey,
  fraudProof,
  keyAnswer,
  keyRequest,
  MAX_CHARTER_BYTES,
  MAX_DEPOSIT_BYTES,
  MAX_FRAUD_PROOF_BYTES,
  MAX_INDEX_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_ORDER_BYTES,
  MAX_POLICY_BYTES,
  MAX_POOL_INDEX_BYTES,
  MAX_POOL_KEY_BYTES,
  MAX_POOL_KEY_PART_BYTES,
  MAX_POOL_MANIFEST_BYTES,
  MAX_POOL_RELEASE_BYTES,
  MAX_REPORT_BYTES,
  MAX_WITHDRAWAL_BYTES,
  ownerAnswer,
  parse,
  poolIndex,
  poolKey,
  poolKeyAck,
  poolKeyPart,
  poolManifest,
  poolRelease,
  releaseOrder,
  report,
  reshareOrder,
  renewal,
  reshareReady,
  shredAck,
  subShare,
  submitReceipt,
  toHex,
  tokenAnswer,
  tokenRequest,
  validatorStatement,
  WireError,
  withdrawal,
} from '../../schemas/wire/index.ts'

type Reader = (bytes: Uint8Array, ledger: string) => unknown

const signed =
  <S extends z.ZodType<{ s: Uint8Array }>>(shape: S, domain: string, field: string & keyof z.infer<S>, maxBytes: number): Reader =>
  (bytes) => {
    const verdict = verifyObject(shape, bytes, domain, field, maxBytes)
    if (!verdict.ok) throw new WireError(verdict.code, verdict.message)
    return verdict.value
  }

export const readers: Record<string, Reader> = {
  manifest: (bytes) => parse(batchManifest, bytes, MAX_MANIFEST_BYTES),
  index: (bytes) => parse(batchIndex, bytes, MAX_INDEX_BYTES),
  report: (bytes) => parse(report, bytes, MAX_REPORT_BYTES),
  'fraud-proof': (bytes) => parse(fraudProof, bytes, MAX_FRAUD_PROOF_BYTES),
  charter: (bytes) => parse(charter, bytes, MAX_CHARTER_BYTES),
  'submit-receipt': signed(submitReceipt, 'submit-receipt', 'by', 1024),
  'batch-receipt': signed(batchReceipt, 'batch-receipt', 'by', 8192),
  'validator-statement': signed(validatorStatement, 'validator', 'validator', 8192),
  'consent-policy': signed(consentPolicy, 'consent-policy', 'by', MAX_POLICY_BYTES),
  withdrawal: signed(withdrawal, 'withdrawal', 'subject', MAX_WITHDRAWAL_BYTES),
  'pool-manifest': (bytes) => parse(poolManifest, bytes, MAX_POOL_MANIFEST_BYTES),
  'pool-index': (bytes) => parse(poolIndex, bytes, MAX_POOL_INDEX_BYTES),
  'pool-key': signed(poolKey, 'pool-key', 'by', MAX_POOL_KEY_BYTES),
  'pool-key-part': signed(poolKeyPart, 'pool-key-part', 'by', MAX_POOL_KEY_PART_BYTES),
  'pool-key-ack': signed(poolKeyAck, 'pool-key-ack', 'by', 1024),
  'token-request': signed(tokenRequest, 'token-request', 'by', 2048),
  'token-answer': (bytes) => parse(tokenAnswer, bytes, 2048),
  'deposit-key': signed(depositKey, 'deposit-key', 'by', 4096),
  deposit: (bytes) => parse(deposit, bytes, MAX_DEPOSIT_BYTES),
  'deposit-ack': signed(depositAck, 'deposit-ack', 'by', 1024),
  'key-request': signed(keyRequest, 'key-request', 'by', 4096),
  renewal: (bytes) => parse(renewal, bytes, MAX_DEPOSIT_BYTES),
  'key-answer': (bytes) => parse(keyAnswer, bytes, 8192),
  'pool-release': signed(poolRelease, 'pool-release', 'by', MAX_POOL_RELEASE_BYTES),
  'release-order': signed(releaseOrder, 'release-order', 'by', MAX_ORDER_BYTES),
  'shred-ack': signed(shredAck, 'shred-ack', 'by', 1024),
  'access-line': (bytes) => parse(accessLine, bytes, 2048),
  'access-request': signed(accessRequest, 'access-request', 'by', 1024),
  'access-head': signed(accessHead, 'access-head', 'by', 1024),
  'reshare-order': signed(reshareOrder, 'reshare-order', 'by', 8192),
  'reshare-ready': signed(reshareReady, 'reshare-ready', 'by', 1024),
  'owner-answer': (bytes) => parse(ownerAnswer, bytes, 4096),
  'sub-share': (bytes) => parse(subShare, bytes, MAX_DEPOSIT_BYTES),
  entry: (bytes, ledger) => {
    const verdict = verifyEntry(bytes, ledger)
    if (!verdict.ok) throw new WireError(verdict.code, verdict.message)
    return verdict.entry
  },
}

/** DAG-JSON without its sorting: bytes are `{"/":{"hex":…}}`, CIDs `{"/":"bafy…"}`. */
export function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { '/': { hex: toHex(value) } }
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  const link = CID.asCID(value)
  if (link !== null) return { '/': link.toString() }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]))
}

export function codeOfReading(shape: string, bytes: Uint8Array, ledger: string): string {
  try {
    readers[shape]?.(bytes, ledger)
    return 'none'
  } catch (thrown) {
    return thrown instanceof WireError ? thrown.code : String(thrown)
  }
}
