/** The deterministic checks of one record, in the order in which a later one may rely on an earlier (incentives reference 2.4). */
import { areRowBlocks, checkBatchStructure, openRecord } from '../batches/index.ts'
import { failed, type RowToCheck, type RowVerdict } from './types.ts'

/**
 * D1, D2 and D9 of the whole batch, then of the row.
 * The blocks must be the row's leaves: other bytes say something about who sent them, and nothing about the contributor (code NOT_THE_LEAVES).
 */
export function checkRow({ files, row, blocks, facts }: RowToCheck): RowVerdict {
  const structure = checkBatchStructure(files, facts.salt, facts.contributor)
  if (!structure.ok) return structure
  if (!areRowBlocks(files.index, row, blocks)) return failed('D2', 'NOT_THE_LEAVES', 'the blocks are not the leaves that the index names')
  const opened = openRecord(files.index, row, blocks.recordBlocks)
  if (!opened.ok) return opened
  return { ok: true, recordBytes: opened.record, url: '' }
}
