/** The three ledger files of a batch, from bytes that a stranger sent. */
import {
  batchIndex,
  type BatchIndex,
  batchManifest,
  type BatchManifest,
  type CID,
  cborCid,
  fileCid,
  MAX_BATCH_RECORDS,
  MAX_INDEX_BYTES,
  MAX_MANIFEST_BYTES,
  parse,
  sha256Hex,
  SKETCH_BYTES,
  WireError,
} from '../../schemas/wire/index.ts'
import { Lru } from '../../schemas/cache/index.ts'
import { RejectedMessageError } from '../../core/errors/index.ts'

/** Parsed ledger files of a batch. */
export interface BatchFiles {
  manifest: BatchManifest
  index: BatchIndex
  sketches: Uint8Array
}

const MAX_SKETCHES_BYTES = MAX_BATCH_RECORDS * SKETCH_BYTES

/**
 * What was parsed once in this process, by manifest CID: the CIDs in a manifest fix the bytes of the other two files.
 * Few large batches and many small ones, so that neither kind can fill the memory: some 60 MB at most.
 */
const SMALL_ROWS = 256
const small = new Lru<string, BatchFiles>(256)
const large = new Lru<string, BatchFiles>(8)

/** Manifests read in this process, by their bytes: a few hundred bytes each, looked at before and after the files that they name are here. */
const manifests = new Lru<string, BatchManifest>(512)

/** Throws RejectedMessageError with the wire's code (TOO_LARGE, NOT_CBOR, NOT_CANONICAL, FLOAT, BAD_SHAPE…). */
export function parseManifest(bytes: Uint8Array): BatchManifest {
  const read = (): BatchManifest => asRejection('manifest', () => parse(batchManifest, bytes, MAX_MANIFEST_BYTES))
  return bytes.byteLength > MAX_MANIFEST_BYTES ? read() : manifests.recall(sha256Hex(bytes), read)
}

/**
 * The files of one batch, when index and sketches are those that the manifest names.
 * Throws RejectedMessageError: the wire's codes for bytes out of shape (a D1 of the contributor's), INDEX_MISMATCH or SKETCHES_MISMATCH
 * for other bytes than the manifest's CIDs name (whoever sent them is wrong, not the contributor).
 */
export function parseBatchFiles(manifestBytes: Uint8Array, indexBytes: Uint8Array, sketches: Uint8Array): BatchFiles {
  const key = cborCid(manifestBytes).toString()
  const known = small.get(key) ?? large.get(key)
  const manifest = known?.manifest ?? parseManifest(manifestBytes)
  mustBe('INDEX_MISMATCH', 'index', indexBytes, manifest.index, MAX_INDEX_BYTES)
  mustBe('SKETCHES_MISMATCH', 'sketches', sketches, manifest.sketches, MAX_SKETCHES_BYTES)
  if (known !== undefined) return known
  const files: BatchFiles = { manifest, index: asRejection('index', () => parse(batchIndex, indexBytes, MAX_INDEX_BYTES)), sketches }
  const cache = files.index.rows.length <= SMALL_ROWS ? small : large
  cache.set(key, files)
  return files
}

/** The files that a manifest names, in the order records, evidence, index, sketches. */
export function batchRoots(manifest: BatchManifest): [records: CID, evidence: CID, index: CID, sketches: CID] {
  return [manifest.records, manifest.evidence, manifest.index, manifest.sketches]
}

function mustBe(code: string, what: string, bytes: Uint8Array, cid: CID, maxBytes: number): void {
  if (bytes.byteLength > maxBytes)
    throw new RejectedMessageError('TOO_LARGE', `${what}: ${bytes.byteLength} bytes, at most ${maxBytes} are taken`)
  if (!fileCid(bytes).equals(cid)) throw new RejectedMessageError(code, `the ${what} given is not the file that the manifest names`)
}

function asRejection<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof WireError) throw new RejectedMessageError(cause.code, `${what}: ${cause.message}`, { cause })
    throw cause
  }
}
