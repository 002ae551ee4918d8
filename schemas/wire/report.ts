/** What a validator found in its draws, and the proof of a failed deterministic check. */
import { z } from 'zod'
import { did, peerMultihash } from './account.ts'
import { LEAF_BYTES, MAX_EVIDENCE_LEAVES, MAX_RECORD_LEAVES, MAX_ROBOTS_LEAVES } from './batch.ts'
import { bytesUpTo, cid, type CID, sha256, uint, utf8 } from './bytes.ts'
import { CHECKS } from './entry.ts'

export const MAX_REPORT_BYTES = 4 << 20

export const drawResult = z.strictObject({
  manifest: cid,
  row: uint,
  /** null: left out of every tally, because nobody may ask for the page any more or its host's pace left no time to. */
  pass: z.boolean().nullable(),
  /** The failing check, null where none failed. */
  check: z.enum(CHECKS).nullable(),
  /** Raw CID of the validator's own re-fetch (WARC bytes), where it kept one. */
  evidence: cid.nullable(),
})
export type DrawResult = z.infer<typeof drawResult>

/** Contributions of one account to the pool that an epoch counts: one, and what is left over of earlier ones. */
export const MOST_ATTESTED = 16

/** `results` are in draw order; the fold recomputes the draw and refuses a report about other records. */
export const report = z.strictObject({
  v: z.literal(1),
  epoch: uint,
  validator: did,
  contributions: z
    .array(
      z.strictObject({
        contributor: did,
        results: z.array(drawResult).max(1024),
        /** Manifests of its contributions to the pool whose mail was opened, holds, and is of the account that the index names. Left out for none. */
        attested: z.array(cid).min(1).max(MOST_ATTESTED).optional(),
      }),
    )
    .max(65_536),
})
export type Report = z.infer<typeof report>

/** SHA-256(domain ‖ report CID ‖ salt32 ‖ peer-id multihash of the validator). */
export function reportHash(reportCid: CID, salt: Uint8Array, validator: string): Uint8Array {
  return sha256(utf8('quern/report/v1\0'), reportCid.bytes, salt, peerMultihash(validator))
}

/** The blocks a stranger needs to replay one failing check; the manifest and the index it is held against are ledger files already. */
export const fraudProof = z.strictObject({
  v: z.literal(1),
  check: z.enum(CHECKS),
  manifest: cid,
  row: uint,
  recordBlocks: z.array(bytesUpTo(LEAF_BYTES)).max(MAX_RECORD_LEAVES),
  evidenceBlocks: z.array(bytesUpTo(LEAF_BYTES)).max(MAX_EVIDENCE_LEAVES),
  robotsBlocks: z.array(bytesUpTo(LEAF_BYTES)).max(MAX_ROBOTS_LEAVES),
})
export type FraudProof = z.infer<typeof fraudProof>
export const MAX_FRAUD_PROOF_BYTES = 16 << 20
