/** A batch: what its manifest and index say, and the commitments over them. DESIGN section 3 in bytes; PROTOCOL.md has the prose. */
import { z } from 'zod'
import { did, peerMultihash } from './account.ts'
import { bytesOf, cid, type CID, encode, ppm, sha256, uint, utf8 } from './bytes.ts'
import { pipelineId, schemaId } from './signed.ts'

export const MAX_BATCH_RECORDS = 4096
export const MAX_RECORD_BYTES = 1 << 20
/** A leaf never exceeds this; a longer group is cut into several. */
export const LEAF_BYTES = 1 << 20
export const DAG_WIDTH = 1024
/** Most leaves of one record, one fetch, one robots capture: what a validator must fetch for one draw, and what a fraud proof can carry. */
export const MAX_RECORD_LEAVES = 2
export const MAX_EVIDENCE_LEAVES = 12
export const MAX_ROBOTS_LEAVES = 2
/** Of all leaves of one row together: below MAX_FRAUD_PROOF_BYTES, so that no row is too large to be proven false. */
export const MAX_ROW_BYTES = 15 << 20
/** Bytes of one row of sketches.bin: 128 lanes of u32, big-endian. */
export const SKETCH_BYTES = 512
export const MAX_MANIFEST_BYTES = 4096
export const MAX_INDEX_BYTES = 4 << 20

/** `[first, count]` into a list of leaves. */
const range = z.tuple([uint, uint])
/** `[leaf CID, size in bytes]`. */
const leaf = z.tuple([cid, z.int().min(1).max(LEAF_BYTES)])

export const indexRow = z.strictObject({
  /** Raw CID of the canonical JSON bytes: the record's identity. */
  record: cid,
  recordLeaves: range,
  /** Where the fetch's group lies in evidence.warc.gz, in bytes. */
  evidenceOffset: uint,
  evidenceBytes: uint,
  evidenceLeaves: range,
  /** The robots.txt capture that allowed the fetch; `[0, 0]` for a record with no robots evidence. */
  robotsLeaves: range,
  /** Uncompressed bytes of the record. */
  bytes: z.int().min(1).max(MAX_RECORD_BYTES),
  tokens: uint,
  quality: ppm,
  /** BCP 47 primary subtag, or `und`. */
  language: z.string().regex(/^[a-z]{2,3}$/),
  host: z.string().min(1).max(253),
  contentDigest: bytesOf(32),
})
export type IndexRow = z.infer<typeof indexRow>

/** All leaves in file order, so that anyone rebuilds both roots from this file alone. */
export const batchIndex = z.strictObject({
  v: z.literal(1),
  recordLeaves: z.array(leaf).max(MAX_BATCH_RECORDS * 2),
  evidenceLeaves: z.array(leaf).max(MAX_BATCH_RECORDS * 8),
  rows: z.array(indexRow).min(1).max(MAX_BATCH_RECORDS),
})
export type BatchIndex = z.infer<typeof batchIndex>

export const batchManifest = z.strictObject({
  v: z.literal(1),
  /** Ledger id of the DAO. */
  dao: z.string().min(1).max(128),
  contributor: did,
  schema: schemaId,
  pipeline: pipelineId,
  count: z.int().min(1).max(MAX_BATCH_RECORDS),
  /** UnixFS roots of the two files. */
  records: cid,
  evidence: cid,
  /** UnixFS file (named profile) of the DAG-CBOR index, and of sketches.bin. */
  index: cid,
  sketches: cid,
  merkleRoot: bytesOf(32),
  /** Counts a contributor's batches from 0; `prev` is the manifest before. */
  sequence: uint,
  prev: cid.nullable(),
  /** First and last fetch, Unix seconds. */
  from: uint,
  to: uint,
})
export type BatchManifest = z.infer<typeof batchManifest>

/** Commitment that goes into the log before anyone can see the batch: SHA-256(domain ‖ manifest CID ‖ salt32 ‖ peer-id multihash). */
export function commitHash(manifest: CID, salt: Uint8Array, contributor: string): Uint8Array {
  return sha256(utf8('quern/commit/v1\0'), manifest.bytes, salt, peerMultihash(contributor))
}

/** Leaf i of the batch's RFC 6962 tree, before leaf hashing: it names salt and peer, so no one can lift another's leaf. */
export function batchLeaf(salt: Uint8Array, contributor: string, i: number, row: Pick<IndexRow, 'record' | 'contentDigest'>): Uint8Array {
  return encode([salt, peerMultihash(contributor), i, row.record, row.contentDigest])
}
