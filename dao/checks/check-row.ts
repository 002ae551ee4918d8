/** The deterministic checks of one record, in the order in which a later one may rely on an earlier (incentives reference 2.4). */
import { areRowBlocks, checkBatchStructure, openRecord } from '../batches/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'
import { checkDate, openEvidence } from './check-evidence.ts'
import { checkPermission } from './check-permission.ts'
import { checkReplay } from './check-replay.ts'
import { failed, type RowToCheck, type RowVerdict } from './types.ts'

/**
 * D1, D2 and D9 of the whole batch, then D1 and D2, D4, D3, D5 of the row, its date (D4) last; the first failure is the verdict.
 * (D6, a duplicate, only costs value and is judged by the fold over all records.)
 * The blocks must be the row's leaves: other bytes say something about who sent them, and nothing about the contributor (code NOT_THE_LEAVES,
 * which no proof is made of). Throws FatalError UNKNOWN_PIPELINE where this version cannot replay what the charter lists.
 */
export function checkRow({ files, row, blocks, facts }: RowToCheck): RowVerdict {
  const { manifest, index, sketches } = files
  const structure = checkBatchStructure(files, facts.salt, facts.contributor)
  if (!structure.ok) return structure
  if (!areRowBlocks(index, row, blocks)) return failed('D2', 'NOT_THE_LEAVES', 'the blocks are not the leaves that the index names')
  const opened = openRecord(index, row, blocks.recordBlocks)
  if (!opened.ok) return opened
  const evidence = openEvidence(concatBytes(...blocks.evidenceBlocks))
  if (!evidence.ok) return evidence
  return (
    checkReplay({ manifest, index, sketches, row, record: opened.record, exchange: evidence.exchange, charter: facts.charter }) ??
    checkPermission(evidence, concatBytes(...blocks.robotsBlocks), facts.charter) ??
    checkDate(evidence.exchange, manifest, facts.dates) ?? { ok: true, recordBytes: opened.record, url: evidence.exchange.url }
  )
}
