/** How each wire object of the vectors is read, by name, and how its meaning is written as JSON. */
import { CID } from 'multiformats/cid'
import type { z } from 'zod'
import { verifyEntry, verifyObject } from '../../core/envelope/index.ts'
import {
  batchIndex,
  batchManifest,
  batchReceipt,
  charter,
  fraudProof,
  MAX_CHARTER_BYTES,
  MAX_FRAUD_PROOF_BYTES,
  MAX_INDEX_BYTES,
  MAX_MANIFEST_BYTES,
  MAX_REPORT_BYTES,
  parse,
  report,
  submitReceipt,
  toHex,
  validatorStatement,
  WireError,
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
