/**
 * Whether a batch is what its manifest says, from its three ledger files alone. Deterministic: anyone who holds them comes to the same
 * answer, so a failure is a fraud proof of kind S1. D1: shape, counts, limits. D2: both file roots rebuild. D9: leaves name salt and peer.
 */
import {
  batchLeaf,
  type BatchIndex,
  equalBytes,
  fileFromLeaves,
  type IndexRow,
  type Leaf,
  type LeafRange,
  MAX_EVIDENCE_LEAVES,
  MAX_RECORD_LEAVES,
  MAX_ROBOTS_LEAVES,
  MAX_ROW_BYTES,
  merkleTreeHash,
  RAW,
  SKETCH_BYTES,
  toHex,
} from '../../schemas/wire/index.ts'
import type { BatchFiles } from './batch-files.ts'

export type StructureCheck = 'D1' | 'D2' | 'D9'
export type StructureResult = { ok: true } | { ok: false; check: StructureCheck; code: string; message: string }

const failed = (check: StructureCheck, code: string, message: string): StructureResult => ({ ok: false, check, code, message })
const D1 = (code: string, message: string): StructureResult => failed('D1', code, message)

/** Parsed files are shared within a process, so each is checked once for each salt and account, however many roles ask. */
const known = new WeakMap<BatchFiles, Map<string, StructureResult>>()

/** `salt` and `contributor` are those of the reveal and of the entry's author. */
export function checkBatchStructure(files: BatchFiles, salt: Uint8Array, contributor: string): StructureResult {
  const results = known.get(files) ?? new Map<string, StructureResult>()
  known.set(files, results)
  const key = `${contributor} ${toHex(salt)}`
  const result = results.get(key) ?? checkAll(files, salt, contributor)
  if (results.size < 16) results.set(key, result)
  return result
}

function checkAll({ manifest, index, sketches }: BatchFiles, salt: Uint8Array, contributor: string): StructureResult {
  const { rows } = index
  if (manifest.contributor !== contributor)
    return D1('WRONG_CONTRIBUTOR', 'the manifest names another contributor than the one who revealed it')
  if (manifest.count !== rows.length)
    return D1('WRONG_COUNT', `the manifest counts ${manifest.count} records, the index has ${rows.length}`)
  if (sketches.byteLength !== rows.length * SKETCH_BYTES)
    return D1('WRONG_SKETCHES', `${rows.length} records need ${rows.length * SKETCH_BYTES} bytes of sketches, not ${sketches.byteLength}`)
  if (manifest.from > manifest.to) return D1('WRONG_TIMES', 'the first fetch is later than the last')
  if (manifest.sequence === 0 && manifest.prev !== null) return D1('WRONG_PREV', 'a first batch names one before it')
  if (manifest.sequence > 0 && manifest.prev === null) return D1('WRONG_PREV', 'a later batch names none before it')
  return (
    checkRows(index) ??
    checkRoots({ manifest, index, sketches }) ??
    checkMerkle(manifest.merkleRoot, rows, salt, contributor) ?? { ok: true }
  )
}

/** Ranges: records tile their file in row order; every fetch starts where its leaves start and is as long as they are. */
function checkRows({ recordLeaves, evidenceLeaves, rows }: BatchIndex): StructureResult | undefined {
  if (![...recordLeaves, ...evidenceLeaves].every(([cid]) => cid.code === RAW)) return D1('LEAF_NOT_RAW', 'a leaf is not a raw block')
  const evidenceStarts = startsOf(evidenceLeaves)
  const recordStarts = startsOf(recordLeaves)
  let nextRecord = 0
  for (const [i, row] of rows.entries()) {
    if (row.record.code !== RAW) return D1('RECORD_NOT_RAW', `record ${i} is not named by the raw CID of its bytes`)
    const [first, count] = row.recordLeaves
    if (first !== nextRecord || count < 1 || count > MAX_RECORD_LEAVES || first + count > recordLeaves.length)
      return D1('RECORD_RANGE', `record ${i} does not follow the record before it`)
    nextRecord += count
    const problem = checkEvidence(i, row, evidenceLeaves.length, evidenceStarts)
    if (problem !== undefined) return problem
    const [robotsFirst, robotsCount] = row.robotsLeaves
    const bytes = between(recordStarts, first, count) + row.evidenceBytes + between(evidenceStarts, robotsFirst, robotsCount)
    if (bytes > MAX_ROW_BYTES)
      return D1('ROW_TOO_LARGE', `record ${i} and its evidence have ${bytes} bytes, at most ${MAX_ROW_BYTES} are taken`)
  }
  if (nextRecord !== recordLeaves.length) return D1('RECORD_RANGE', `${recordLeaves.length - nextRecord} record leaves belong to no record`)
  return undefined
}

function checkEvidence(i: number, row: IndexRow, leaves: number, starts: number[]): StructureResult | undefined {
  const [first, count] = row.evidenceLeaves
  const inside = ([at, length]: LeafRange, most: number): boolean => length >= 1 && length <= most && at + length <= leaves
  if (!inside([first, count], MAX_EVIDENCE_LEAVES)) return D1('EVIDENCE_RANGE', `the evidence of record ${i} is out of bounds`)
  const start = starts[first] as number
  if (row.evidenceOffset !== start || row.evidenceBytes !== (starts[first + count] as number) - start)
    return D1('EVIDENCE_RANGE', `the evidence of record ${i} does not lie where its leaves lie`)
  const [robotsFirst, robotsCount] = row.robotsLeaves
  const none = robotsFirst === 0 && robotsCount === 0
  if (!none && !inside([robotsFirst, robotsCount], MAX_ROBOTS_LEAVES))
    return D1('ROBOTS_RANGE', `the robots evidence of record ${i} is out of bounds`)
  return undefined
}

/** Byte offset of each leaf, and the length of the file behind the last. */
function startsOf(leaves: Leaf[]): number[] {
  const starts = [0]
  for (const [, size] of leaves) starts.push((starts.at(-1) as number) + size)
  return starts
}

const between = (starts: number[], first: number, count: number): number => (starts[first + count] as number) - (starts[first] as number)

function checkRoots({ manifest, index }: BatchFiles): StructureResult | undefined {
  if (!fileFromLeaves(index.recordLeaves).root.equals(manifest.records))
    return failed('D2', 'RECORDS_ROOT', "the records' root is not that of the leaves in the index")
  if (!fileFromLeaves(index.evidenceLeaves).root.equals(manifest.evidence))
    return failed('D2', 'EVIDENCE_ROOT', "the evidence's root is not that of the leaves in the index")
  return undefined
}

function checkMerkle(root: Uint8Array, rows: IndexRow[], salt: Uint8Array, contributor: string): StructureResult | undefined {
  const rebuilt = merkleTreeHash(rows.map((row, i) => batchLeaf(salt, contributor, i, row)))
  return equalBytes(rebuilt, root)
    ? undefined
    : failed('D9', 'MERKLE_ROOT', 'the Merkle root does not commit to these records under this salt and peer')
}
