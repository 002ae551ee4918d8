/** A failed deterministic check as an object that convinces a stranger: the row's leaves; everything else is in the ledger already. */
import { QuernError } from '../../core/errors/index.ts'
import { type Check, type CID, encode, fraudProof as shape, MAX_FRAUD_PROOF_BYTES, parse, WireError } from '../../schemas/wire/index.ts'
import { areRowBlocks, type BatchFiles, checkBatchStructure, parseBatchFiles, parseManifest, type RowBlocks } from '../batches/index.ts'
import { checkRow } from './check-row.ts'
import type { RowFacts } from './types.ts'

/** The DAG-CBOR bytes of a proof; its CID goes into the `fraud.proof` entry, the bytes travel along. */
export function makeFraudProof({
  check,
  manifest,
  row,
  blocks,
}: {
  check: Check
  manifest: CID
  row: number
  blocks: RowBlocks
}): Uint8Array {
  const { recordBlocks, evidenceBlocks, robotsBlocks } = blocks
  return encode({ v: 1, check, manifest, row, recordBlocks, evidenceBlocks, robotsBlocks })
}

export type FraudVerdict =
  | { valid: true; check: Check; code: string; row: number; reason: string }
  /** `code` says what is wrong with the proof: HONEST where the check passes when replayed. */
  | { valid: false; code: string; reason: string }

/** The ledger's files. */
export interface FileReader {
  read(cid: CID): Uint8Array | undefined
}

export interface ProofFacts extends RowFacts {
  manifestCid: CID
}

const no = (code: string, reason: string): FraudVerdict => ({ valid: false, code, reason })

/**
 * Replays a proof. Valid iff the batch fails as a whole (D1, D2, D9 need no blocks), or the blocks are the very leaves that the index names and
 * the named check is the first that fails on them. Manifest, index and sketches must be among `files`.
 */
export function verifyFraudProof(bytes: Uint8Array, files: FileReader, facts: ProofFacts): FraudVerdict {
  let proof: ReturnType<typeof parse<typeof shape>>
  try {
    proof = parse(shape, bytes, MAX_FRAUD_PROOF_BYTES)
  } catch (thrown) {
    if (thrown instanceof WireError) return no(thrown.code, `the proof: ${thrown.message}`)
    throw thrown
  }
  const { check, row } = proof
  if (!proof.manifest.equals(facts.manifestCid)) return no('OTHER_BATCH', 'the proof is about another batch')
  const opened = openFiles(files, facts.manifestCid)
  if (opened === undefined) return no('FILE_MISSING', 'manifest, index or sketches are not here')
  const whole = wholeBatch(opened, facts)
  if (whole)
    return whole.check === check ? { valid: true, row, ...whole } : no('OTHER_CHECK', `the batch fails ${whole.check}, not ${check}`)
  const batch = opened as BatchFiles
  if (row >= batch.index.rows.length) return no('NO_SUCH_ROW', `the batch has ${batch.index.rows.length} rows`)
  if (!areRowBlocks(batch.index, row, proof)) return no('NOT_THE_LEAVES', 'the blocks are not the leaves that the index names')
  const verdict = checkRow({ files: batch, row, blocks: proof, facts })
  if (verdict.ok) return no('HONEST', `row ${row} passes every check when replayed`)
  if (verdict.check !== check) return no('OTHER_CHECK', `row ${row} fails ${verdict.check}, not ${check}`)
  return { valid: true, check, row, code: verdict.code, reason: verdict.message }
}

function openFiles(files: FileReader, manifest: CID): BatchFiles | QuernError | undefined {
  const bytes = files.read(manifest)
  if (bytes === undefined) return undefined
  try {
    const { index, sketches } = parseManifest(bytes)
    const [indexBytes, sketchesBytes] = [files.read(index), files.read(sketches)]
    return indexBytes && sketchesBytes ? parseBatchFiles(bytes, indexBytes, sketchesBytes) : undefined
  } catch (thrown) {
    // bytes that are not those the manifest names say nothing about the contributor
    if (thrown instanceof QuernError) return thrown.code.endsWith('_MISMATCH') ? undefined : thrown
    throw thrown
  }
}

function wholeBatch(files: BatchFiles | QuernError, facts: RowFacts): { check: Check; code: string; reason: string } | undefined {
  if (files instanceof QuernError) return { check: 'D1', code: files.code, reason: files.message }
  const structure = checkBatchStructure(files, facts.salt, facts.contributor)
  return structure.ok ? undefined : { check: structure.check, code: structure.code, reason: structure.message }
}
