/** One record of a batch, fetched and verified alone: what a validator does for every draw. */
import { readMember } from '../../schemas/evidence/index.ts'
import {
  type BatchIndex,
  concatBytes,
  type IndexRow,
  type Leaf,
  type LeafRange,
  MAX_RECORD_BYTES,
  matchesCid,
  WireError,
} from '../../schemas/wire/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { BatchFiles } from './batch-files.ts'
import { type AskBlocks, fetchBlocks, type Wanted } from './fetch-dag.ts'

/** The leaves of one row, in file order. A fraud proof carries exactly these. */
export interface RowBlocks {
  recordBlocks: Uint8Array[]
  /** Concatenated: the gzip members of the fetch. */
  evidenceBlocks: Uint8Array[]
  /** Empty for a record with no robots evidence. */
  robotsBlocks: Uint8Array[]
}

export type OpenedRecord = { ok: true; record: Uint8Array } | { ok: false; check: 'D1' | 'D2'; code: string; message: string }
export interface ReadRow extends RowBlocks {
  row: IndexRow
  /** Opened when it is asked for. */
  readonly opened: OpenedRecord
}

/** Which leaves a row consists of. Throws InvalidInputError NO_SUCH_ROW. */
export function rowLeaves(index: BatchIndex, row: number): { record: Leaf[]; evidence: Leaf[]; robots: Leaf[] } {
  const entry = rowOf(index, row)
  const cut = (leaves: Leaf[], [first, count]: LeafRange): Leaf[] => leaves.slice(first, first + count)
  return {
    record: cut(index.recordLeaves, entry.recordLeaves),
    evidence: cut(index.evidenceLeaves, entry.evidenceLeaves),
    robots: cut(index.evidenceLeaves, entry.robotsLeaves),
  }
}

/** The same as `fetchBlocks` takes it: in file order, each with the size that the index promises. */
export function wantedOfRow(index: BatchIndex, row: number): Wanted[] {
  const { record, evidence, robots } = rowLeaves(index, row)
  return [...record, ...evidence, ...robots].map(([cid, size]) => ({ cid, most: size }))
}

/**
 * Fetches a row's leaves and opens the record. That a peer does not give a block, or gives another one, is about the peer and throws
 * (RetryableError BLOCK_UNAVAILABLE, RejectedMessageError CID_MISMATCH, TOO_LARGE, BAD_REPLY); that the right leaves hold another record
 * than the index says is about the contributor and is in `opened`.
 */
export async function readRow(ask: AskBlocks, files: BatchFiles, row: number, signal: AbortSignal): Promise<ReadRow> {
  const { record, evidence } = rowLeaves(files.index, row)
  const blocks = (await fetchBlocks(ask, wantedOfRow(files.index, row), signal)).map((block) => block.bytes)
  const recordBlocks = blocks.slice(0, record.length)
  const evidenceBlocks = blocks.slice(record.length, record.length + evidence.length)
  const robotsBlocks = blocks.slice(record.length + evidence.length)
  const { index } = files
  return {
    row: rowOf(index, row),
    recordBlocks,
    evidenceBlocks,
    robotsBlocks,
    // for who reads the record; who tests it opens it there
    get opened() {
      return openRecord(index, row, recordBlocks)
    },
  }
}

/** Whether these bytes are the row's leaves: size and hash of each, as the index lists them. What a fraud proof is held against first. */
export function areRowBlocks(index: BatchIndex, row: number, blocks: RowBlocks): boolean {
  const { record, evidence, robots } = rowLeaves(index, row)
  const same = (leaves: Leaf[], bytes: Uint8Array[]): boolean =>
    leaves.length === bytes.length &&
    leaves.every(([cid, size], i) => {
      const block = bytes[i] as Uint8Array
      return block.byteLength === size && matchesCid(cid, block)
    })
  return same(record, blocks.recordBlocks) && same(evidence, blocks.evidenceBlocks) && same(robots, blocks.robotsBlocks)
}

/**
 * The record in its leaves: one gzip member of the bytes that the index names and a newline. Pure, and bounded against a bomb: anyone who
 * holds the index and the leaves comes to the same answer.
 */
export function openRecord(index: BatchIndex, row: number, recordBlocks: Uint8Array[]): OpenedRecord {
  const { record: cid, bytes } = rowOf(index, row)
  const failed = (check: 'D1' | 'D2', code: string, message: string): OpenedRecord => ({
    ok: false,
    check,
    code,
    message: `record ${row}: ${message}`,
  })
  const line = gunzipOne(concatBytes(...recordBlocks), MAX_RECORD_BYTES + 1)
  if (line === undefined) return failed('D1', 'RECORD_GZIP', 'its leaves are not one gzip member of at most 1 MiB')
  if (line.at(-1) !== 0x0a) return failed('D1', 'RECORD_NEWLINE', 'it does not end with a newline')
  const record = line.subarray(0, -1)
  if (!matchesCid(cid, record)) return failed('D2', 'RECORD_CID', 'its bytes are not those that the index names')
  if (record.byteLength !== bytes) return failed('D1', 'RECORD_BYTES', `it has ${record.byteLength} bytes, the index says ${bytes}`)
  return { ok: true, record }
}

/** Undefined for anything but one whole gzip member, with nothing behind it, that inflates to at most `most` bytes. */
function gunzipOne(member: Uint8Array, most: number): Uint8Array | undefined {
  try {
    const { bytes, end } = readMember(member, 0, most)
    return end === member.byteLength ? bytes : undefined
  } catch (thrown) {
    if (thrown instanceof WireError) return undefined
    throw thrown
  }
}

function rowOf(index: BatchIndex, row: number): IndexRow {
  const found = index.rows[row]
  if (found === undefined) throw new InvalidInputError('NO_SUCH_ROW', `the batch has ${index.rows.length} records, none has number ${row}`)
  return found
}
